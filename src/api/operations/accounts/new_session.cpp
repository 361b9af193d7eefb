#include "api/operations/accounts/new_session.hpp"

#include "api/access/identity.hpp"
#include "auth/token_format.hpp"
#include "domain/orgs.hpp"

namespace alloy::api {

using namespace domain;

person_text person_of(services const& with, reader const& local, user const& u) {
  return {with.people.open(local, u.id, u.email_sealed).value_or(""),
          with.people.open(local, u.id, u.display_name_sealed).value_or(std::string(auth::former_user))};
}

auth::known_networks networks_of(services const& with) {
  return {with.sealing_key, with.config.login_known_network_days};
}

open_session open_one(write_context const& c, uuid const& user_id, facts& out) {
  open_session s{user_id, new_uuid(), auth::make_refresh_token()};
  record(out, identity_tenant, entity::session, s.id,
         events::session_opened{
             user_id, auth::secret_digest(s.refresh_token), {c.at.ms + c.with.config.refresh_ttl_seconds * 1000}});
  return s;
}

session_view view_of(write_context const& c, open_session const& s, person_text const& who) {
  auth::claims claims;
  claims.user_id = to_string(s.user_id);
  claims.session_id = to_string(s.id);
  claims.token_id = to_string(new_uuid());
  claims.issued_s = claims.not_before_s = c.at.ms / 1000;
  claims.expires_s = claims.issued_s + c.with.config.jwt_ttl_seconds;
  return {s.user_id,
          who.email,
          who.display_name,
          c.with.identity.tokens.issue(claims),
          s.refresh_token,
          "Bearer",
          c.with.config.jwt_ttl_seconds};
}

newcomer sign_up(write_context const& c, email const& address, display_name const& name,
                 std::string const& password_hash) {
  auto const& people = c.with.people;
  auto& local = c.head.local;
  uuid const id = new_uuid();
  newcomer made{{c.at, id, role::Owner, new_uuid}, {address.value, name.value}, {}, {}};
  record(made.events, identity_tenant, entity::user, id,
         events::user_registered{people.seal(local, id, address.value), people.seal(local, id, name.value),
                                 password_hash});
  people.remember_email(local, address.value, id);
  made.session = open_one(c, id, made.events);
  networks_of(c.with).remember(local, id, c.asked.peer, c.at);
  // Everybody has an organization of his own, with his own id: no name of his in it, for names are sealed.
  for (auto& e : founding(id, {"Personal", "u-" + to_string(id), "UTC", "USD"}, made.by))
    made.events.push_back(std::move(e));
  return made;
}

} // namespace alloy::api
