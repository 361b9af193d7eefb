#pragma once
// The rules of projects and who works in them. Pure.
#include "core/prefix.hpp"
#include "domain/workflows.hpp"

namespace alloy::domain {

using project_name = identifier<1, 200>;
using project_description = prose<0, 65536>;
using cost_center = identifier<1, 64>;
using cents = bounded<0, 1'000'000'000'000'000>;
using months = bounded<1, 600>;

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
  std::optional<date> authorized_on, funded_on, probable_from, uncertainty_resolved_on, ready_on, abandoned_on;
};
BOOST_DESCRIBE_STRUCT(create_project, (),
                      (id, org_id, key, name, description, workflow_id, capitalization_type, development_phase,
                       cost_center_id, budget_cents, budget_period, amortization_months, authorized_on, funded_on,
                       probable_from, uncertainty_resolved_on, ready_on, abandoned_on))

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
  json::clearable<date> authorized_on, funded_on, probable_from, uncertainty_resolved_on, ready_on, abandoned_on;
  json::changed<status_map> migrate; // where the tickets go whose status the new workflow has not
};
BOOST_DESCRIBE_STRUCT(update_project, (),
                      (name, description, workflow_id, capitalization_type, development_phase, cost_center_id,
                       budget_cents, budget_period, amortization_months, authorized_on, funded_on, probable_from,
                       uncertainty_resolved_on, ready_on, abandoned_on, migrate))

struct add_project_member {
  uuid user_id;
};
BOOST_DESCRIBE_STRUCT(add_project_member, (), (user_id))

inline key project_by_key(uuid const& org, std::string_view name) {
  return key(org, table::project_by_key).add(fold_name(name));
}
inline key project_member_key(uuid const& org, uuid const& project_id, uuid const& user) {
  return key(org, table::project_member).add(project_id).add(user);
}

inline result<decision> decide(reader const& state, org const& o, create_project const& c, context const& by) {
  if (auto free = check_id<project>(state, o.id, entity::project, c.id); !free) return free.error();
  if (is_taken(state, project_by_key(o.id, c.key.value)))
    return error(errc::already_exists, "the key " + c.key.value + " is taken in this organization");
  uuid const workflow_id = c.workflow_id ? *c.workflow_id : o.default_workflow_id.value_or(uuid{});
  if (!state.has(key_of<workflow>(o.id, workflow_id)))
    return error::of_field("/workflow_id", "not_found", "there is no such workflow in this organization");
  events::project_created e;
  take(e, c); // what is of one type in both
  e.key = c.key.value;
  e.name = c.name.value;
  e.description = plain_as<std::optional<std::string>>(c.description);
  e.workflow_id = workflow_id;
  e.cost_center_id = plain_as<std::optional<std::string>>(c.cost_center_id);
  e.budget_cents = plain_as<std::optional<std::int64_t>>(c.budget_cents);
  e.amortization_months = plain_as<std::optional<std::int64_t>>(c.amortization_months);
  decision d;
  record(d.events, o.id, entity::project, c.id ? *c.id : by.new_id(), std::move(e));
  return d;
}

// `tickets_in` finds the project's tickets by status.
inline result<decision> decide(reader const& state, project const& p, update_project const& c,
                               tickets_by_status const& tickets_in) {
  auto const old = find<workflow>(state, p.org_id, p.workflow_id);
  auto const next = find<workflow>(state, p.org_id, c.workflow_id.value.value_or(p.workflow_id));
  if (!next) return error::of_field("/workflow_id", "not_found", "there is no such workflow in this organization");
  decision d;
  if (auto changes = difference<events::project_changes>(p, c); any(changes))
    record(d.events, p.org_id, entity::project, p.id, events::project_updated{std::move(changes)});
  if (auto moved = leave_statuses(p.org_id, old->statuses, next->statuses, c.migrate.value, tickets_in, d.events);
      !moved)
    return moved.error();
  return d;
}

// `sprints` are the project's, `tickets` and time `entries` how many it has.
inline result<decision> remove(reader const& state, project const& p, std::vector<uuid> const& sprints,
                               std::uint64_t tickets, std::uint64_t entries) {
  if (tickets) return in_use(tickets, "tickets are in it");
  if (entries) return in_use(entries, "time entries are booked on it");
  decision d;
  for (auto const& id : sprints)
    record(d.events, p.org_id, entity::sprint, id,
           events::sprint_deleted{p.id, find<sprint>(state, p.org_id, id)->name});
  for (auto const& user : ids_under(state, key(p.org_id, table::project_member).add(p.id)))
    record(d.events, p.org_id, entity::project, p.id, events::project_member_removed{user});
  record(d.events, p.org_id, entity::project, p.id, events::project_deleted{p.key, p.name});
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

} // namespace alloy::domain
