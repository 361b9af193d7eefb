#pragma once
// A tenant's records in the order of the log: what the event feed, exports and webhooks read. One thread at a time per
// object; `state` and `log` outlive it.
#include "events/log.hpp"

namespace alloy::events {

class tenant_feed {
 public:
  // From the record that holds the first event behind `after`, or from the record `seq` (from 1).
  tenant_feed(events::log const& of, reader const& state, uuid const& tenant, position after);
  static tenant_feed from_record(events::log const& of, reader const& state, uuid const& tenant, std::uint64_t seq);

  // The next records, none at the end. The first one may begin at or before `after`. Throws corruption_error.
  std::vector<stored_record> next(std::size_t records_max);
  std::uint64_t next_seq() const noexcept { return seq_; }

 private:
  tenant_feed(events::log const& of, reader const& state, uuid const& tenant)
      : log_(of), state_(state), tenant_(tenant) {}

  events::log const& log_;
  reader const& state_;
  uuid tenant_;
  std::uint64_t seq_ = 1;
};

} // namespace alloy::events
