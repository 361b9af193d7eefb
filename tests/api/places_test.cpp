#include "api/pipeline/places.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <thread>
#include <vector>

namespace alloy::api {
namespace {

uuid some_id(std::uint8_t n) {
  uuid id;
  id.bytes[0] = n;
  return id;
}

uuid const ada = some_id(1), ben = some_id(2), cid = some_id(3), acme = some_id(11), globex = some_id(12);

std::string refused(places& in, uuid const& user, std::optional<uuid> const& org = std::nullopt) {
  auto const got = in.take(user, org);
  if (got) return "taken";
  BOOST_TEST(got.error().retry_after_s == 1U);
  return std::string(describe(got.error().code).name) + ": " + got.error().detail;
}

double value_of(metrics::registry const& in, std::string const& series) {
  auto const text = in.scrape();
  auto const at = text.find("\n" + series + " ");
  return at == text.npos ? -1 : std::stod(text.substr(at + series.size() + 2));
}

} // namespace

BOOST_AUTO_TEST_SUITE(places_to_wait)

BOOST_AUTO_TEST_CASE(a_user_who_holds_as_many_as_one_may_is_refused_alone) {
  places some({10, 2, 10}, "streams");
  auto first = some.take(ada, acme), second = some.take(ada, globex);
  BOOST_TEST((first && second));
  BOOST_TEST(refused(some, ada, acme) == "rate_limited: this user has as many streams as one user may");
  BOOST_TEST(refused(some, ben, acme) == "taken");
  first->reset();
  BOOST_TEST(refused(some, ada, acme) == "taken");
}

BOOST_AUTO_TEST_CASE(an_organization_that_holds_as_many_as_one_may_is_refused_alone) {
  places some({10, 10, 2}, "streams");
  auto const first = some.take(ada, acme), second = some.take(ben, acme);
  BOOST_TEST((first && second));
  BOOST_TEST(refused(some, cid, acme) == "rate_limited: this organization has as many streams as one may");
  BOOST_TEST(refused(some, cid, globex) == "taken");
  BOOST_TEST(refused(some, ada) == "taken"); // of no organization
}

BOOST_AUTO_TEST_CASE(where_all_are_taken_it_is_the_server_that_refuses) {
  places some({2, 2, 2}, "streams");
  auto const first = some.take(ada), second = some.take(ben);
  BOOST_TEST((first && second));
  BOOST_TEST(refused(some, cid) == "overloaded: this server has as many streams as it may");
  BOOST_TEST(some.taken() == 2U);
}

BOOST_AUTO_TEST_CASE(what_is_taken_and_what_is_refused_is_counted) {
  metrics::registry meters;
  places some({3, 2, 2}, "streams", places::meters_of(meters, "event_streams", "streams"));
  {
    auto const one = some.take(ada, acme), two = some.take(ada, acme);
    BOOST_TEST(some.take(ada, globex).has_error());
    BOOST_TEST(some.take(ben, acme).has_error());
    auto const three = some.take(ben, globex);
    BOOST_TEST(some.take(cid).has_error());
    BOOST_TEST(value_of(meters, "alloy_event_streams_places") == 3);
  }
  BOOST_TEST(value_of(meters, "alloy_event_streams_places") == 0);
  for (auto const* by : {"user", "org", "server"})
    BOOST_TEST(value_of(meters, "alloy_event_streams_refused_total{by=\"" + std::string(by) + "\"}") == 1);
}

BOOST_AUTO_TEST_CASE(a_place_is_given_back_once_whoever_lets_it_go) {
  places some({1000, 100, 1000}, "streams");
  std::vector<std::thread> threads;
  for (std::uint8_t t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (int n = 0; n < 2000; ++n) {
        auto const held = some.take(some_id(t), acme);
        auto const shared = held ? *held : nullptr;
      }
    });
  for (auto& t : threads) t.join();
  BOOST_TEST(some.taken() == 0U);
  BOOST_TEST(refused(some, ada, acme) == "taken");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::api
