#pragma once
// An organization's public events from a position on, those that a filter lets through. One thread at a time.
#include "api/access/project_reach.hpp"
#include "events/feed.hpp"

#include <functional>

namespace alloy::api {

struct event_filter {
  std::vector<std::string> types = {}; // *, ticket.*, ticket.created; none: all
  std::optional<uuid> project = {}, subject = {}, actor = {}, key = {};
  std::optional<timestamp> since = {}, until = {};
  std::vector<uuid> only_projects = {}; // of a key that is bound to them

  // False only where none of a record's events is of a wanted type; a look at its bytes, much cheaper than to read it.
  bool may_want(std::string_view record) const;
  bool wants(events::record_head const& head) const;
  bool wants(reader const& state, events::log const& log, uuid const& org, events::public_event const& e) const;
};

class event_reader {
 public:
  // Events behind `after` and up to `until`; both are positions of the log.
  event_reader(events::log const& log, reader const& state, uuid const& org, event_filter filter,
               events::position after, events::position until = ~events::position{0});

  enum class then : std::uint8_t {
    go_on,
    stop,     // enough for now
    put_back, // this one is for the next time
  };
  using visitor = std::function<then(events::record_head const&, events::public_event const&)>;
  // Looks at no more than so many records and, but for the one that goes over it, bytes of them; a filter may let
  // nothing of them through. False at the end of what there is.
  struct bounds {
    std::size_t records, bytes;
  };
  bool read(bounds most, visitor const& visit);
  // Goes on up to a later position.
  void extend(events::position until) noexcept { until_ = until; }
  // Everything up to it has been looked at.
  events::position after() const noexcept { return after_; }

 private:
  events::log const& log_;
  reader const& state_;
  uuid org_;
  event_filter filter_;
  project_reach reach_;
  events::position after_, until_;
  events::tenant_feed feed_;
  std::vector<events::stored_record> batch_;
  std::size_t batch_max_; // records that are read at once: fewer where they are large
  std::size_t next_ = 0;
};

} // namespace alloy::api
