#pragma once
// The rules of projects and their sprints. Pure.
#include "domain/context.hpp"
#include "domain/diff.hpp"
#include "domain/entities.hpp"

namespace alloy::domain {

using project_name = text<1, 200>;
using project_description = prose<0, 65536>;
using cost_center = text<1, 64>;
using cents = bounded<0, 1'000'000'000'000'000>;
using months = bounded<1, 600>;
using sprint_name = text<1, 200>;
using sprint_goal = prose<0, 10000>;

struct create_project {
  std::optional<uuid> id;
  uuid org_id;
  project_key key;
  project_name name;
  std::optional<project_description> description;
  std::optional<uuid> workflow_id;
  std::optional<capitalization> capitalization_type;
  std::optional<phase> development_phase;
  std::optional<cost_center> cost_center_id;
  std::optional<cents> budget_cents;
  std::optional<budget_span> budget_period;
  std::optional<months> amortization_months;
};
BOOST_DESCRIBE_STRUCT(create_project, (),
                      (id, org_id, key, name, description, workflow_id, capitalization_type, development_phase,
                       cost_center_id, budget_cents, budget_period, amortization_months))

struct update_project {
  json::changed<project_name> name;
  json::clearable<project_description> description;
  json::changed<uuid> workflow_id;
  json::clearable<capitalization> capitalization_type;
  json::clearable<phase> development_phase;
  json::clearable<cost_center> cost_center_id;
  json::clearable<cents> budget_cents;
  json::clearable<budget_span> budget_period;
  json::clearable<months> amortization_months;
};
BOOST_DESCRIBE_STRUCT(update_project, (),
                      (name, description, workflow_id, capitalization_type, development_phase, cost_center_id,
                       budget_cents, budget_period, amortization_months))

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

struct add_project_member {
  uuid user_id;
};
BOOST_DESCRIBE_STRUCT(add_project_member, (), (user_id))

inline key project_member_key(uuid const& org, uuid const& project_id, uuid const& user) {
  return key(org, table::project_member).add(project_id).add(user);
}

inline result<decision> decide(reader const& state, org const& o, create_project const& c, context const& by) {
  if (c.id && state.has(key_of<project>(o.id, *c.id))) return error(errc::already_exists, "this id is taken");
  if (state.has(key(o.id, table::project_by_key).add(c.key.value)))
    return error(errc::already_exists, "the key " + c.key.value + " is taken in this organization");
  uuid const workflow_id = c.workflow_id ? *c.workflow_id : o.default_workflow_id.value_or(uuid{});
  if (!state.has(key_of<workflow>(o.id, workflow_id)))
    return error::of_field("/workflow_id", "not_found", "there is no such workflow in this organization");
  events::project_created e;
  e.key = c.key.value;
  e.name = c.name.value;
  e.description = plain_as<std::optional<std::string>>(c.description);
  e.workflow_id = workflow_id;
  e.capitalization_type = c.capitalization_type;
  e.development_phase = c.development_phase;
  e.cost_center_id = plain_as<std::optional<std::string>>(c.cost_center_id);
  e.budget_cents = plain_as<std::optional<std::int64_t>>(c.budget_cents);
  e.budget_period = c.budget_period;
  e.amortization_months = plain_as<std::optional<std::int64_t>>(c.amortization_months);
  decision d;
  record(d.events, o.id, entity::project, c.id ? *c.id : by.new_id(), std::move(e));
  return d;
}

// `status_in_use(status)` counts the project's tickets: every status that they have must exist in a new workflow, and
// mean the same there.
template <class StatusInUse>
result<decision> decide(reader const& state, project const& p, update_project const& c, StatusInUse status_in_use) {
  if (c.workflow_id && *c.workflow_id.value != p.workflow_id) {
    auto const next = find<workflow>(state, p.org_id, *c.workflow_id.value);
    if (!next) return error::of_field("/workflow_id", "not_found", "there is no such workflow in this organization");
    auto const old = find<workflow>(state, p.org_id, p.workflow_id);
    for (auto const& s : old->statuses) {
      auto const* const same = next->find(s.name);
      if (same && same->category == s.category) continue;
      if (std::uint64_t const count = status_in_use(s.name))
        return error(errc::in_use,
                     std::to_string(count) + " tickets have the status " + s.name + ", which the workflow " +
                         next->name + " has not in the same category",
                     "\"count\":" + std::to_string(count));
    }
  }
  decision d;
  if (auto changes = difference<events::project_changes>(p, c); any(changes))
    record(d.events, p.org_id, entity::project, p.id, events::project_updated{std::move(changes)});
  return d;
}

inline result<decision> decide(reader const& state, project const& p, add_project_member const& c) {
  if (!state.has(key_of<member>(p.org_id, c.user_id)))
    return error::of_field("/user_id", "not_a_member", "there is no such member in this organization");
  decision d;
  if (!state.has(project_member_key(p.org_id, p.id, c.user_id)))
    record(d.events, p.org_id, entity::project, p.id, events::project_member_added{c.user_id});
  return d;
}

inline result<decision> remove_project_member(reader const& state, project const& p, uuid const& user) {
  if (!state.has(project_member_key(p.org_id, p.id, user)))
    return error(errc::not_found, "this user is no member of the project");
  decision d;
  record(d.events, p.org_id, entity::project, p.id, events::project_member_removed{user});
  return d;
}

inline error wrong_order() {
  return error::of_field("/end_date", "before_start", "end_date must not be before start_date");
}

inline result<decision> decide(reader const& state, project const& p, create_sprint const& c, context const& by) {
  if (c.id && state.has(key_of<sprint>(p.org_id, *c.id))) return error(errc::already_exists, "this id is taken");
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

} // namespace alloy::domain
