#include "auth/known_networks.hpp"

#include "tests/support/map_view.hpp"

#include <boost/test/unit_test.hpp>

using namespace alloy;
using namespace alloy::auth;
using tests::map_view;

namespace {

std::string const secret(32, 's');
constexpr std::int64_t day_ms = 86'400'000;

struct fixture {
  map_view local;
  uuid ada = new_uuid(), ben = new_uuid();
  known_networks known{secret, 30};
  timestamp at{1'700'000'000'000};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(networks_of_logins, fixture)

BOOST_AUTO_TEST_CASE(a_network_is_known_to_whom_it_was_used_by_and_to_nobody_else) {
  known.remember(local, ada, "192.0.2.1", at);
  BOOST_TEST(known.knows(local, ada, "192.0.2.200", at));
  BOOST_TEST(known.knows(local, ada, "::ffff:192.0.2.200", at));
  BOOST_TEST(!known.knows(local, ada, "192.0.3.1", at));
  BOOST_TEST(!known.knows(local, ben, "192.0.2.1", at));
  known.remember(local, ada, "2001:db8:1:2::1", at);
  BOOST_TEST(known.knows(local, ada, "2001:db8:1:2:3::4", at));
  BOOST_TEST(!known.knows(local, ada, "2001:db8:1:3::1", at));
}

BOOST_AUTO_TEST_CASE(a_network_is_known_for_as_long_as_the_setting_says) {
  known.remember(local, ada, "192.0.2.1", at);
  BOOST_TEST(known.knows(local, ada, "192.0.2.1", {at.ms + 30 * day_ms - 1}));
  BOOST_TEST(!known.knows(local, ada, "192.0.2.1", {at.ms + 30 * day_ms}));
  known.remember(local, ada, "192.0.2.1", {at.ms + 20 * day_ms});
  BOOST_TEST(known.knows(local, ada, "192.0.2.1", {at.ms + 49 * day_ms}));
}

BOOST_AUTO_TEST_CASE(of_many_networks_the_one_used_longest_ago_is_forgotten) {
  for (int i = 0; i < 20; ++i) known.remember(local, ada, "10.0." + std::to_string(i) + ".1", {at.ms + i});
  for (int i = 0; i < 20; ++i) BOOST_TEST(known.knows(local, ada, "10.0." + std::to_string(i) + ".9", at) == (i >= 4));
}

BOOST_AUTO_TEST_CASE(the_row_tells_no_address_and_goes_with_the_person) {
  known.remember(local, ada, "192.0.2.1", at);
  known_networks const other(std::string(32, 't'), 30);
  BOOST_TEST(!other.knows(local, ada, "192.0.2.1", at));
  known_networks::forget(local, ada);
  BOOST_TEST(!known.knows(local, ada, "192.0.2.1", at));
}

BOOST_AUTO_TEST_SUITE_END()
