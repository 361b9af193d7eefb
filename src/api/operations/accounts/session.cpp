#include "api/access/fresh_proof.hpp"
#include "api/access/identity.hpp"
#include "api/access/security_log.hpp"
#include "api/operations/accounts/new_session.hpp"
#include "api/operations/resources.hpp"
#include "api/table/answers.hpp"
#include "auth/ip_prefix.hpp"
#include "auth/known_networks.hpp"
#include "auth/password.hpp"
#include "auth/token_format.hpp"
#include "core/identifier.hpp"
#include "domain/identity.hpp"
#include "domain/orgs.hpp"
#include "domain/quotas.hpp"

#include <utility>

namespace alloy::api {
namespace {

using namespace domain;

struct own_org {
  static constexpr bool answer = true;
  uuid org_id;
  std::string slug, name;
  alloy::role role{};
};
BOOST_DESCRIBE_STRUCT(own_org, (), (org_id, slug, name, role))

struct me_view {
  static constexpr bool answer = true;
  uuid user_id;
  std::optional<uuid> org_id;
  std::string email, display_name;
  std::optional<alloy::role> role;
  std::vector<std::string> scopes;
  std::vector<own_org> orgs;
};
BOOST_DESCRIBE_STRUCT(me_view, (), (user_id, org_id, email, display_name, role, scopes, orgs))

struct confirmed_view {
  static constexpr bool answer = true;
  timestamp confirmed_until;
};
BOOST_DESCRIBE_STRUCT(confirmed_view, (), (confirmed_until))

// ---------------------------------------------------------------------------------------------------- guesses

// A password that somebody says is an account's. Counted as a wrong one until right() is called.
class guess {
 public:
  guess(services const& with, reader const& local, request const& asked, std::string account, std::optional<uuid> user)
      : with_(with), asked_(asked), account_(std::move(account)), user_(user), at_(now()),
        // Looked up for accounts that do not exist as well, so that they take as long.
        from_(networks_of(with).knows(local, user.value_or(uuid{}), asked.peer, at_)
                  ? auth::attempt_limiter::login_origin::known
                  : auth::attempt_limiter::login_origin::unknown) {}

  // Whether it would be refused, before it takes a place in the queue of passwords.
  result<> look() { return told(with_.identity.attempts.look(account_, asked_.peer, at_.ms, from_)); }
  result<> admit() { return told(with_.identity.attempts.admit(account_, asked_.peer, at_.ms, from_)); }
  void right() { with_.identity.attempts.take_back(account_, asked_.peer, at_.ms); }
  void wrong(std::string_view event) {
    with_.identity.metrics.auth_failed("bad_password");
    log_refused(event, source_of(asked_, user_));
  }

 private:
  result<> told(result<> admitted) const {
    if (admitted) return {};
    with_.identity.metrics.auth_failed("locked_out");
    log_refused("locked_out", source_of(asked_, user_));
    return admitted;
  }

  services const& with_;
  request const& asked_;
  std::string account_;
  std::optional<uuid> user_;
  timestamp at_;
  auth::attempt_limiter::login_origin from_;
};

// A request with a password, and what it came with; the preparation runs while all of it is there.
struct with_password {
  request const& asked;
  services const& with;
  auth::principal const* who;
};

guess guess_of(with_password const& in, reader const& local, user const& u) {
  return {in.with, local, in.asked,
          fold_address(in.with.people.open(local, u.id, u.email_sealed).value_or(to_string(u.id))), u.id};
}

// The password of who is logged in already: counted together with that of logins.
result<> may_prove(with_password const& in, reader const& state, reader const& local) {
  if (auto session = require_session(*in.who); !session) return session.error();
  auto const u = find<user>(state, identity_tenant, in.who->user_id);
  if (!u) return error(errc::unauthenticated, "this user is gone");
  return guess_of(in, local, *u).look();
}

result<> prove(std::string const& password, std::string_view pointer, std::string_view event, with_password const& in,
               reader const& state, reader const& local) {
  auto const u = find<user>(state, identity_tenant, in.who->user_id);
  if (!u) return error(errc::unauthenticated, "this user is gone");
  auto one = guess_of(in, local, *u);
  if (auto admitted = one.admit(); !admitted) return admitted.error();
  if (!auth::verify_password(password, u->password_hash)) {
    one.wrong(event);
    return error::of_field(std::string(pointer), "wrong", "it is not your password");
  }
  one.right();
  return {};
}

// ---------------------------------------------------------------------------------------------------- register

struct found_invite {
  uuid org_id;
  domain::invite invite;
};

result<found_invite> find_invite(reader const& state, std::string_view code) {
  std::string where;
  if (!auth::is_invite_code(code) ||
      !state.get(key(identity_tenant, table::invite_by_code).add(auth::secret_digest(code)), where))
    return error(errc::not_found, "there is no such invite");
  uuid const org_id = uuid::from_view(where), id = uuid::from_view(std::string_view(where).substr(16));
  auto i = find<invite>(state, org_id, id);
  if (!i) return error(errc::not_found, "there is no such invite");
  return found_invite{org_id, std::move(*i)};
}

// One of the registrations that its address may have. Given back unless it came to a hash: a full queue took nothing.
class counted_registration {
 public:
  counted_registration(auth::rate_limiter& of, auth::ip_prefix const& from) : of_(&of), from_(from) {}
  counted_registration(counted_registration&& other) noexcept
      : of_(std::exchange(other.of_, nullptr)), from_(other.from_) {}
  counted_registration& operator=(counted_registration&&) = delete;
  ~counted_registration() {
    if (of_ != nullptr) of_->give_back(from_);
  }
  void keep() noexcept { of_ = nullptr; }

 private:
  auth::rate_limiter* of_;
  auth::ip_prefix from_;
};

result<counted_registration> admit_register(register_user const& body, request const& asked, services const& with,
                                            reader const& state, reader const& local, auth::principal const*) {
  auto const mode = with.config.registration;
  if (mode == registration_mode::disabled)
    return error(errc::registration_closed, "this server takes no registrations");
  if (mode == registration_mode::invite_only && !body.invite_code)
    return error(errc::registration_closed, "this server takes registrations by invite only; send invite_code");
  auto const from = auth::network_of(asked.peer);
  auto const used = with.identity.registrations.take(from, auth::steady_ns());
  if (!used.admitted) return auth::too_many(used, "too many registrations from this address");
  if (auto accepted = auth::check_new_password(body.password.value, body.email.value); !accepted)
    return accepted.error();
  // Looked at before the hash is computed, and again at the head of the log.
  if (with.people.find_by_email(local, body.email.value))
    return error(errc::already_exists, "this email is registered");
  if (body.invite_code)
    if (auto found = find_invite(state, *body.invite_code); !found)
      return error::of_field("/invite_code", "not_found", found.error().detail);
  return counted_registration(with.identity.registrations, from);
}

result<std::string> prepare_register(register_user const& body, counted_registration& counted, reader const&,
                                     reader const&) {
  counted.keep();
  return auth::hash_password(body.password.value);
}

result<commands::plan> do_register(write_context& c, register_user const& body, std::string const& hash) {
  auto const& people = c.with.people;
  if (people.find_by_email(c.head.local, body.email.value))
    return error(errc::already_exists, "this email is registered");
  auto made = sign_up(c, body.email, body.display_name, hash);
  if (body.invite_code) {
    auto found = find_invite(c.state(), *body.invite_code);
    if (!found) return error::of_field("/invite_code", "not_found", found.error().detail);
    auto const invited = people.open(c.head.local, found->invite.id, found->invite.email_sealed);
    if (!invited || fold_address(*invited) != fold_address(body.email.value))
      return error::of_field("/email", "not_invited", "the invite is for another email");
    auto accepted = accept(c.state(), found->org_id, found->invite, made.by);
    if (!accepted) return accepted.error();
    for (auto& e : accepted->events) made.events.push_back(std::move(e));
  }
  return session_plan(201, std::move(made.events), made.session, view_of(c, made.session, made.who));
}

// ---------------------------------------------------------------------------------------------------- login

struct checked_login {
  uuid user_id;
  std::string new_hash; // where today's cost is higher than the stored one's
};

result<with_password> admit_login(login const& body, request const& asked, services const& with, reader const&,
                                  reader const& local, auth::principal const*) {
  auto const id = with.people.find_by_email(local, body.email.value);
  if (auto free = guess(with, local, asked, fold_address(body.email.value), id).look(); !free) return free.error();
  return with_password{asked, with, nullptr};
}

result<checked_login> prepare_login(login const& body, with_password const& in, reader const& state,
                                    reader const& local) {
  auto const id = in.with.people.find_by_email(local, body.email.value);
  guess one(in.with, local, in.asked, fold_address(body.email.value), id);
  if (auto admitted = one.admit(); !admitted) return admitted.error();
  auto const u = id ? find<user>(state, identity_tenant, *id) : std::nullopt;
  bool right = false;
  if (u)
    right = auth::verify_password(body.password, u->password_hash);
  else
    auth::verify_nothing(body.password);
  if (!right) {
    one.wrong("login_failed");
    return error(errc::invalid_credentials, "email or password is wrong");
  }
  one.right();
  return checked_login{*id, auth::needs_rehash(u->password_hash) ? auth::hash_password(body.password) : std::string()};
}

result<commands::plan> do_login(write_context& c, login const&, checked_login const& who) {
  auto const u = find<user>(c.state(), identity_tenant, who.user_id);
  if (!u) return error(errc::invalid_credentials, "email or password is wrong");
  facts out;
  if (!who.new_hash.empty())
    record(out, identity_tenant, entity::user, u->id, events::user_password_changed{who.new_hash});
  auto const& config = c.with.config;
  make_room_for_session(c.state(), u->id, config.sessions_per_user_max, config.session_max_age_seconds * 1000, c.at,
                        out);
  auto const s = open_one(c, u->id, out);
  networks_of(c.with).remember(c.head.local, u->id, c.asked.peer, c.at);
  return session_plan(200, std::move(out), s, view_of(c, s, person_of(c.with, c.head.local, *u)));
}

// ---------------------------------------------------------------------------------------------------- refresh, logout

std::optional<session> session_of_refresh(reader const& state, std::string_view token) {
  std::string id;
  if (!auth::is_refresh_token(token) ||
      !state.get(key(identity_tenant, table::session_by_refresh).add(auth::secret_digest(token)), id))
    return std::nullopt;
  return find<session>(state, identity_tenant, uuid::from_view(id));
}

result<commands::plan> do_refresh(write_context& c, refresh const& body) {
  auto const s = session_of_refresh(c.state(), body.refresh_token);
  error const refused(errc::unauthenticated, "the refresh token is not valid; log in again");
  auto const is_too_old = [&] { return s->created_at.ms + c.with.config.session_max_age_seconds * 1000 <= c.at.ms; };
  if (!s || !s->open || s->expires_at <= c.at || is_too_old()) return refused;
  std::string const hash = auth::secret_digest(body.refresh_token);
  if (s->refresh_hash != hash) { // it was used before: somebody has a copy, so nobody keeps the session
    commands::plan p;
    p.actor = events::actor{s->user_id, credential::session, s->id};
    record(p.events, identity_tenant, entity::session, s->id, events::session_revoked{"refresh_reused"});
    p.render = [refused](reader const&) {
      commands::answer a;
      a.refused = refused;
      return a;
    };
    return p;
  }
  auto const u = find<user>(c.state(), identity_tenant, s->user_id);
  if (!u) return refused;
  facts out;
  std::string const token = auth::make_refresh_token();
  record(out, identity_tenant, entity::session, s->id,
         events::session_refreshed{
             hash, auth::secret_digest(token), {c.at.ms + c.with.config.refresh_ttl_seconds * 1000}});
  // A rehearsal shows tokens of no session: those of this one would work.
  bool const is_rehearsed = c.query_value("dry_run") == "true";
  open_session const renewed{u->id, is_rehearsed ? new_uuid() : s->id, token};
  return session_plan(200, std::move(out), renewed, view_of(c, renewed, person_of(c.with, c.head.local, *u)));
}

result<commands::plan> do_logout(write_context& c, logout const& body) {
  domain::decision d;
  std::optional<session> s;
  if (body.refresh_token)
    s = session_of_refresh(c.state(), *body.refresh_token);
  else if (c.who->kind == credential::session)
    s = find<session>(c.state(), identity_tenant, c.who->credential_id);
  else
    return error::of_field("/refresh_token", "required",
                           "an API key has no session of its own; send the refresh_token of the one to end");
  // Somebody else's token, or one that has ended: nothing to do, and nothing to tell.
  if (s && s->open && s->user_id == c.who->user_id)
    record(d.events, identity_tenant, entity::session, s->id, events::session_closed{});
  return done(std::move(d));
}

// ---------------------------------------------------------------------------------------------------- password, me

result<with_password> admit_password(change_password const& body, request const& asked, services const& with,
                                     reader const& state, reader const& local, auth::principal const* who) {
  auto const u = find<user>(state, identity_tenant, who->user_id);
  auto const email = u ? with.people.open(local, u->id, u->email_sealed) : std::nullopt;
  if (auto accepted = auth::check_new_password(body.new_password.value, email.value_or(""), "/new_password"); !accepted)
    return accepted.error();
  with_password const in{asked, with, who};
  if (auto may = may_prove(in, state, local); !may) return may.error();
  return in;
}

result<std::string> prepare_password(change_password const& body, with_password const& in, reader const& state,
                                     reader const& local) {
  auto const proved = prove(body.current_password, "/current_password", "password_change_failed", in, state, local);
  if (!proved) return proved.error();
  return auth::hash_password(body.new_password.value);
}

result<commands::plan> do_password(write_context& c, change_password const&, std::string const& hash) {
  domain::decision d;
  record(d.events, identity_tenant, entity::user, c.who->user_id, events::user_password_changed{hash});
  auto const prefix = key(identity_tenant, table::session_by_user).add(c.who->user_id).str();
  c.state().scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
    auto const id = uuid::from_view(k.substr(prefix.size()));
    if (id != c.who->credential_id)
      record(d.events, identity_tenant, entity::session, id, events::session_revoked{"password_changed"});
    return true;
  });
  return done(std::move(d));
}

struct nothing_more {};

result<with_password> admit_confirm(confirm_session const&, request const& asked, services const& with,
                                    reader const& state, reader const& local, auth::principal const* who) {
  with_password const in{asked, with, who};
  if (auto may = may_prove(in, state, local); !may) return may.error();
  return in;
}

result<nothing_more> prepare_confirm(confirm_session const& body, with_password const& in, reader const& state,
                                     reader const& local) {
  if (auto proved = prove(body.password, "/password", "confirm_failed", in, state, local); !proved)
    return proved.error();
  return nothing_more{};
}

result<commands::plan> do_confirm(write_context& c, confirm_session const&, nothing_more const&) {
  timestamp const until{c.at.ms + c.with.config.confirm_seconds * 1000};
  commands::plan p;
  record(p.events, identity_tenant, entity::session, c.who->credential_id, events::session_confirmed{until});
  p.render = [until](reader const&) {
    commands::answer a;
    a.body = alloy::json::to_string(confirmed_view{until});
    return a;
  };
  return p;
}

result<reply> me(read_context& c) {
  auto const u = find<user>(c.state, identity_tenant, c.who->user_id);
  if (!u) return error(errc::unauthenticated, "this user is gone");
  auto const who = person_of(c.with, c.local, *u);
  me_view v;
  v.user_id = u->id;
  v.email = who.email;
  v.display_name = who.display_name;
  v.scopes = c.who->scopes;
  v.org_id = c.who->default_org();
  if (v.org_id) v.role = c.who->in(*v.org_id)->rank;
  for (auto const& m : c.who->orgs)
    if (auto const o = find<org>(c.state, m.org_id, m.org_id)) v.orgs.push_back({o->id, o->slug, o->name, m.rank});
  return reply_of(v);
}

operation open_to_all(operation op) {
  op.open = true;
  return op;
}

} // namespace

std::vector<operation> session_operations() {
  std::vector<operation> rows{
      open_to_all(called("auth register", hashed<register_user, session_view>(
                                              "register", "/api/v1/auth/register",
                                              "Register a user, who gets a personal organization and a session", 201,
                                              admit_register, prepare_register, do_register))),
      open_to_all(called("auth login",
                         hashed<login, session_view>("login", "/api/v1/auth/login", "Log in with email and password",
                                                     200, admit_login, prepare_login, do_login))),
      open_to_all(called("auth refresh",
                         post<refresh, session_view>(
                             "refresh", "/api/v1/auth/refresh", role::Viewer,
                             "Exchange a refresh token for new tokens; a token that was used before ends its session",
                             do_refresh))),
      called("auth logout",
             post<logout, nothing>("logout", "/api/v1/auth/logout", role::Viewer, "End a session", do_logout, 204)),
      called("auth me", get<me_view>("whoami", "/api/v1/auth/me", role::Viewer,
                                     "Who the credential belongs to, and where he is what", me)),
      called("auth password", hashed<change_password, nothing>("change_password", "/api/v1/auth/password",
                                                               "Change one's password; ends all other sessions", 204,
                                                               admit_password, prepare_password, do_password)),
      called("auth confirm", hashed<confirm_session, confirmed_view>(
                                 "confirm", "/api/v1/auth/confirm",
                                 "Give the password again, for what takes a fresh proof that it is you", 200,
                                 admit_confirm, prepare_confirm, do_confirm)),
  };
  bound_keys_may(rows, auth::bound_key::project, {"whoami"});
  for (auto& row : rows) row.tag = "Session";
  rows[2].secret_answer = true;
  rows[3].needs = scope::read; // ending a session takes nothing from anybody
  rows[5].needs = scope::admin;
  rows[5].notes = "Takes a session; an API key cannot do it. Wrong passwords are counted together with failed logins.";
  rows[6].needs = scope::admin;
  rows[6].notes = "Erasure and creating or deleting API keys take a session in which the password was given within "
                  "`confirm_seconds` (10 minutes): by registering, by logging in, or by this. Refreshing a session "
                  "does not give it again. Wrong passwords are counted together with failed logins.";
  return rows;
}

} // namespace alloy::api
