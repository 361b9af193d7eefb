#pragma once
// A session as it is opened and answered: by registering, onboarding, logging in and refreshing. On the sequencer's
// thread.
#include "api/table/call.hpp"
#include "auth/known_networks.hpp"
#include "domain/identity.hpp"

namespace alloy::api {

struct session_view {
  static constexpr bool answer = true;
  uuid user_id;
  std::string email, display_name, access_token, refresh_token, token_type = "Bearer";
  std::int64_t expires_in = 0;
};
BOOST_DESCRIBE_STRUCT(session_view, (),
                      (user_id, email, display_name, access_token, refresh_token, token_type, expires_in))

struct person_text {
  std::string email, display_name;
};
person_text person_of(services const& with, reader const& local, domain::user const& u);

auth::known_networks networks_of(services const& with);

struct open_session {
  uuid user_id, id;
  std::string refresh_token;
};
open_session open_one(write_context const& c, uuid const& user_id, domain::facts& out);

// With an access token for it.
session_view view_of(write_context const& c, open_session const& s, person_text const& who);

// The session's owner is the command's actor: nobody was logged in before.
template <class View>
commands::plan session_plan(unsigned status, domain::facts events, open_session const& s, View const& view) {
  commands::plan p;
  p.events = std::move(events);
  p.actor = events::actor{s.user_id, credential::session, s.id};
  p.render = [status, user = s.user_id, body = json::to_string(view)](reader const&) {
    commands::answer a;
    a.status = status;
    a.people = {user};
    a.body = body;
    return a;
  };
  return p;
}

// A new user with his personal organization and his first session.
struct newcomer {
  domain::context by;
  person_text who;
  open_session session;
  domain::facts events;
};
newcomer sign_up(write_context const& c, email const& address, domain::display_name const& name,
                 std::string const& password_hash);

} // namespace alloy::api
