#pragma once
// Lists of tickets, over one project or everything a caller can reach, in one order. The planner joins what indexes
// know of the filter (ticket_filter.hpp). In the order of creation and of priority the join itself comes in order. For
// the other orders a small join is gathered and sorted, and a large one is met by walking the index of the order.
#include "projections/page.hpp"
#include "projections/ticket_filter.hpp"

namespace alloy::projections {

// relevance: the best matches of the scopes' text first; ascending only.
enum class ticket_order : std::uint8_t { created_at, updated_at, priority, number, relevance };
BOOST_DESCRIBE_ENUM(ticket_order, created_at, updated_at, priority, number, relevance)

struct ticket_query {
  std::vector<ticket_scope> scopes; // each tenant once
  ticket_order order = ticket_order::created_at;
  direction way = direction::ascending;
};

// The plain cursor is the last item's place in the order, and its tenant.
page list_tickets(reader const& state, ticket_query const& q, page_request const& ask);

// A ticket's place in an order: comparing the bytes compares the places.
std::string place_in(ticket_order order, domain::ticket const& t);

} // namespace alloy::projections
