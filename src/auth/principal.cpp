#include "auth/principal.hpp"

#include <algorithm>
#include <tuple>

namespace alloy::auth {
namespace {

void load_orgs(reader const& state, principal& who) {
  auto const prefix = key(identity_tenant, table::membership_by_user).add(who.user_id);
  std::vector<std::string> rows; // read after the scan: one parse at a time
  state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view, std::string_view v) {
    rows.emplace_back(v);
    return true;
  });
  for (auto const& row : rows) {
    auto const m = json::stored<domain::member>(row);
    if (!who.only_org || *who.only_org == m.org_id)
      who.orgs.push_back({m.org_id, m.role, m.can_view_finance, m.created_at});
  }
  // Whoever founds an organization chooses its id, so that must not decide which one is meant.
  std::sort(who.orgs.begin(), who.orgs.end(), [&](membership const& a, membership const& b) {
    bool const own_a = a.org_id == who.user_id, own_b = b.org_id == who.user_id;
    return std::tie(own_a, a.since, a.org_id) < std::tie(own_b, b.since, b.org_id);
  });
  if (who.only_projects.empty()) return;
  std::erase_if(who.orgs, [&](membership const& m) {
    return std::none_of(who.only_projects.begin(), who.only_projects.end(),
                        [&](uuid const& p) { return state.has(domain::key_of<domain::project>(m.org_id, p)); });
  });
}

principal session_principal(reader const& state, domain::session const& s) {
  principal who;
  who.user_id = s.user_id;
  who.kind = credential::session;
  who.credential_id = s.id;
  who.granted = scope::admin;
  who.scopes = {"*"};
  who.expires_at = s.expires_at;
  load_orgs(state, who);
  return who;
}

principal key_principal(reader const& state, domain::api_key const& k) {
  principal who;
  who.user_id = k.user_id;
  who.kind = credential::api_key;
  who.credential_id = k.id;
  who.scopes = k.scopes;
  for (auto const& name : k.scopes)
    if (auto const s = scope_named(name)) who.granted = std::max(who.granted, *s);
  who.expires_at = k.expires_at;
  who.only_org = k.org_id;
  who.only_projects = k.project_ids;
  load_orgs(state, who);
  return who;
}

bool is_open(std::optional<domain::session> const& s, uuid const& user, timestamp at) {
  return s && s->open && s->user_id == user && s->expires_at > at;
}
bool is_valid(std::optional<domain::api_key> const& k, uuid const& user, timestamp at) {
  return k && k->user_id == user && (!k->expires_at || *k->expires_at > at);
}

} // namespace

membership const* principal::in(uuid const& org) const noexcept {
  auto const at = std::find_if(orgs.begin(), orgs.end(), [&](auto const& m) { return m.org_id == org; });
  return at == orgs.end() ? nullptr : &*at;
}

std::optional<uuid> principal::default_org() const noexcept {
  if (orgs.empty()) return std::nullopt;
  return orgs.front().org_id;
}

bool principal::may_touch_project(uuid const& project) const noexcept {
  return only_projects.empty() || std::find(only_projects.begin(), only_projects.end(), project) != only_projects.end();
}

std::optional<scope> scope_named(std::string_view name) noexcept {
  if (name == "*") return scope::admin;
  return json::enum_of<scope>(name);
}

bound_key principal::bound_to() const noexcept {
  return !only_projects.empty() ? bound_key::project : only_org ? bound_key::org : bound_key::none;
}

std::optional<principal> principal_of_session(reader const& state, uuid const& user_id, uuid const& session_id,
                                              timestamp at, std::int64_t max_age_ms) {
  auto const s = domain::find<domain::session>(state, identity_tenant, session_id);
  if (!is_open(s, user_id, at)) return std::nullopt;
  auto const ends_at = std::min(s->expires_at, timestamp{s->created_at.ms + max_age_ms});
  if (ends_at <= at) return std::nullopt;
  auto who = session_principal(state, *s);
  who.expires_at = ends_at;
  return who;
}

std::optional<principal> principal_of_key(reader const& state, std::string_view key_hash, timestamp at) {
  std::string id;
  if (!state.get(key(identity_tenant, table::api_key_by_hash).add(key_hash), id)) return std::nullopt;
  auto const k = domain::find<domain::api_key>(state, identity_tenant, uuid::from_view(id));
  if (!k || !is_valid(k, k->user_id, at)) return std::nullopt;
  return key_principal(state, *k);
}

std::optional<principal> renewed(reader const& state, principal const& who, timestamp at, std::int64_t max_age_ms) {
  if (who.kind == credential::session)
    return principal_of_session(state, who.user_id, who.credential_id, at, max_age_ms);
  auto const k = domain::find<domain::api_key>(state, identity_tenant, who.credential_id);
  if (!is_valid(k, who.user_id, at)) return std::nullopt;
  return key_principal(state, *k);
}

bool is_in_force(reader const& state, principal const& who, timestamp at) {
  return who.kind == credential::session
             ? is_open(domain::find<domain::session>(state, identity_tenant, who.credential_id), who.user_id, at)
             : is_valid(domain::find<domain::api_key>(state, identity_tenant, who.credential_id), who.user_id, at);
}

} // namespace alloy::auth
