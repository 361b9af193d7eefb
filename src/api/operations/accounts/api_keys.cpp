#include "api/access/access.hpp"
#include "api/access/fresh_proof.hpp"
#include "api/access/identity.hpp"
#include "api/operations/resources.hpp"
#include "api/table/answers.hpp"
#include "auth/token_format.hpp"
#include "domain/diff.hpp"
#include "domain/identity.hpp"
#include "domain/quotas.hpp"

#include <algorithm>

namespace alloy::api {
namespace {

using namespace domain;

struct api_key_view {
  static constexpr bool answer = true;
  uuid id;
  std::string name;
  json::changed<std::string> key; // shown once, when it is made
  std::string key_prefix;
  std::vector<std::string> scopes;
  std::optional<uuid> org_id;
  std::vector<uuid> project_ids;
  timestamp created_at;
  std::optional<timestamp> last_used_at, expires_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(api_key_view, (),
                      (id, name, key, key_prefix, scopes, org_id, project_ids, created_at, last_used_at, expires_at,
                       version))

api_key_view view_of(api_key const& k) {
  api_key_view v;
  domain::take(v, k);
  return v;
}

// The organization whose projects a key is bound to. Another one may have, or get, a project of the same id, so the key
// is bound to this one as well.
std::optional<uuid> org_of_projects(write_context const& c, create_api_key const& body, std::vector<fault>& faults) {
  std::optional<uuid> org = body.org_id;
  for (std::size_t i = 0; body.project_ids && i < body.project_ids->size(); ++i) {
    std::vector<uuid> there;
    for (auto const& m : c.who->orgs)
      if ((!body.org_id || *body.org_id == m.org_id) &&
          c.state().has(key_of<project>(m.org_id, (*body.project_ids)[i])))
        there.push_back(m.org_id);
    auto const refuse = [&](std::string code, std::string words) {
      faults.push_back({"/project_ids/" + std::to_string(i), std::move(code), std::move(words)});
    };
    if (there.empty())
      refuse("not_found", "there is no such project in reach");
    else if (there.size() > 1)
      refuse("ambiguous", "several of your organizations have it; say in which one: org_id");
    else if (org && *org != there.front())
      refuse("other_organization", "a key is bound to projects of one organization");
    else
      org = there.front();
  }
  return org;
}

// A key never does more than its maker may.
void check_reach(write_context const& c, create_api_key const& body, scope wanted, std::vector<fault>& faults) {
  if (body.org_id && !c.who->in(*body.org_id))
    faults.push_back({"/org_id", "not_found", "you are no member of such an organization"});
  if (wanted == scope::admin) {
    auto const admin_in = [](auth::membership const& m) { return m.rank >= role::Admin; };
    bool const reaches = body.org_id ? c.who->in(*body.org_id) && admin_in(*c.who->in(*body.org_id))
                                     : std::any_of(c.who->orgs.begin(), c.who->orgs.end(), admin_in);
    if (!reaches) faults.push_back({"/scopes", "above_your_own", "the scope admin needs the role Admin"});
  }
  if (body.expires_at && *body.expires_at <= c.at)
    faults.push_back({"/expires_at", "in_the_past", "it must be in the future"});
}

result<commands::plan> create_one(write_context& c, create_api_key const& body) {
  events::api_key_created e;
  scope wanted{};
  for (auto const& s : body.scopes) {
    wanted = std::max(wanted, auth::scope_named(s.value).value_or(scope::read));
    e.scopes.push_back(s.value);
  }
  std::vector<fault> faults;
  check_reach(c, body, wanted, faults);
  auto const org = org_of_projects(c, body, faults);
  if (!faults.empty()) return error(std::move(faults));
  std::string const secret = auth::make_api_key();
  e.user_id = c.who->user_id;
  e.name = body.name.value;
  e.key_prefix = auth::key_prefix(secret);
  e.key_hash = auth::secret_digest(secret);
  e.org_id = org;
  if (body.project_ids) e.project_ids = *body.project_ids;
  e.expires_at = body.expires_at;
  commands::plan p;
  auto const most = c.with.config.api_keys_per_user_max;
  if (auto room = room_for_api_key(c.state(), c.who->user_id, most, c.at, p.events); !room) return room.error();
  uuid const id = new_uuid();
  record(p.events, identity_tenant, entity::api_key, id, std::move(e));
  p.render = [id, secret](reader const& state) {
    auto v = view_of(*find<api_key>(state, identity_tenant, id));
    v.key.value = secret;
    commands::answer a;
    a.status = 201;
    a.body = alloy::json::to_string(v);
    a.version = v.version;
    a.location = "/api/v1/api-keys/" + to_string(id);
    return a;
  };
  return p;
}

result<reply> list(read_context& c) {
  auto const prefix = key(identity_tenant, table::api_key_by_user).add(c.who->user_id).str();
  std::vector<uuid> ids;
  c.state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
    ids.push_back(uuid::from_view(k.substr(prefix.size())));
    return true;
  });
  std::vector<api_key_view> keys;
  for (auto const& id : ids) {
    if (c.who->bound_to() != auth::bound_key::none && id != c.who->credential_id)
      continue; // what else there is concerns
                // the person
    auto const k = find<api_key>(c.state, identity_tenant, id);
    if (!k) continue;
    auto& v = keys.emplace_back(view_of(*k));
    v.last_used_at = c.with.identity.last_used(c.local, id);
  }
  return json_reply(alloy::json::to_string(keys));
}

result<commands::plan> remove(write_context& c) {
  auto const id = parse_uuid(c.params.front());
  auto const k = id ? find<api_key>(c.state(), identity_tenant, *id) : std::nullopt;
  if (!k || k->user_id != c.who->user_id)
    return error(errc::not_found, "there is no such thing, or it is not yours to see");
  bool const is_itself = c.who->kind == credential::api_key && c.who->credential_id == *id;
  if (!is_itself && c.who->bound_to() != auth::bound_key::none)
    return error(errc::key_not_allowed, "a key that is bound may delete no other");
  if (!is_itself)
    if (auto proved = require_fresh_proof(c.state(), *c.who, c.with.config.confirm_seconds, c.at); !proved)
      return proved.error();
  domain::decision d;
  record(d.events, identity_tenant, entity::api_key, *id, events::api_key_deleted{});
  return done(std::move(d));
}

} // namespace

std::vector<operation> api_key_operations() {
  std::vector<operation> rows{
      called("auth api-key create",
             create<create_api_key, api_key_view>("create_api_key", "/api/v1/api-keys", role::Viewer,
                                                  "Create an API key of one's own; the key is shown once", create_one)),
      called("auth api-key list", get<std::vector<api_key_view>>("list_api_keys", "/api/v1/api-keys", role::Viewer,
                                                                 "List one's API keys, as a bare array", list)),
      called("auth api-key delete", del("delete_api_key", "/api/v1/api-keys/{api_key_id}", role::Viewer,
                                        "Delete one of one's API keys; it ends at once", remove)),
  };
  rows[0].secret_answer = rows[0].personal = true;
  rows[0].notes = "Takes a session in which the password was given lately, else 403 `fresh_proof_required`: see "
                  "`confirm`.";
  rows[2].notes = "Takes a session in which the password was given lately, else 403 `fresh_proof_required`: see "
                  "`confirm`. A key may delete itself.";
  bound_keys_may(rows, auth::bound_key::project, {"list_api_keys", "delete_api_key"}); // of themselves
  for (auto& row : rows) {
    row.tag = "API keys";
    row.needs = row.writes() ? scope::admin : scope::read;
  }
  rows[2].needs = scope::read; // whoever holds a key may end it; its handler guards all others
  return rows;
}

} // namespace alloy::api
