#include "api/operations/events/event_reader.hpp"

#include "webhooks/matcher.hpp"

#include <algorithm>

namespace alloy::api {
namespace {

constexpr std::size_t records_per_batch_min = 4, records_per_batch_max = 32, bytes_per_batch = 256 << 10;

// Whether a record's JSON may have an event of a type: a type's name has no character that must be escaped, so it
// stands there as it is, but for one that somebody else has escaped.
bool may_have(std::string_view record, std::string_view pattern) {
  if (pattern == "*") return true;
  bool const is_kind = pattern.ends_with(".*");
  std::string const name =
      '"' + std::string(pattern.substr(0, pattern.size() - (is_kind ? 1 : 0))) + (is_kind ? "" : "\"");
  return record.find(name) != record.npos;
}

} // namespace

bool event_filter::may_want(std::string_view record) const {
  if (types.empty() || record.find("\\u") != record.npos) return true;
  return std::ranges::any_of(types, [&](auto const& pattern) { return may_have(record, pattern); });
}

bool event_filter::wants(events::record_head const& head) const {
  return (!actor || head.actor.user_id == *actor) && (!key || head.actor.key_id == *key) &&
         (!since || head.at >= *since) && (!until || head.at < *until);
}

bool event_filter::wants(reader const& state, events::log const& log, uuid const& org,
                         events::public_event const& e) const {
  if (!types.empty() && !webhooks::matches(types, e.type)) return false;
  if (subject && e.subject.id != *subject) return false;
  return !project || project_now(state, log, org, e) == project;
}

event_reader::event_reader(events::log const& log, reader const& state, uuid const& org, event_filter filter,
                           events::position after, events::position until)
    : log_(log), state_(state), org_(org), filter_(std::move(filter)), reach_(state, log, org, filter_.only_projects),
      after_(after), until_(until), feed_(log, state, org, after), batch_max_(records_per_batch_min) {}

bool event_reader::read(bounds most, visitor const& visit) {
  for (std::size_t n = 0, bytes = 0; n < most.records && bytes < most.bytes; ++n) {
    if (next_ == batch_.size()) {
      batch_ = feed_.next(batch_max_);
      next_ = 0;
      if (batch_.empty()) return false;
      std::size_t batch_bytes = 0;
      for (auto const& one : batch_) batch_bytes += one.bytes.size();
      batch_max_ = batch_bytes > bytes_per_batch ? std::max(records_per_batch_min, batch_max_ / 4)
                                                 : std::min(records_per_batch_max, batch_max_ * 2);
    }
    auto const& r = batch_[next_];
    if (r.first > until_) return false;
    if (filter_.may_want(r.bytes)) {
      auto outside = events::read_public(r.first, r.bytes);
      if (filter_.wants(outside.head))
        for (auto& e : outside.events) {
          if (e.position <= after_ || !filter_.wants(state_, log_, org_, e) || !reach_.admit(e)) continue;
          auto const what = visit(outside.head, e);
          if (what == then::put_back) return true;
          after_ = e.position;
          if (what == then::stop) return true;
        }
    }
    bytes += r.bytes.size();
    after_ = std::max<events::position>(after_, r.first + r.count - 1);
    ++next_;
  }
  return true;
}

} // namespace alloy::api
