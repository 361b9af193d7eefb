#include "reports/capitalization.hpp"

#include "tests/reports/ledger.hpp"

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

namespace alloy::projections {
namespace {

using tests::id_of;

domain::project project(unsigned n) {
  domain::project p;
  p.id = id_of(n);
  p.key = "P" + std::to_string(n);
  p.name = "P" + std::to_string(n);
  return p;
}

// One group, entries as they come.
struct one_group {
  std::map<unsigned, domain::project> projects;
  tally sums;
  std::size_t group = sums.add_group("g", "G");

  one_group& add(std::int64_t minutes, std::optional<std::int64_t> rate, unsigned n = 1,
                 capitalization type = capitalization::Capex, std::optional<phase> in = {}) {
    auto const& p = projects.try_emplace(n, project(n)).first->second;
    bool const capitalized = !classify(rule_set::asc350, type, in, {}, p);
    sums.add(
        {group, p, type, in, capitalized, minutes, rate ? std::optional(amount_cents(minutes, *rate)) : std::nullopt});
    return *this;
  }
  capitalization_report report() const { return sums.finish(); }
};

std::string days_of(std::string_view text) {
  auto const p = parse_period(text);
  return p ? to_string(p->first) + ".." + to_string(p->last) : "none";
}

std::string text_of(report_sums const& s) {
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
  auto const r = one_group().add(15, 2750).add(15, 2750).report();
  BOOST_TEST(text_of(r.totals) == "0.50h 30m 1376=1376+0 unpriced 0"); // 13.76, not the 13.75 of half an hour
  BOOST_TEST(text_of(r.groups.front()) == text_of(r.totals));
  BOOST_TEST(r.groups.front().projects.front().amount_cents.value() == 1376);
}

BOOST_AUTO_TEST_CASE(what_is_capitalized_is_capex_in_development_or_in_no_phase) {
  auto const r = one_group()
                     .add(60, 100, 1, capitalization::Capex)
                     .add(60, 200, 2, capitalization::Capex, phase::AppDevelopment)
                     .add(60, 400, 3, capitalization::Capex, phase::Preliminary)
                     .add(60, 800, 4, capitalization::Capex, phase::PostImplementation)
                     .add(60, 1600, 5, capitalization::Opex, phase::AppDevelopment)
                     .report();
  BOOST_TEST(text_of(r.totals) == "5.00h 300m 3100=300+2800 unpriced 0");
  std::string lines;
  for (auto const& p : r.groups.front().projects) lines += p.project_name + (p.capitalized ? "+ " : "- ");
  BOOST_TEST(lines == "P1+ P2+ P3- P4- P5- ");
}

BOOST_AUTO_TEST_CASE(one_project_in_several_treatments_has_a_line_for_each) {
  auto const r = one_group()
                     .add(30, 100, 1, capitalization::Capex, phase::AppDevelopment)
                     .add(30, 100)
                     .add(30, 100)
                     .add(30, 100, 1, capitalization::Capex, phase::Preliminary)
                     .add(30, 100, 1, capitalization::Opex)
                     .report();
  std::string lines;
  for (auto const& p : r.groups.front().projects)
    lines += std::string(json::name_of(p.capitalization_type)) +
             (p.development_phase ? " " + std::string(json::name_of(*p.development_phase)) : "") +
             (p.capitalized ? "+" : "-") + std::to_string(p.minutes) + " ";
  BOOST_TEST(lines == "Capex+60 Capex Preliminary-30 Capex AppDevelopment+30 Opex-30 ");
}

BOOST_AUTO_TEST_CASE(hours_without_a_rate_are_unpriced_and_in_no_total) {
  one_group books; // it holds the projects that the sums are about
  books.add(30, 100).add(45, std::nullopt).add(7, std::nullopt, 2);
  books.sums.leave_out(time_status::Draft, 1);
  books.sums.leave_out(time_status::Submitted, 2);
  books.sums.leave_out(time_status::Rejected, 3);
  auto const r = books.report();
  BOOST_TEST(text_of(r.totals) == "0.50h 30m 50=50+0 unpriced 52");
  BOOST_TEST(json::to_string(r.excluded) == R"({"draft":1,"submitted":2,"rejected":3,"unpriced":52})");
  BOOST_TEST_REQUIRE(r.groups.front().projects.size() == 2U);
  BOOST_TEST(r.groups.front().projects[0].minutes == 30);
  BOOST_TEST(r.groups.front().projects[0].unpriced_minutes == 45);
  BOOST_TEST(!r.groups.front().projects[1].amount_cents.has_value()); // never 0
}

BOOST_AUTO_TEST_CASE(groups_come_by_name_and_nobodys_group_is_one) {
  auto const p = project(1);
  tally sums;
  auto const put = [&](std::size_t group, std::int64_t minutes) {
    sums.add({group, p, capitalization::Capex, {}, true, minutes, minutes});
  };
  auto const b = sums.add_group("2", "B"), a = sums.add_group("1", "A"), none = sums.add_group({}, "");
  put(b, 1), put(a, 2), put(none, 4), put(b, 1);
  std::string all;
  for (auto const& g : sums.finish().groups) all += g.id.value_or("-") + g.name + std::to_string(g.total_minutes) + " ";
  BOOST_TEST(all == "-4 1A2 2B2 ");
}

BOOST_AUTO_TEST_CASE(nothing_is_a_report_of_zeros) {
  auto const r = tally().finish();
  BOOST_TEST(r.groups.empty());
  BOOST_TEST(text_of(r.totals) == "0.00h 0m 0=0+0 unpriced 0");
}

BOOST_AUTO_TEST_CASE(without_the_right_to_see_money_only_hours_are_left) {
  auto r = one_group().add(90, 2750).add(15, 2750, 2).report();
  hide_amounts(r);
  BOOST_TEST(text_of(r.totals) == "1.75h 105m null=null+null unpriced 0");
  for (auto const& g : r.groups) {
    BOOST_TEST(text_of(g) == "1.75h 105m null=null+null unpriced 0");
    for (auto const& p : g.projects) BOOST_TEST(!p.amount_cents.has_value());
  }
}

// ---------------------------------------------------------------------------------------------------- over a ledger

namespace {

constexpr report_group groupings[] = {report_group::team, report_group::project, report_group::user,
                                      report_group::cost_center};

capitalization_report march(ledger const& books, report_group by, past const* then = nullptr,
                            rule_set rules = rule_set::asc350) {
  cost_calculation r(books.state, then, ledger::org(), {}, {});
  return capitalize(r, *parse_period("2026-03"), by, rules, [&](reckoned const& e) {
    auto const id = group_of(by, e);
    return group_name{id.empty() ? std::nullopt : std::optional(id), id};
  });
}

std::string bytes_of(capitalization_report const& r) {
  std::string all = json::to_string(r.totals) + json::to_string(r.excluded);
  for (auto const& g : r.groups) all += g.name + text_of(g) + json::to_string(g.projects);
  return all;
}

} // namespace

RC_BOOST_PROP(every_grouping_foots_to_the_same_totals_and_no_minute_is_lost, (std::vector<ledger_step> const& steps)) {
  ledger books;
  for (auto const& s : steps) books.take(s);
  auto const first = march(books, report_group::team);
  std::int64_t all = 0;
  each_time_entry(books.state, nullptr, ledger::org(), {}, make_date(2026, 3, 1), make_date(2026, 3, 31),
                  [&](when const&, time_row const& row) { all += row.minutes; });
  auto const& out = first.excluded;
  RC_ASSERT(first.totals.total_minutes + out.draft + out.submitted + out.rejected + out.unpriced == all);
  for (auto const by : groupings) {
    auto const r = march(books, by);
    RC_ASSERT(text_of(r.totals) == text_of(first.totals));
    RC_ASSERT(*r.totals.total_amount_cents == *r.totals.capex_cents + *r.totals.opex_cents);
    std::int64_t minutes = 0, cents = 0, capex = 0, unpriced = 0;
    for (auto const& g : r.groups) {
      minutes += g.total_minutes, cents += *g.total_amount_cents, capex += *g.capex_cents;
      unpriced += g.unpriced_minutes;
      std::int64_t line_minutes = 0, line_cents = 0, line_capex = 0;
      for (auto const& p : g.projects) {
        line_minutes += p.minutes, line_cents += p.amount_cents.value_or(0);
        if (p.capitalized) line_capex += p.amount_cents.value_or(0);
      }
      RC_ASSERT(line_minutes == g.total_minutes);
      RC_ASSERT(line_cents == *g.total_amount_cents);
      RC_ASSERT(line_capex == *g.capex_cents);
    }
    RC_ASSERT(minutes == r.totals.total_minutes);
    RC_ASSERT(cents == *r.totals.total_amount_cents);
    RC_ASSERT(capex == *r.totals.capex_cents);
    RC_ASSERT(unpriced == r.totals.unpriced_minutes);
  }
}

RC_BOOST_PROP(a_raise_never_changes_a_day_before_it, (std::vector<ledger_step> const& steps)) {
  ledger books;
  for (auto const& s : steps) books.take(s);
  std::map<uuid, std::optional<std::int64_t>> before;
  auto const read = [&](auto visit) {
    cost_calculation r(books.state, nullptr, ledger::org(), {}, {});
    r.each({}, make_date(2026, 3, 1), make_date(2026, 3, 31), visit);
  };
  read([&](reckoned const& e) { before[e.at.id] = e.cents; });
  auto const raised = make_date(2026, 3, *rc::gen::inRange(1U, 32U));
  books.set_rate(0, *rc::gen::inRange(0, 100'000), raised);
  read([&](reckoned const& e) {
    if (e.at.day < raised || e.row.user_id != ledger::user(0)) RC_ASSERT(before.at(e.at.id) == e.cents);
  });
}

RC_BOOST_PROP(as_of_a_position_the_report_is_what_it_was_whatever_came_later,
              (std::vector<ledger_step> const& steps, std::vector<ledger_step> const& later)) {
  ledger books;
  for (auto const& s : steps) books.take(s);
  auto const position = books.log.head();
  std::vector<std::string> was;
  for (auto const by : groupings) was.push_back(bytes_of(march(books, by)));
  for (auto const& s : later) books.take(s);
  past const then(books.state, books.log, {position, books.at()});
  for (std::size_t i = 0; i < was.size(); ++i) RC_ASSERT(bytes_of(march(books, groupings[i], &then)) == was[i]);
}

RC_BOOST_PROP(a_rebuilt_store_gives_the_same_bytes, (std::vector<ledger_step> const& steps)) {
  ledger books;
  for (auto const& s : steps) books.take(s);
  ledger again(books.log);
  for (auto const by : groupings) RC_ASSERT(bytes_of(march(books, by)) == bytes_of(march(again, by)));
  RC_ASSERT(books.state.rows() == again.state.rows());
}

BOOST_AUTO_TEST_CASE(ten_thousand_events_outside_the_period_change_no_byte_of_it) {
  ledger books;
  for (unsigned n = 0; n < 200; ++n) books.take({n * 7, n * 3, n * 11, n});
  auto const was = bytes_of(march(books, report_group::team));
  for (unsigned n = 0; n < 10'000; ++n) books.log_in_april(n);
  BOOST_TEST(bytes_of(march(books, report_group::team)) == was);
}

// ---------------------------------------------------------------------------------------------------- rule sets

namespace {

std::string judged(rule_set rules, capitalization type, std::optional<phase> in, char const* day,
                   domain::project const& p) {
  auto const why_not = classify(rules, type, in, *parse_date(day), p);
  return why_not ? std::string(json::name_of(*why_not)) : "capitalized";
}

} // namespace

BOOST_AUTO_TEST_CASE(without_dated_facts_only_the_phases_of_asc350_capitalize) {
  auto const p = project(1);
  BOOST_TEST(judged(rule_set::asc350, capitalization::Capex, phase::AppDevelopment, "2026-03-10", p) == "capitalized");
  BOOST_TEST(judged(rule_set::asc350, capitalization::Capex, phase::Preliminary, "2026-03-10", p) == "Preliminary");
  BOOST_TEST(judged(rule_set::asu2025_06, capitalization::Capex, phase::AppDevelopment, "2026-03-10", p) ==
             "NotAuthorized");
  BOOST_TEST(judged(rule_set::ias38, capitalization::Capex, phase::Preliminary, "2026-03-10", p) == "Preliminary");
  for (auto const rules : {rule_set::asc350, rule_set::asu2025_06, rule_set::ias38})
    BOOST_TEST(judged(rules, capitalization::Opex, phase::AppDevelopment, "2026-03-10", p) == "Opex");
}

BOOST_AUTO_TEST_CASE(by_dated_facts_capitalizing_begins_with_the_last_of_four_and_ends_with_the_first_of_two) {
  auto p = project(1);
  p.authorized_on = make_date(2026, 3, 2);
  p.funded_on = make_date(2026, 3, 4);
  p.probable_from = make_date(2026, 3, 6);
  p.uncertainty_resolved_on = make_date(2026, 3, 8);
  p.ready_on = make_date(2026, 3, 20);
  for (auto const rules : {rule_set::asu2025_06, rule_set::ias38}) {
    auto const on = [&](char const* day) {
      return judged(rules, capitalization::Capex, phase::AppDevelopment, day, p);
    };
    BOOST_TEST(on("2026-03-01") == "NotAuthorized");
    BOOST_TEST(on("2026-03-02") == "NotFunded");
    BOOST_TEST(on("2026-03-05") == "NotProbable");
    BOOST_TEST(on("2026-03-07") == "UncertaintyUnresolved");
    BOOST_TEST(on("2026-03-08") == "capitalized");
    BOOST_TEST(on("2026-03-19") == "capitalized");
    BOOST_TEST(on("2026-03-20") == "ReadyForUse");
  }
  BOOST_TEST(judged(rule_set::asu2025_06, capitalization::Capex, phase::Preliminary, "2026-03-10", p) == "capitalized");
  p.abandoned_on = make_date(2026, 3, 15);
  BOOST_TEST(judged(rule_set::asu2025_06, capitalization::Capex, {}, "2026-03-15", p) == "Abandoned");
}

BOOST_AUTO_TEST_CASE(an_assumed_rate_takes_the_place_of_all_of_its_user) {
  ledger books;
  books.set_rate(0, 1000, make_date(2026, 1, 1));
  books.set_rate(1, 2000, make_date(2026, 1, 1));
  books.log_time(0, 60, make_date(2026, 3, 2));
  books.log_time(1, 60, make_date(2026, 3, 2));
  auto const cents_of = [&](std::vector<assumed_rate> assumed) {
    std::string all;
    cost_calculation r(books.state, nullptr, ledger::org(), std::move(assumed), {});
    r.each({}, make_date(2026, 3, 1), make_date(2026, 3, 31),
           [&](reckoned const& e) { all += std::to_string(e.cents.value_or(-1)) + " "; });
    return all;
  };
  BOOST_TEST(cents_of({}) == "1000 2000 ");
  BOOST_TEST(cents_of({{ledger::user(0), 5000, {}}}) == "5000 2000 ");
  BOOST_TEST(cents_of({{ledger::user(0), 5000, make_date(2026, 3, 3)}}) == "-1 2000 "); // it begins too late
  BOOST_TEST(cents_of({{std::nullopt, 7, {}}, {ledger::user(1), 9, {}}}) == "7 9 ");
}

BOOST_AUTO_TEST_CASE(a_budget_is_held_against_what_its_own_period_has_cost) {
  ledger books;
  books.set_rate(0, 6000, make_date(2026, 1, 1)); // 1.00 a minute
  books.log_time(0, 60, make_date(2026, 1, 5));
  books.log_time(0, 30, make_date(2026, 3, 2));
  books.approve_all();
  books.set_budget(0, 12'000, budget_span::Quarterly);
  cost_calculation r(books.state, nullptr, ledger::org(), {}, {});
  auto const p = *parse_period("2026-03");
  auto report = march(books, report_group::project);
  add_budgets(report, r, p);
  auto const& line = report.groups.front().projects.front();
  BOOST_TEST(line.amount_cents.value() == 3000);
  BOOST_TEST(line.spent_cents.value->value() == 9000); // January, too
  BOOST_TEST(line.remaining_cents.value->value() == 3000);
  BOOST_TEST(line.percent_used.value->value() == 75.0);
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

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::projections
