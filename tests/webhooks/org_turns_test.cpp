#include "webhooks/org_turns.hpp"

#include "tests/support/decider.hpp"

#include <boost/test/unit_test.hpp>
#include <tuple>

namespace alloy::webhooks {
namespace {

using tests::id_of;

std::string next_of(org_turns<std::string>& t) {
  auto const one = t.next();
  return one ? one->second : "-";
}

} // namespace

BOOST_AUTO_TEST_SUITE(places_of_organizations)

BOOST_AUTO_TEST_CASE(turns_go_round_by_organization_and_keep_the_order_within_one) {
  org_turns<std::string> t(100, 50);
  for (char const* const a : {"a1", "a2", "a3"}) t.add(id_of(1), a);
  for (char const* const b : {"b1", "b2"}) t.add(id_of(2), b);
  t.add(id_of(3), "c1");
  for (char const* const wanted : {"a1", "b1", "c1", "a2", "b2", "a3", "-"}) BOOST_TEST(next_of(t) == wanted);
  BOOST_TEST(t.taken() == 6u);
  BOOST_TEST(t.waiting() == 0u);
}

BOOST_AUTO_TEST_CASE(who_has_all_its_places_waits_and_is_the_first_once_one_is_free) {
  org_turns<std::string> t(100, 2);
  for (char const* const a : {"a1", "a2", "a3", "a4"}) t.add(id_of(1), a);
  for (char const* const wanted : {"a1", "a2", "-"}) BOOST_TEST(next_of(t) == wanted);
  BOOST_TEST(t.held() == 1u);
  t.add(id_of(2), "b1");
  BOOST_TEST(next_of(t) == "b1");
  t.add(id_of(2), "b2");
  t.done(id_of(1));
  for (char const* const wanted : {"a3", "b2", "-"}) BOOST_TEST(next_of(t) == wanted);
}

BOOST_AUTO_TEST_CASE(there_is_a_place_for_one_more_however_many_come_before) {
  org_turns<std::string> t(16, 16);
  for (unsigned n = 1; n <= 4; ++n)
    for (int i = 0; i < 16; ++i) t.add(id_of(n), "flood");
  while (next_of(t) != "-") {
  }
  BOOST_TEST(t.taken() < 16u);
  t.add(id_of(50), "late");
  BOOST_TEST(next_of(t) == "late");
  BOOST_TEST(next_of(t) == "-");
}

BOOST_AUTO_TEST_CASE(it_takes_many_organizations_to_have_all_places) {
  for (auto const& [places, of_one, least] : {std::tuple{512u, 64u, 100u}, std::tuple{32u, 2u, 25u}}) {
    org_turns<std::string> t(places, of_one);
    unsigned orgs = 0;
    while (t.taken() < places) {
      ++orgs;
      for (unsigned i = 0; i < places; ++i) t.add(id_of(orgs), "flood");
      unsigned own = 0;
      while (next_of(t) != "-") ++own;
      if (orgs == 1) BOOST_TEST(own == of_one); // alone it has what one may have
      BOOST_TEST_REQUIRE(own > 0u);
    }
    BOOST_TEST(orgs >= least);
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_remembered_of_who_neither_waits_nor_has_a_place) {
  org_turns<std::string> t(2, 1);
  t.add(id_of(1), "a1");
  t.add(id_of(1), "a2");
  BOOST_TEST(next_of(t) == "a1");
  t.drop_if(id_of(1), [](std::string const& s) { return s == "a2"; });
  BOOST_TEST(t.waiting() == 0u);
  BOOST_TEST(next_of(t) == "-");
  t.done(id_of(1));
  BOOST_TEST(t.orgs() == 0u);
  t.done(id_of(1)); // once too often is nothing
  t.done(id_of(9));
  BOOST_TEST(t.taken() == 0u);
  t.add(id_of(1), "again");
  t.drop_if(id_of(1), [](std::string const&) { return true; });
  BOOST_TEST(next_of(t) == "-");
  BOOST_TEST(t.orgs() == 0u);
}

BOOST_AUTO_TEST_CASE(places_are_kept_by_what_is_under_way_though_all_that_waits_is_dropped) {
  org_turns<std::string> t(10, 2);
  for (char const* const a : {"a1", "a2", "a3"}) t.add(id_of(1), a);
  next_of(t);
  next_of(t);
  t.drop_waiting();
  t.add(id_of(1), "a4");
  BOOST_TEST(next_of(t) == "-");
  t.done(id_of(1));
  BOOST_TEST(next_of(t) == "a4");
  t.clear();
  BOOST_TEST(t.taken() == 0u);
  BOOST_TEST(t.orgs() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::webhooks
