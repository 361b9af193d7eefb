#pragma once
// In which project a ticket was when. A ticket's history is read once and remembered, so one object serves one walk
// through events. One thread at a time; `state` and `log` outlive it.
#include "core/view.hpp"
#include "events/log.hpp"

#include <map>
#include <vector>

namespace alloy::projections {

class ticket_homes {
 public:
  ticket_homes(reader const& state, events::log const& log, uuid const& tenant)
      : state_(state), log_(log), tenant_(tenant) {}

  struct stay {
    uuid project;
    std::uint64_t since = 0;   // the position from which on the ticket was there
    std::uint64_t settled = 0; // of the last event about it of the command that brought it there
  };
  // The stay during which the position was written and, in front of it, all before. Empty: it was not made by then.
  std::vector<stay> up_to(uuid const& ticket, std::uint64_t position);

 private:
  struct remembered {
    std::vector<stay> stays;
    std::uint64_t known_to = 0; // the position of the last event that was read
    bool is_arriving = false;   // that was one of the command that brought it where it is
  };
  void read_on(remembered& r, uuid const& ticket);

  reader const& state_;
  events::log const& log_;
  uuid tenant_;
  std::map<uuid, remembered> known_;
};

} // namespace alloy::projections
