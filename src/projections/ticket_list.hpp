#pragma once
// Lists of tickets, over one project or everything a caller can reach, in one order. The planner joins what indexes
// know of the filter (ticket_filter.hpp). In the order of creation and of priority the join itself comes in order. For
// the other orders a small join is gathered and sorted, and a large one is met by walking the index of the order.
#include "projections/page.hpp"
#include "projections/ticket_walk.hpp"

namespace alloy::projections {

struct ticket_query {
  std::vector<ticket_scope> scopes; // each tenant once
  ticket_order order = ticket_order::created_at;
  direction way = direction::ascending;
  walk begun = {};                     // of a first page: now
  walk_memory const* memory = nullptr; // null: each page is of its own moment
};

// The plain cursor is the last item's place in the order and its tenant; before them, in an order that moves, where the
// walk began. REQUIRES: in such an order, where there is a memory, rows that do not change meanwhile
page list_tickets(reader const& state, ticket_query const& q, page_request const& ask);

} // namespace alloy::projections
