#include "auth/principal.hpp"

#include <algorithm>

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
    if (!who.only_org || *who.only_org == m.org_id) who.orgs.push_back({m.org_id, m.role, m.can_view_finance});
  }
  // His own org is the default only while he is nowhere else.
  std::stable_partition(who.orgs.begin(), who.orgs.end(), [&](membership const& m) { return m.org_id != who.user_id; });
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

bool is_in_force(reader const& state, principal const& who, timestamp at) {
  if (who.kind == credential::api_key) {
    auto const k = domain::find<domain::api_key>(state, identity_tenant, who.credential_id);
    return k && k->user_id == who.user_id && (!k->expires_at || *k->expires_at > at);
  }
  auto const s = domain::find<domain::session>(state, identity_tenant, who.credential_id);
  return s && s->open && s->user_id == who.user_id && s->expires_at > at;
}

std::optional<principal> principal_of_session(reader const& state, uuid const& user_id, uuid const& session_id,
                                              timestamp at, std::int64_t max_age_ms) {
  auto const s = domain::find<domain::session>(state, identity_tenant, session_id);
  if (!s || !s->open || s->user_id != user_id) return std::nullopt;
  auto const ends_at = std::min(s->expires_at, timestamp{s->created_at.ms + max_age_ms});
  if (ends_at <= at) return std::nullopt;
  principal who;
  who.user_id = user_id;
  who.kind = credential::session;
  who.credential_id = session_id;
  who.granted = scope::admin;
  who.scopes = {"*"};
  who.expires_at = ends_at;
  load_orgs(state, who);
  return who;
}

std::optional<principal> principal_of_key(reader const& state, std::string_view key_hash, timestamp at) {
  std::string id;
  if (!state.get(key(identity_tenant, table::api_key_by_hash).add(key_hash), id)) return std::nullopt;
  auto const k = domain::find<domain::api_key>(state, identity_tenant, uuid::from_view(id));
  if (!k || (k->expires_at && *k->expires_at <= at)) return std::nullopt;
  principal who;
  who.user_id = k->user_id;
  who.kind = credential::api_key;
  who.credential_id = k->id;
  who.scopes = k->scopes;
  for (auto const& name : k->scopes)
    if (auto const s = scope_named(name)) who.granted = std::max(who.granted, *s);
  who.expires_at = k->expires_at;
  who.only_org = k->org_id;
  who.only_projects = k->project_ids;
  load_orgs(state, who);
  return who;
}

} // namespace alloy::auth
