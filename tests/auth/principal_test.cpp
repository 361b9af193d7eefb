#include "auth/principal.hpp"
#include "tests/support/map_view.hpp"

#include <boost/test/unit_test.hpp>

using namespace alloy;

namespace {

uuid id_of(unsigned char n) {
  uuid id;
  id.bytes[15] = n;
  return id;
}

struct credentials {
  tests::map_view state;
  timestamp const at{1'000};
  uuid const user = id_of(1);

  auth::principal session(std::function<void(domain::session&)> const& change = {}) {
    domain::session s;
    s.id = id_of(2);
    s.user_id = user;
    s.expires_at = {at.ms + 1};
    if (change) change(s);
    domain::put(state, identity_tenant, s);
    auth::principal who;
    who.user_id = user;
    who.kind = credential::session;
    who.credential_id = s.id;
    return who;
  }
  auth::principal key(std::function<void(domain::api_key&)> const& change = {}) {
    domain::api_key k;
    k.id = id_of(3);
    k.user_id = user;
    if (change) change(k);
    domain::put(state, identity_tenant, k);
    auth::principal who;
    who.user_id = user;
    who.kind = credential::api_key;
    who.credential_id = k.id;
    return who;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(principals, credentials)

BOOST_AUTO_TEST_CASE(a_session_is_in_force_while_it_is_open_and_has_time) {
  BOOST_TEST(auth::is_in_force(state, session(), at));
  BOOST_TEST(!auth::is_in_force(state, session(), {at.ms + 1}));
  BOOST_TEST(!auth::is_in_force(state, session([](auto& s) { s.open = false; }), at));
  BOOST_TEST(!auth::is_in_force(state, session([](auto& s) { s.user_id = id_of(9); }), at));
  state.erase(domain::key_of<domain::session>(identity_tenant, id_of(2)));
  auth::principal gone;
  gone.user_id = user;
  gone.kind = credential::session;
  gone.credential_id = id_of(2);
  BOOST_TEST(!auth::is_in_force(state, gone, at));
}

BOOST_AUTO_TEST_CASE(a_key_is_in_force_until_it_is_deleted_or_expires) {
  auto const who = key();
  BOOST_TEST(auth::is_in_force(state, who, at));
  BOOST_TEST(auth::is_in_force(state, key([&](auto& k) { k.expires_at = timestamp{at.ms + 1}; }), at));
  BOOST_TEST(!auth::is_in_force(state, key([&](auto& k) { k.expires_at = at; }), at));
  state.erase(domain::key_of<domain::api_key>(identity_tenant, id_of(3)));
  BOOST_TEST(!auth::is_in_force(state, who, at));
}

BOOST_AUTO_TEST_SUITE_END()
