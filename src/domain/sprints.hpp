#pragma once
// The rules of sprints. Pure.
#include "core/identifier.hpp"
#include "domain/context.hpp"
#include "domain/diff.hpp"
#include "domain/entities.hpp"
#include "domain/history.hpp"

namespace alloy::domain {

using sprint_name = identifier<1, 200>;
using sprint_goal = prose<0, 10000>;

struct create_sprint {
  std::optional<uuid> id;
  sprint_name name;
  std::optional<sprint_goal> goal;
  date start_date, end_date;
};
BOOST_DESCRIBE_STRUCT(create_sprint, (), (id, name, goal, start_date, end_date))

struct update_sprint {
  json::changed<sprint_name> name;
  json::clearable<sprint_goal> goal;
  json::changed<date> start_date, end_date;
};
BOOST_DESCRIBE_STRUCT(update_sprint, (), (name, goal, start_date, end_date))

struct sprint_or_backlog_rule {
  static constexpr std::string_view pattern = "^(backlog|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$",
                                    words = "it must be a sprint's id or backlog";
  static constexpr std::size_t min = 7, max = 36;
  static bool ok(std::string_view t) noexcept { return t == "backlog" || parse_uuid(t).has_value(); }
};

struct complete_sprint {
  std::optional<formed<sprint_or_backlog_rule>> move_unfinished_to;
};
BOOST_DESCRIBE_STRUCT(complete_sprint, (), (move_unfinished_to))

inline error wrong_order() {
  return error::of_field("/end_date", "before_start", "end_date must not be before start_date");
}

inline result<decision> decide(reader const& state, project const& p, create_sprint const& c, context const& by) {
  if (auto free = check_id<sprint>(state, p.org_id, entity::sprint, c.id); !free) return free.error();
  if (c.end_date < c.start_date) return wrong_order();
  decision d;
  record(d.events, p.org_id, entity::sprint, c.id ? *c.id : by.new_id(),
         events::sprint_created{p.id, c.name.value, plain_as<std::optional<std::string>>(c.goal), c.start_date,
                                c.end_date});
  return d;
}

inline result<decision> decide(uuid const& org, sprint const& s, update_sprint const& c) {
  if (s.status == sprint_status::Completed) return error(errc::wrong_state, "a completed sprint does not change");
  if (c.end_date.value.value_or(s.end_date) < c.start_date.value.value_or(s.start_date)) return wrong_order();
  decision d;
  if (auto changes = difference<events::sprint_changes>(s, c); any(changes))
    record(d.events, org, entity::sprint, s.id, events::sprint_updated{std::move(changes)});
  return d;
}

inline result<decision> start(uuid const& org, sprint const& s) {
  if (s.status != sprint_status::Planned)
    return error(errc::sprint_not_planned,
                 "the sprint is " + std::string(json::name_of(s.status)) + "; only a Planned one can be started");
  decision d;
  record(d.events, org, entity::sprint, s.id, events::sprint_started{});
  return d;
}

// `inside` are the tickets in it. Those that are not done go on elsewhere.
inline result<decision> decide(reader const& state, uuid const& org, sprint const& s, complete_sprint const& c,
                               std::vector<uuid> const& inside) {
  if (s.status != sprint_status::Active)
    return error(errc::wrong_state,
                 "the sprint is " + std::string(json::name_of(s.status)) + "; only an Active one can be completed");
  auto const next_id = c.move_unfinished_to ? parse_uuid(c.move_unfinished_to->value) : std::nullopt;
  if (next_id) {
    auto const next = find<sprint>(state, org, *next_id);
    if (!next || next->project_id != s.project_id)
      return error::of_field("/move_unfinished_to", "not_found", "there is no such sprint in this project");
    if (next->id == s.id || next->status == sprint_status::Completed)
      return error::of_field("/move_unfinished_to", "sprint_completed", "a completed sprint takes no tickets");
  }
  decision d;
  record(d.events, org, entity::sprint, s.id, events::sprint_completed{next_id});
  for (auto const& id : inside)
    if (find<ticket>(state, org, id)->category != category::done)
      record(d.events, org, entity::ticket, id, events::ticket_sprint_changed{{s.id, next_id}});
  return d;
}

// One that is only planned is deleted by whomever the row of the operation lets.
inline role least_to_remove(sprint const& s) noexcept {
  return s.status == sprint_status::Planned ? role::Viewer : role::Admin;
}

// `tickets` is how many are in it.
inline result<decision> remove(uuid const& org, sprint const& s, std::uint64_t tickets, context const& by) {
  if (by.role < least_to_remove(s))
    return error(errc::role_too_low, "a sprint that was started is deleted by an Admin");
  if (tickets) return in_use(tickets, "tickets are in it");
  decision d;
  record(d.events, org, entity::sprint, s.id, events::sprint_deleted{s.project_id, s.name});
  return d;
}

} // namespace alloy::domain
