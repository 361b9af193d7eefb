#pragma once
// What a credential that is bound to projects may see of what has happened: what happened in its projects. A ticket
// moves, so each event is judged by where the ticket was at that time, not by where it is; and of the command that
// brought a ticket in from out of reach, only what it came to is shown. Any thread.
#include "events/codec.hpp"
#include "events/log.hpp"
#include "projections/ticket_homes.hpp"

namespace alloy::api {

class project_reach {
 public:
  // `projects`: those it is bound to; none: it is not bound, and sees everything.
  project_reach(reader const& state, events::log const& log, uuid const& org, std::vector<uuid> projects)
      : state_(state), log_(log), org_(org), projects_(std::move(projects)) {}

  enum class sight { nothing, what_it_came_to, everything };
  sight of_ticket(uuid const& ticket, std::uint64_t position) const;
  // Takes out of the event what may not be seen; false: nothing of it may.
  bool admit(events::public_event& e) const;

 private:
  bool has(std::optional<uuid> const& project) const;

  reader const& state_;
  events::log const& log_;
  uuid org_;
  std::vector<uuid> projects_;
};

// The project that the thing of an event is in or, once it is deleted, was in; nothing: it is in none.
std::optional<uuid> project_now(reader const& state, events::log const& log, uuid const& org,
                                events::public_event const& e);

} // namespace alloy::api
