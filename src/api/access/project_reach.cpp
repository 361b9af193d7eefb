#include "api/access/project_reach.hpp"

#include "projections/history.hpp"

#include <algorithm>

namespace alloy::api {
namespace {

// What names the project of a thing: the project itself, or the ticket that the thing is on.
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

// By the event's facts, by the thing as it is or, once it is deleted, by its first event.
std::optional<placed> place_of(reader const& state, events::log const& log, uuid const& org,
                               events::subject const& subject, std::string_view data) {
  if (subject.kind == entity::project) return placed{subject.id, {}};
  // Hours stay with the project that they were worked in, wherever their ticket went.
  if (auto where = place_in(data); where && (where->project_id || subject.kind != entity::time_entry)) return where;
  std::string row;
  if (auto const rows = projections::past::rows_of(subject.kind);
      rows && state.get(key(org, *rows).add(subject.id), row))
    if (auto where = place_in(domain::row::json_of(row))) return where;
  for (auto const& e : projections::read_history(state, log, org, subject.kind, subject.id, 0, log.head(), 1))
    return place_in(events::encode_data(e.what));
  return std::nullopt;
}

// Of every change in the facts of an event, what stood there before.
std::string without_before(std::string_view data) {
  using members = std::map<std::string, json::raw>;
  auto all = json::stored<members>(data);
  auto const hide = [](json::raw& one) {
    auto change = json::read<events::change<json::raw>>(one.text);
    if (!change) return false;
    change->from = {};
    one.text = json::to_string(*change);
    return true;
  };
  for (auto& [name, value] : all) {
    if (hide(value) || name != "changes") continue;
    auto each = json::stored<members>(value.text);
    for (auto& [field, change] : each) hide(change);
    value.text = json::to_string(each);
  }
  return json::to_string(all);
}

} // namespace

bool project_reach::has(std::optional<uuid> const& project) const {
  return project && std::ranges::find(projects_, *project) != projects_.end();
}

project_reach::sight project_reach::of_ticket(uuid const& ticket, std::uint64_t position) const {
  if (projects_.empty()) return sight::everything;
  auto const [then, before] = projections::homes_at(state_, org_, ticket, position);
  if (!then || !has(then->project)) return sight::nothing;
  bool const came_in = before && !has(before->project);
  return came_in && position <= then->moved_until ? sight::what_it_came_to : sight::everything;
}

bool project_reach::admit(events::public_event& e) const {
  if (projects_.empty()) return true;
  auto ticket = e.subject.kind == entity::ticket ? std::optional(e.subject.id) : std::nullopt;
  if (!ticket) {
    auto const where = place_of(state_, log_, org_, e.subject, e.data);
    if (!where) return false;
    if (where->project_id) return has(where->project_id);
    ticket = where->ticket_id;
  }
  auto const sees = of_ticket(*ticket, e.position);
  if (sees == sight::what_it_came_to) e.data = without_before(e.data);
  return sees != sight::nothing;
}

std::optional<uuid> project_now(reader const& state, events::log const& log, uuid const& org,
                                events::public_event const& e) {
  auto where = place_of(state, log, org, e.subject, e.data);
  if (where && !where->project_id) where = place_of(state, log, org, {entity::ticket, *where->ticket_id}, "{}");
  return where ? where->project_id : std::nullopt;
}

} // namespace alloy::api
