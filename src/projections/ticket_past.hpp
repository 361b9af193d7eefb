#pragma once
// Lists as they stood at a moment: what belongs to the owner now and what once did, each as it was then. The cost grows
// with all that ever belonged to it, and with what has changed since; such lists are for the worker pool.
#include "projections/history.hpp"
#include "projections/ticket_list.hpp"

#include <map>

namespace alloy::projections {

page list_tickets_then(reader const& state, past const& then, ticket_query const& q, page_request const& ask);

// The same for each status, folded once: how many there are, and the first page of them.
struct status_then {
  std::uint64_t count = 0;
  page first;
};
std::map<std::string, status_then> list_statuses_then(reader const& state, past const& then, ticket_query const& q,
                                                      page_request const& ask);

// Entities of one kind that belonged to the owner, by id. `now` are the ids of those that do today.
page list_then(past const& then, uuid const& tenant, uuid const& owner, entity kind, std::vector<uuid> now,
               page_request const& ask, std::function<bool(std::string_view json)> const& keep = {});

} // namespace alloy::projections
