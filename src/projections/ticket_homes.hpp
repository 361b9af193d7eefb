#pragma once
// In which project a ticket was when. Rows: ticket, position -> project, last position of the record; the project is
// where the ticket was from that position on, and what the same record says of it behind that came with the move.
#include "core/view.hpp"
#include "events/codec.hpp"

namespace alloy::projections {

void index_home(view& state, events::stored_event const& e, std::uint64_t last_of_record);

struct ticket_home {
  uuid project;
  std::uint64_t moved_until = 0; // what stands up to here was said by the command that brought it there
};
struct ticket_homes {
  std::optional<ticket_home> then, before; // none: it was not made by then; it was made where it was
};
// Reads two rows.
ticket_homes homes_at(reader const& state, uuid const& tenant, uuid const& ticket, std::uint64_t position);
// The first position behind this one at which it came into a project; 0: there is none.
std::uint64_t next_home_after(reader const& state, uuid const& tenant, uuid const& ticket, std::uint64_t position);

} // namespace alloy::projections
