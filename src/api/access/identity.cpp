#include "api/access/identity.hpp"

#include "auth/token_format.hpp"
#include "core/base64.hpp"
#include "core/local_rows.hpp"

#include <algorithm>

namespace alloy::api {
namespace {

constexpr std::int64_t remembered_key_s = 60; // a key's expiry is looked at anew at least this often

std::string last_use_key(uuid const& id) {
  return local_key(local_row::key_last_use).add(id).str();
}

bool names_scheme(std::string_view authorization, std::string_view scheme) {
  if (authorization.size() <= scheme.size() || authorization[scheme.size()] != ' ') return false;
  return std::equal(scheme.begin(), scheme.end(), authorization.begin(),
                    [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); });
}

// The users whose credentials or memberships a record changed.
std::vector<uuid> touched_users(events::record const& r) {
  std::vector<uuid> users;
  for (auto const& e : r.events)
    std::visit(
        [&](auto const& what) {
          using E = std::remove_cvref_t<decltype(what)>;
          if constexpr (std::is_same_v<E, events::member_added> || std::is_same_v<E, events::member_role_changed> ||
                        std::is_same_v<E, events::member_removed>)
            users.push_back(what.user_id);
        },
        e.what);
  return users;
}

bool ends_credential(events::event const& e) {
  return std::holds_alternative<events::session_closed>(e) || std::holds_alternative<events::session_revoked>(e) ||
         std::holds_alternative<events::api_key_deleted>(e);
}

} // namespace

result<identity_service::known_ptr> identity_service::authenticate(std::string_view authorization, reader const& state,
                                                                   timestamp at) {
  auto const refuse = [&](std::string_view reason, errc code, std::string detail) {
    metrics.auth_failed(reason);
    return error(code, std::move(detail));
  };
  if (authorization.empty())
    return refuse("missing", errc::unauthenticated, "send Authorization: Bearer with an access token or an API key");
  if (!names_scheme(authorization, "bearer"))
    return refuse("bad_scheme", errc::unauthenticated, "the Authorization header must be Bearer and one token");
  auto const token = authorization.substr(authorization.find_first_not_of(' ', 6));
  std::int64_t const now_s = at.ms / 1000;
  auto const digest = crypto::sha256(token);
  auto found = known.find(digest, now_s);
  if (found && (!found->expires_at || *found->expires_at > at)) {
    if (found->kind == credential::api_key) {
      std::scoped_lock lock(last_use_guard);
      last_use[found->credential_id] = at;
    }
    return found;
  }
  std::uint64_t const epoch = known.epoch();
  std::optional<auth::principal> who;
  std::int64_t until_s = now_s + remembered_key_s;
  if (auth::looks_like_api_key(token)) {
    if (!auth::is_api_key(token)) return refuse("bad_key", errc::unauthenticated, "this is not a whole API key");
    who = auth::principal_of_key(state, encode_hex(crypto::view_of(digest)), at);
    if (!who) return refuse("unknown_key", errc::unauthenticated, "this API key is unknown, deleted or expired");
    std::scoped_lock lock(last_use_guard);
    last_use[who->credential_id] = at;
  } else {
    auto const claims = tokens.verify(token, now_s);
    if (!claims)
      return claims.error().code == errc::token_expired
                 ? refuse("token_expired", errc::token_expired, "the access token has expired; refresh it")
                 : refuse("bad_token", errc::unauthenticated, "the access token is not valid");
    auto const user = parse_uuid(claims->user_id), session = parse_uuid(claims->session_id);
    if (user && session) who = auth::principal_of_session(state, *user, *session, at, session_max_age_ms);
    if (!who) return refuse("session_ended", errc::unauthenticated, "the session has ended; log in again");
    until_s = claims->expires_s;
  }
  auto made = std::make_shared<auth::principal const>(std::move(*who));
  known.put(digest, to_string(made->credential_id), until_s, made, epoch);
  return made;
}

std::optional<timestamp> identity_service::last_used(reader const& local, uuid const& key_id) {
  {
    std::scoped_lock lock(last_use_guard);
    if (auto const found = last_use.find(key_id); found != last_use.end()) return found->second;
  }
  std::string row;
  if (!local.get(last_use_key(key_id), row)) return std::nullopt;
  return timestamp{static_cast<std::int64_t>(big_endian_u64(row))};
}

void identity_service::save_last_use(view& local) {
  std::scoped_lock lock(last_use_guard);
  std::int64_t const since = last_saved_ms;
  for (auto const& [id, at] : last_use) {
    last_saved_ms = std::max(last_saved_ms, at.ms);
    if (at.ms < since) continue;
    std::string row;
    append_u64(row, static_cast<std::uint64_t>(at.ms));
    local.put(last_use_key(id), row);
  }
  for (auto const& id : std::exchange(deleted_keys, {})) local.erase(last_use_key(id));
}

void identity_service::forget(std::span<events::record const> records) {
  for (auto const& r : records) {
    auto const users = touched_users(r);
    if (!users.empty())
      known.forget_values(
          [&](auth::principal const& p) { return std::find(users.begin(), users.end(), p.user_id) != users.end(); });
    if (r.head.tenant != identity_tenant) continue;
    for (auto const& e : r.events) {
      if (ends_credential(e.what)) known.forget_session(to_string(e.subject.id));
      if (!std::holds_alternative<events::api_key_deleted>(e.what)) continue;
      std::scoped_lock lock(last_use_guard);
      last_use.erase(e.subject.id);
      deleted_keys.push_back(e.subject.id);
    }
  }
}

} // namespace alloy::api
