#pragma once
// What any log checks of a record before it takes it. Pure.
#include "events/log.hpp"
#include "events/record.hpp"

namespace alloy::events {

// Too large, no events, or bytes that are no whole frame of as many events as it says: refused, nothing is written.
inline bool admissible(new_record const& r, log_settings const& s) noexcept {
  record_frame frame;
  return r.count > 0 && r.bytes.size() <= s.record_max_bytes && parse_record(r.bytes, frame) && frame.count == r.count;
}

} // namespace alloy::events
