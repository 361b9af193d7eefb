#pragma once
// The rules of teams, and who is in them. Pure.
#include "core/prefix.hpp"
#include "domain/context.hpp"
#include "domain/diff.hpp"
#include "domain/entities.hpp"
#include "domain/history.hpp"
#include "domain/names.hpp"

namespace alloy::domain {

using team_name = identifier<1, 100>;

struct create_team {
  std::optional<uuid> id;
  team_name name;
};
BOOST_DESCRIBE_STRUCT(create_team, (), (id, name))

struct update_team {
  json::changed<team_name> name;
};
BOOST_DESCRIBE_STRUCT(update_team, (), (name))

struct add_team_member {
  uuid user_id;
};
BOOST_DESCRIBE_STRUCT(add_team_member, (), (user_id))

inline key team_name_key(uuid const& org, std::string_view name) {
  return key(org, table::team_by_name).add(fold_name(name));
}
inline key team_member_key(uuid const& org, uuid const& team_id, uuid const& user) {
  return key(org, table::team_member).add(team_id).add(user);
}
// His teams in the order in which he joined them: added_ms u64, team -> nothing
inline key teams_of_member(uuid const& org, uuid const& user) {
  return key(org, table::team_by_member).add(user);
}

inline result<decision> decide(reader const& state, org const& o, create_team const& c, context const& by) {
  if (auto free = check_id<team>(state, o.id, entity::team, c.id); !free) return free.error();
  if (is_taken(state, team_name_key(o.id, c.name.value)))
    return error(errc::already_exists, "the name " + c.name.value + " is taken by another team");
  decision d;
  record(d.events, o.id, entity::team, c.id ? *c.id : by.new_id(), events::team_created{c.name.value});
  return d;
}

inline result<decision> decide(reader const& state, team const& t, update_team c) {
  auto const row = team_name_key(t.org_id, c.name ? c.name.value->value : t.name);
  if (auto settled = settle_name(state, t, row, "team", c.name); !settled) return settled.error();
  decision d;
  if (auto changes = difference<events::team_changes>(t, c); any(changes))
    record(d.events, t.org_id, entity::team, t.id, events::team_updated{std::move(changes)});
  return d;
}

inline result<decision> decide(reader const& state, team const& t, add_team_member const& c) {
  if (!state.has(key_of<member>(t.org_id, c.user_id)))
    return error::of_field("/user_id", "not_a_member", "there is no such member in this organization");
  decision d;
  if (!state.has(team_member_key(t.org_id, t.id, c.user_id)))
    record(d.events, t.org_id, entity::team, t.id, events::team_member_added{c.user_id});
  return d;
}

inline result<decision> remove_team_member(reader const& state, team const& t, uuid const& user) {
  if (!state.has(team_member_key(t.org_id, t.id, user)))
    return error(errc::not_found, "this user is no member of the team");
  decision d;
  record(d.events, t.org_id, entity::team, t.id, events::team_member_removed{user});
  return d;
}

// Its members leave it first.
inline result<decision> remove(reader const& state, team const& t) {
  decision d;
  for (auto const& user : ids_under(state, key(t.org_id, table::team_member).add(t.id)))
    record(d.events, t.org_id, entity::team, t.id, events::team_member_removed{user});
  record(d.events, t.org_id, entity::team, t.id, events::team_deleted{t.name});
  return d;
}

} // namespace alloy::domain
