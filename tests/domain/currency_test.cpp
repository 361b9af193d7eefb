#include "domain/currency.hpp"

#include "domain/labor_rates.hpp"
#include "domain/orgs.hpp"
#include "tests/support/decider.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::domain {
namespace {

using tests::id_of;

uuid const ada = id_of(2);

struct old_organization : tests::decider { // in yen, with two decimals
  old_organization() { given(entity::org, tenant, events::org_created{"Acme", "acme", "UTC", "JPY", {}, {}}); }
  org now() const { return get<org>(tenant); }
  void rate(unsigned id, std::int64_t cents, date from) {
    given(entity::labor_rate, id_of(id), events::labor_rate_set{ada, cents, from, {}});
  }
};

BOOST_FIXTURE_TEST_SUITE(currency, old_organization)

BOOST_AUTO_TEST_CASE(an_amount_in_other_digits_is_exact_or_nothing) {
  BOOST_TEST(in_digits(1250, 2, 3).value() == 12500);
  BOOST_TEST(in_digits(1200, 2, 0).value() == 12);
  BOOST_TEST(in_digits(-1200, 2, 0).value() == -12);
  BOOST_TEST(in_digits(0, 4, 0).value() == 0);
  BOOST_TEST(!in_digits(1250, 2, 0).has_value());
  BOOST_TEST(!in_digits(std::numeric_limits<std::int64_t>::max() / 5, 2, 3).has_value());
}

BOOST_AUTO_TEST_CASE(rates_are_read_in_the_unit_of_the_moment_that_is_asked_for) {
  rate(50, 120'000, make_date(2026, 1, 1));
  auto const before = position;
  when(convert_currency(state, now()));
  then(entity::org, tenant, events::org_currency_converted{2, 0});
  rate(51, 1300, make_date(2026, 2, 1));
  auto const all = read_rates(state, tenant, ada);
  BOOST_TEST(all.at(0).cents == 1200);
  BOOST_TEST(all.at(1).cents == 1300);
  BOOST_TEST(read_rates(state, tenant, ada, before).front().cents == 120'000);
  BOOST_TEST(now().minor_digits == 0);
  BOOST_TEST(minor_digits_at(state, now(), all.at(0).seq) == 2);
  BOOST_TEST(minor_digits_at(state, now(), all.at(1).seq) == 0);
}

BOOST_AUTO_TEST_CASE(a_conversion_that_would_lose_a_part_is_refused_and_names_what_is_in_the_way) {
  rate(50, 1250, make_date(2026, 1, 1));
  when(convert_currency(state, now()));
  then_refused(errc::wrong_state);
  BOOST_TEST(decided->error().members.find(to_string(id_of(50))) != std::string::npos);
  rate(51, 1300, make_date(2026, 1, 1)); // in its place
  when(convert_currency(state, now()));
  then(entity::org, tenant, events::org_currency_converted{2, 0});
}

BOOST_AUTO_TEST_CASE(the_currency_changes_with_its_digits_while_nothing_is_priced) {
  auto const to = [&](char const* code) {
    return decide(state, now(), tests::body<update_org>(R"({"currency":")" + std::string(code) + R"("})"));
  };
  events::org_updated e;
  e.changes.currency.value = {"JPY", "KWD"};
  e.changes.minor_digits.value = {2, 3};
  when(to("KWD"));
  then(entity::org, tenant, e);
  rate(50, 1250, make_date(2026, 1, 1));
  when(to("USD"));
  then_refused(errc::currency_fixed);
  when(to("KWD"));
  then_nothing();
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace alloy::domain
