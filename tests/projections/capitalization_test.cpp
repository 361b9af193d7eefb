#include "projections/capitalization.hpp"

#include "tests/support/decider.hpp"

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

namespace alloy::projections {
namespace {

using tests::id_of;

report_entry entry(std::int64_t minutes, std::optional<std::int64_t> rate, unsigned project = 1,
                   capitalization type = capitalization::Capex, std::optional<phase> in = {}) {
  report_entry e;
  e.group_id = "g";
  e.group_name = "G";
  e.project_id = id_of(project);
  e.project_name = "P" + std::to_string(project);
  e.type = type;
  e.development_phase = in;
  e.minutes = minutes;
  e.hourly_rate_cents = rate;
  return e;
}

std::string days_of(std::string_view text) {
  auto const p = parse_period(text);
  return p ? to_string(p->first) + ".." + to_string(p->last) : "none";
}

std::string sums(report_sums const& s) {
  auto const cents = [](std::optional<std::int64_t> c) { return c ? std::to_string(*c) : "null"; };
  return s.total_hours + "h " + std::to_string(s.total_minutes) + "m " + cents(s.total_amount_cents) + "=" +
         cents(s.capex_cents) + "+" + cents(s.opex_cents) + " unpriced " + std::to_string(s.unpriced_minutes);
}

} // namespace

BOOST_AUTO_TEST_SUITE(capitalization_report_rules)

BOOST_AUTO_TEST_CASE(amounts_are_rounded_half_away_from_zero) {
  BOOST_TEST(amount_cents(60, 2750) == 2750);
  BOOST_TEST(amount_cents(15, 2750) == 688); // 687.5
  BOOST_TEST(amount_cents(-15, 2750) == -688);
  BOOST_TEST(amount_cents(1, 29) == 0); // 0.483
  BOOST_TEST(amount_cents(1, 30) == 1);
  BOOST_TEST(amount_cents(-1, 30) == -1);
  BOOST_TEST(amount_cents(0, 2750) == 0);
  BOOST_TEST(amount_cents(1'440, 1'000'000'000'000'000) == 24'000'000'000'000'000);
}

BOOST_AUTO_TEST_CASE(each_entry_is_rounded_by_itself_so_totals_are_sums) {
  auto const r = capitalize({entry(15, 2750), entry(15, 2750)}, {});
  BOOST_TEST(sums(r.totals) == "0.50h 30m 1376=1376+0 unpriced 0"); // 13.76, not the 13.75 of half an hour
  BOOST_TEST(sums(r.groups.front()) == sums(r.totals));
  BOOST_TEST(r.groups.front().projects.front().amount_cents.value() == 1376);
}

BOOST_AUTO_TEST_CASE(what_is_capitalized_is_capex_in_development_or_in_no_phase) {
  auto const r = capitalize({entry(60, 100, 1, capitalization::Capex),
                             entry(60, 200, 2, capitalization::Capex, phase::AppDevelopment),
                             entry(60, 400, 3, capitalization::Capex, phase::Preliminary),
                             entry(60, 800, 4, capitalization::Capex, phase::PostImplementation),
                             entry(60, 1600, 5, capitalization::Opex, phase::AppDevelopment)},
                            {});
  BOOST_TEST(sums(r.totals) == "5.00h 300m 3100=300+2800 unpriced 0");
  std::string lines;
  for (auto const& p : r.groups.front().projects) lines += p.project_name + (p.capitalized ? "+ " : "- ");
  BOOST_TEST(lines == "P1+ P2+ P3- P4- P5- ");
}

BOOST_AUTO_TEST_CASE(one_project_in_two_treatments_has_two_lines) {
  auto const r = capitalize({entry(30, 100, 1, capitalization::Capex, phase::AppDevelopment), entry(30, 100),
                             entry(30, 100, 1, capitalization::Capex, phase::Preliminary),
                             entry(30, 100, 1, capitalization::Opex)},
                            {});
  std::string lines;
  for (auto const& p : r.groups.front().projects)
    lines += std::string(json::name_of(p.capitalization_type)) + (p.capitalized ? "+" : "-") +
             std::to_string(p.minutes) + " ";
  BOOST_TEST((lines == "Capex-30 Opex-30 Capex+60 " || lines == "Opex-30 Capex-30 Capex+60 "), lines);
}

BOOST_AUTO_TEST_CASE(hours_without_a_rate_count_as_hours_and_are_said_to_be_unpriced) {
  auto const r = capitalize({entry(30, 100), entry(45, std::nullopt)}, {1, 2, 3, 0});
  BOOST_TEST(sums(r.totals) == "1.25h 75m 50=50+0 unpriced 45");
  BOOST_TEST(json::to_string(r.excluded) == R"({"draft":1,"submitted":2,"rejected":3,"unpriced":45})");
  BOOST_TEST(r.groups.front().projects.front().minutes == 75);
}

BOOST_AUTO_TEST_CASE(groups_come_by_name_and_nobodys_group_is_one) {
  auto a = entry(1, 60), b = entry(2, 60), none = entry(4, 60);
  a.group_id = "2", a.group_name = "B";
  b.group_id = "1", b.group_name = "A";
  none.group_id = std::nullopt, none.group_name = "";
  auto const r = capitalize({a, b, none, a}, {});
  std::string all;
  for (auto const& g : r.groups) all += g.id.value_or("-") + g.name + std::to_string(g.total_minutes) + " ";
  BOOST_TEST(all == "-4 1A2 2B2 ");
}

BOOST_AUTO_TEST_CASE(nothing_is_a_report_of_zeros) {
  auto const r = capitalize({}, {});
  BOOST_TEST(r.groups.empty());
  BOOST_TEST(sums(r.totals) == "0.00h 0m 0=0+0 unpriced 0");
}

BOOST_AUTO_TEST_CASE(without_the_right_to_see_money_only_hours_are_left) {
  auto r = capitalize({entry(90, 2750), entry(15, 2750, 2)}, {});
  hide_amounts(r);
  BOOST_TEST(sums(r.totals) == "1.75h 105m null=null+null unpriced 0");
  for (auto const& g : r.groups) {
    BOOST_TEST(sums(g) == "1.75h 105m null=null+null unpriced 0");
    for (auto const& p : g.projects) BOOST_TEST(!p.amount_cents.has_value());
  }
}

RC_BOOST_PROP(every_grouping_foots_to_the_same_totals, ()) {
  std::vector<report_entry> entries;
  for (int n = *rc::gen::inRange(0, 40); n > 0; --n) {
    auto e = entry(*rc::gen::inRange(1, 1441), std::nullopt, *rc::gen::inRange(1U, 4U),
                   *rc::gen::element(capitalization::Capex, capitalization::Opex));
    if (*rc::gen::inRange(0, 5)) e.hourly_rate_cents = *rc::gen::inRange(0, 100'000);
    if (*rc::gen::arbitrary<bool>())
      e.development_phase = *rc::gen::element(phase::Preliminary, phase::AppDevelopment, phase::PostImplementation);
    entries.push_back(e);
  }
  std::string first;
  for (unsigned groups = 1; groups <= 4; ++groups) {
    for (std::size_t i = 0; i < entries.size(); ++i) entries[i].group_id = std::to_string(i % groups);
    auto const r = capitalize(entries, {});
    if (groups == 1) first = sums(r.totals);
    RC_ASSERT(sums(r.totals) == first);
    RC_ASSERT(*r.totals.total_amount_cents == *r.totals.capex_cents + *r.totals.opex_cents);
    std::int64_t minutes = 0, cents = 0, capex = 0, opex = 0, unpriced = 0;
    for (auto const& g : r.groups) {
      minutes += g.total_minutes, cents += *g.total_amount_cents, capex += *g.capex_cents, opex += *g.opex_cents;
      unpriced += g.unpriced_minutes;
      std::int64_t line_minutes = 0, line_cents = 0, line_capex = 0;
      for (auto const& p : g.projects) {
        line_minutes += p.minutes, line_cents += *p.amount_cents;
        if (p.capitalized) line_capex += *p.amount_cents;
      }
      RC_ASSERT(line_minutes == g.total_minutes);
      RC_ASSERT(line_cents == *g.total_amount_cents);
      RC_ASSERT(line_capex == *g.capex_cents);
    }
    RC_ASSERT(minutes == r.totals.total_minutes);
    RC_ASSERT(cents == *r.totals.total_amount_cents);
    RC_ASSERT(capex == *r.totals.capex_cents);
    RC_ASSERT(opex == *r.totals.opex_cents);
    RC_ASSERT(unpriced == r.totals.unpriced_minutes);
  }
}

BOOST_AUTO_TEST_CASE(hours_have_two_decimals) {
  BOOST_TEST(hours_of(0) == "0.00");
  BOOST_TEST(hours_of(1) == "0.02");
  BOOST_TEST(hours_of(3) == "0.05");
  BOOST_TEST(hours_of(15) == "0.25");
  BOOST_TEST(hours_of(20) == "0.33");
  BOOST_TEST(hours_of(40) == "0.67");
  BOOST_TEST(hours_of(59) == "0.98");
  BOOST_TEST(hours_of(60) == "1.00");
  BOOST_TEST(hours_of(6'000'065) == "100001.08");
  BOOST_TEST(hours_of(-15) == "-0.25");
  BOOST_TEST(hours_of(-90) == "-1.50");
}

BOOST_AUTO_TEST_CASE(a_period_is_a_month_or_a_quarter) {
  BOOST_TEST(days_of("2026-04") == "2026-04-01..2026-04-30");
  BOOST_TEST(days_of("2026-12") == "2026-12-01..2026-12-31");
  BOOST_TEST(days_of("2024-02") == "2024-02-01..2024-02-29");
  BOOST_TEST(days_of("2026-Q1") == "2026-01-01..2026-03-31");
  BOOST_TEST(days_of("2026-Q2") == "2026-04-01..2026-06-30");
  BOOST_TEST(days_of("2026-Q3") == "2026-07-01..2026-09-30");
  BOOST_TEST(days_of("2026-Q4") == "2026-10-01..2026-12-31");
  for (std::string const bad : {"", "2026", "2026-13", "2026-00", "2026-Q0", "2026-Q5", "2026-q1", "2026-4",
                                "2026-04-01", "2026Q1", "Q1-2026", "1969-12", "20 6-04", "2026/04"})
    BOOST_TEST(days_of(bad) == "none", bad);
}

BOOST_AUTO_TEST_CASE(a_cell_never_begins_a_formula) {
  BOOST_TEST(csv_cell("plain") == "plain");
  BOOST_TEST(csv_cell("") == "");
  BOOST_TEST(csv_cell("=1+1") == "'=1+1");
  BOOST_TEST(csv_cell("+1") == "'+1");
  BOOST_TEST(csv_cell("-1") == "'-1");
  BOOST_TEST(csv_cell("@SUM(A1)") == "'@SUM(A1)");
  BOOST_TEST(csv_cell("\tx") == "'\tx");
  BOOST_TEST(csv_cell("\r=1") == "\"'\r=1\"");
  BOOST_TEST(csv_cell("a=b") == "a=b");
  BOOST_TEST(csv_cell("a,b") == "\"a,b\"");
  BOOST_TEST(csv_cell("say \"hi\"") == "\"say \"\"hi\"\"\"");
  BOOST_TEST(csv_cell("two\nlines") == "\"two\nlines\"");
  BOOST_TEST(csv_cell("=HYPERLINK(\"x\",\"y\")") == "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::projections
