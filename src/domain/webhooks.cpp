#include "domain/webhooks.hpp"

#include "core/web_url.hpp"
#include "domain/history.hpp"
#include "domain/orgs.hpp"

#include <algorithm>
#include <set>

namespace alloy::domain {
namespace {

std::vector<std::string> types_of(list<event_type, 1, 100> const& in) {
  std::vector<std::string> out;
  for (auto const& t : in)
    if (std::find(out.begin(), out.end(), t.value) == out.end()) out.push_back(t.value);
  return out;
}

} // namespace

bool webhook_url_rule::ok(std::string_view t) noexcept {
  if (t.size() < min || t.size() > max) return false;
  auto const url = parse_web_url(t);
  return url.has_value();
}

std::vector<std::string> const& event_type_rule::choices() {
  static std::vector<std::string> const all = [] {
    std::set<std::string> kinds, types;
    for (std::string_view const type : events::public_types()) {
      kinds.insert(std::string(type.substr(0, type.find('.'))) + ".*");
      types.emplace(type);
    }
    std::vector<std::string> made{"*"};
    made.insert(made.end(), kinds.begin(), kinds.end());
    made.insert(made.end(), types.begin(), types.end());
    return made;
  }();
  return all;
}

bool event_type_rule::ok(std::string_view t) noexcept {
  return std::ranges::find(choices(), t) != choices().end();
}

result<decision> decide(reader const& state, org const& o, create_webhook const& c, uuid const& id,
                        std::string secret_sealed) {
  if (auto free = check_id<webhook>(state, o.id, entity::webhook, std::optional(id)); !free) return free.error();
  if (is_taken_on_the_server(state, id)) return error(errc::already_exists, "this id is taken");
  decision d;
  record(d.events, o.id, entity::webhook, id,
         events::webhook_created{c.url.value, std::move(secret_sealed), types_of(c.event_types),
                                 c.ordered.value_or(false),
                                 c.from ? std::optional(static_cast<std::uint64_t>(c.from->value)) : std::nullopt});
  return d;
}

result<decision> decide(webhook const& w, update_webhook const& c) {
  events::webhook_changes changes;
  if (c.url && c.url.value->value != w.url) changes.url.value = {w.url, c.url.value->value};
  if (c.event_types)
    if (auto types = types_of(*c.event_types.value); types != w.event_types)
      changes.event_types.value = {w.event_types, std::move(types)};
  if (c.active && *c.active.value != w.active) changes.active.value = {w.active, *c.active.value};
  if (c.ordered && *c.ordered.value != w.ordered) changes.ordered.value = {w.ordered, *c.ordered.value};
  decision d;
  if (any(changes)) record(d.events, w.org_id, entity::webhook, w.id, events::webhook_updated{std::move(changes)});
  return d;
}

result<decision> remove(webhook const& w) {
  decision d;
  record(d.events, w.org_id, entity::webhook, w.id, events::webhook_deleted{});
  return d;
}

void log_place::read_json(json::node const& n, json::reading& at) {
  if (n.what == json::kind::integer)
    text = std::to_string(n.integer);
  else if (n.what == json::kind::string)
    text = n.text;
  else
    json::fail_type(at, n, "a position or a timestamp");
}

result<decision> rotate(webhook const& w, rotate_secret const& c, std::string secret_sealed, timestamp at) {
  constexpr std::int64_t day_s = 86'400;
  auto const overlap = c.overlap_seconds ? c.overlap_seconds->value : day_s;
  decision d;
  record(d.events, w.org_id, entity::webhook, w.id,
         events::webhook_secret_rotated{std::move(secret_sealed), {at.ms + overlap * 1000}});
  return d;
}

result<decision> disable(webhook const& w, std::string_view reason) {
  decision d;
  if (w.active) record(d.events, w.org_id, entity::webhook, w.id, events::webhook_disabled{std::string(reason)});
  return d;
}

result<decision> ping(webhook const& w, uuid const& delivery) {
  decision d;
  record(d.events, w.org_id, entity::webhook, w.id, events::webhook_pinged{delivery});
  return d;
}

result<decision> redeliver(webhook const& w, uuid const& delivery) {
  decision d;
  record(d.events, w.org_id, entity::webhook, w.id, events::webhook_redelivered{delivery});
  return d;
}

result<decision> replay(webhook const& w, std::uint64_t from, std::uint64_t to, replay_webhook const& c) {
  if (to < from) return error::of_field("/to", "before_from", "to must not be before from");
  decision d;
  record(d.events, w.org_id, entity::webhook, w.id,
         events::webhook_replayed{from, to, c.event_types ? types_of(*c.event_types) : std::vector<std::string>()});
  return d;
}

} // namespace alloy::domain
