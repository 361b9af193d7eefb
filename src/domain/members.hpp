#pragma once
// The rules of an organization's members. Pure.
#include "core/prefix.hpp"
#include "domain/context.hpp"
#include "domain/diff.hpp"
#include "domain/entities.hpp"
#include "domain/teams.hpp"

namespace alloy::domain {

struct update_member {
  json::changed<alloy::role> role;
  json::changed<bool> can_view_finance;
};
BOOST_DESCRIBE_STRUCT(update_member, (), (role, can_view_finance))

// Whether the organization has somebody beside this user with this role or a higher one. Who can never log in, as they
// were erased, are known from an import alone or not at all, is nobody to wait for.
inline bool has_another(reader const& state, uuid const& org, uuid const& beside, role least) {
  for (auto const& id : ids_under(state, key(org, table::member))) {
    if (id == beside || find<member>(state, org, id)->role < least) continue;
    auto const u = find<user>(state, identity_tenant, id);
    if (u && !u->password_hash.empty()) return true;
  }
  return false;
}

inline bool has_other_owner(reader const& state, member const& m) {
  return has_another(state, m.org_id, m.id, role::Owner);
}

namespace detail {

// Whether the organization can do without this Owner. Looks at all members, but only when an Owner is about to go.
inline result<> check_owner_goes(reader const& state, member const& m) {
  if (m.id == m.org_id) return error(errc::wrong_state, "this is his personal organization, and he stays its Owner");
  if (has_other_owner(state, m)) return {};
  return error(errc::last_owner, "he is the last Owner; make another member one first");
}

// The projects he is assigned to, by a look at all assignments of the organization.
inline std::vector<uuid> projects_of(reader const& state, member const& m) {
  std::vector<uuid> projects;
  auto const prefix = key(m.org_id, table::project_member);
  state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
    if (k.ends_with(m.id.view())) projects.push_back(uuid::from_view(k.substr(prefix.str().size())));
    return true;
  });
  return projects;
}

} // namespace detail

inline result<decision> decide(reader const& state, member const& m, update_member const& c) {
  auto changes = difference<events::member_changes>(m, c);
  if (m.role == role::Owner && changes.role)
    if (auto checked = detail::check_owner_goes(state, m); !checked) return checked.error();
  decision d;
  if (any(changes))
    record(d.events, m.org_id, entity::member, m.id, events::member_role_changed{m.id, std::move(changes)});
  return d;
}

// He leaves the organization's teams and projects, too.
inline result<decision> remove(reader const& state, member const& m, context const& by) {
  if (m.role > by.role) return error(errc::role_too_low, "nobody removes a member whose role is above his own");
  if (m.role == role::Owner)
    if (auto checked = detail::check_owner_goes(state, m); !checked) return checked.error();
  decision d;
  for (auto const& team : ids_under(state, teams_of_member(m.org_id, m.id)))
    record(d.events, m.org_id, entity::team, team, events::team_member_removed{m.id});
  for (auto const& project : detail::projects_of(state, m))
    record(d.events, m.org_id, entity::project, project, events::project_member_removed{m.id});
  record(d.events, m.org_id, entity::member, m.id, events::member_removed{m.id, m.role});
  return d;
}

} // namespace alloy::domain
