#include "api/event_reader.hpp"

#include "projections/history.hpp"
#include "webhooks/matcher.hpp"

#include <algorithm>

namespace alloy::api {
namespace {

constexpr std::size_t records_per_batch = 128;

struct placed {
  static constexpr bool defaults_allowed = true;
  std::optional<uuid> project_id = {}, ticket_id = {};
};
BOOST_DESCRIBE_STRUCT(placed, (), (project_id, ticket_id))

std::optional<placed> place_in(std::string_view json) {
  auto read = json::read<placed>(json, json::unknown_fields::ignore);
  if (!read || (!read->project_id && !read->ticket_id)) return std::nullopt;
  return *read;
}

// The project that a thing is in or, once it is deleted, was in.
std::optional<uuid> project_of(reader const& state, events::log const& log, uuid const& org,
                               events::subject const& subject, std::string_view data) {
  if (subject.kind == entity::project) return subject.id;
  auto where = place_in(data);
  std::string row;
  if (auto const rows = projections::past::rows_of(subject.kind);
      !where && rows && state.get(key(org, *rows).add(subject.id), row))
    where = place_in(domain::row::json_of(row));
  if (!where) { // of one that is deleted, its first and last event say it
    for (auto const& e : projections::read_history(state, log, org, subject.kind, subject.id, 0, log.head(), 1))
      where = place_in(events::encode_data(e.what));
  }
  if (!where || where->project_id) return where ? where->project_id : std::nullopt;
  return project_of(state, log, org, {entity::ticket, *where->ticket_id}, "{}");
}

} // namespace

bool event_filter::wants(events::record_head const& head) const {
  return (!actor || head.actor.user_id == *actor) && (!key || head.actor.key_id == *key) &&
         (!since || head.at >= *since) && (!until || head.at < *until);
}

bool event_filter::wants(reader const& state, events::log const& log, uuid const& org,
                         events::outside_event const& e) const {
  if (!types.empty() && !webhooks::matches(types, e.type)) return false;
  if (subject && e.subject.id != *subject) return false;
  if (!project && only_projects.empty()) return true;
  auto const in = project_of(state, log, org, e.subject, e.data);
  if (project && in != project) return false;
  return only_projects.empty() || (in && std::ranges::find(only_projects, *in) != only_projects.end());
}

event_reader::event_reader(events::log const& log, reader const& state, uuid const& org, event_filter filter,
                           events::position after, events::position until)
    : log_(log), state_(state), org_(org), filter_(std::move(filter)), after_(after), until_(until),
      feed_(log, state, org, after) {}

bool event_reader::read(std::size_t records_max, visitor const& visit) {
  for (std::size_t n = 0; n < records_max; ++n) {
    if (next_ == batch_.size()) {
      batch_ = feed_.next(records_per_batch);
      next_ = 0;
      if (batch_.empty()) return false;
    }
    auto const& r = batch_[next_];
    if (r.first > until_) return false;
    auto const outside = events::read_outside(r.first, r.bytes);
    if (filter_.wants(outside.head))
      for (auto const& e : outside.events) {
        if (e.position <= after_ || !filter_.wants(state_, log_, org_, e)) continue;
        after_ = e.position;
        if (!visit(outside.head, e)) return true;
      }
    after_ = std::max<events::position>(after_, outside.last);
    ++next_;
  }
  return true;
}

} // namespace alloy::api
