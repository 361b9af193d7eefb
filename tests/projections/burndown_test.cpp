#include "projections/burndown.hpp"

#include "core/time.hpp"
#include "projections/burndown_svg.hpp"
#include "tests/support/decider.hpp"

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

namespace alloy::projections {
namespace {

using tests::id_of;

// A sprint of ten days, Wednesday the first of April to Friday the tenth, as it is told event by event.
struct story {
  chart_frame frame{id_of(1),
                    make_date(2026, 4, 1),
                    make_date(2026, 4, 10),
                    "UTC",
                    default_working_days,
                    0,
                    *parse_timestamp("2026-04-10T23:00:00Z")};
  std::vector<sprint_change> changes;
  std::map<unsigned, sprint_change> tickets;
  timestamp clock = *parse_timestamp("2026-03-31T12:00:00Z");
  std::uint64_t position = 0;

  story& on(char const* instant) {
    clock = *parse_timestamp(std::string(instant).size() == 10 ? std::string(instant) + "T12:00:00Z" : instant);
    return *this;
  }
  story& start() {
    frame.started = ++position;
    return *this;
  }
  story& put(unsigned n, bool inside, work state) {
    auto& t = tickets[n];
    t.position = ++position;
    t.at = clock;
    t.ticket_id = id_of(n);
    t.inside = inside;
    t.state = state;
    t.reference = "T-" + std::to_string(n);
    changes.push_back(t);
    return *this;
  }
  story& add(unsigned n, std::int64_t points = -1) {
    estimate_is(n, points);
    return put(n, true, tickets[n].state);
  }
  story& estimate(unsigned n, std::int64_t points) {
    estimate_is(n, points);
    return put(n, tickets[n].inside, tickets[n].state);
  }
  story& remove(unsigned n) { return put(n, false, tickets[n].state); }
  story& is(unsigned n, work state) { return put(n, tickets[n].inside, state); }

  burndown draw(chart_unit unit = chart_unit::tickets) const { return draw_burndown(frame, changes, unit); }
  // scope-completed=remaining of each day that has come.
  std::string days(chart_unit unit = chart_unit::tickets) const {
    std::string all;
    auto const b = draw(unit);
    for (auto const& d : b.days)
      if (d.scope) all += text(*d.scope.value) + "-" + text(*d.completed.value) + "=" + text(*d.remaining.value) + " ";
    return all;
  }
  std::string changes_on(std::size_t day) const {
    std::string all;
    auto const b = draw();
    for (auto const& c : *b.days.at(day).changes.value)
      all += c.reference + " " + std::string(json::name_of(c.type)) + " ";
    return all;
  }
  std::string ideals(chart_unit unit = chart_unit::tickets) const {
    std::string all;
    auto const b = draw(unit);
    for (auto const& d : b.days) all += text(d.ideal) + " ";
    return all;
  }
  static std::string text(decimal const& n) {
    std::string out;
    n.write_json(out);
    return out;
  }

 private:
  void estimate_is(unsigned n, std::int64_t points) {
    auto& t = tickets[n];
    t.estimated = points >= 0;
    t.points = points >= 0 ? points * 100 : 0;
  }
};

// Three tickets of 1, 2 and 3 points, started at noon of the first day.
story three() {
  story s;
  s.add(1, 1).add(2, 2).add(3, 3).on("2026-04-01").start();
  return s;
}

// What a day's changes add up to is the step from the day before.
bool steps_are_sums(burndown const& b) {
  decimal scope, completed;
  bool first = true;
  for (auto const& d : b.days) {
    if (!d.scope) break;
    decimal more_scope, more_completed;
    for (auto const& c : *d.changes.value) {
      more_scope.hundredths += c.scope.hundredths;
      more_completed.hundredths += c.completed.hundredths;
      if (c.remaining.hundredths != c.scope.hundredths - c.completed.hundredths) return false;
    }
    if (!first && (scope.hundredths + more_scope.hundredths != d.scope.value->hundredths ||
                   completed.hundredths + more_completed.hundredths != d.completed.value->hundredths))
      return false;
    first = false;
    scope = *d.scope.value;
    completed = *d.completed.value;
    if (d.remaining.value->hundredths != scope.hundredths - completed.hundredths) return false;
  }
  return true;
}

} // namespace

BOOST_AUTO_TEST_SUITE(burndowns)

BOOST_AUTO_TEST_CASE(what_is_done_burns_down) {
  auto s = three();
  s.on("2026-04-02").is(1, work::done).on("2026-04-04").is(3, work::done);
  BOOST_TEST(s.days() == "3-0=3 3-1=2 3-1=2 3-2=1 3-2=1 3-2=1 3-2=1 3-2=1 3-2=1 3-2=1 ");
  BOOST_TEST(s.days(chart_unit::points) == "6-0=6 6-1=5 6-1=5 6-4=2 6-4=2 6-4=2 6-4=2 6-4=2 6-4=2 6-4=2 ");
  BOOST_TEST(s.draw().commitment->hundredths == 300);
  BOOST_TEST(s.draw().points.commitment->hundredths == 600);
}

BOOST_AUTO_TEST_CASE(a_ticket_added_on_day_5_leaves_days_1_to_4) {
  auto s = three();
  auto const before = s.days();
  s.on("2026-04-05").add(4, 5);
  BOOST_TEST(s.days() == "3-0=3 3-0=3 3-0=3 3-0=3 4-0=4 4-0=4 4-0=4 4-0=4 4-0=4 4-0=4 ");
  BOOST_TEST(before.substr(0, 24) == s.days().substr(0, 24));
  BOOST_TEST(s.changes_on(4) == "T-4 Added ");
  BOOST_TEST(s.draw().commitment->hundredths == 300); // it was not promised
}

BOOST_AUTO_TEST_CASE(a_removed_ticket_leaves_scope_on_that_day) {
  auto s = three();
  s.on("2026-04-03").remove(2);
  BOOST_TEST(s.days().substr(0, 24) == "3-0=3 3-0=3 2-0=2 2-0=2 ");
  BOOST_TEST(s.changes_on(2) == "T-2 Removed ");
  BOOST_TEST(s.draw().commitment->hundredths == 300);
}

BOOST_AUTO_TEST_CASE(a_new_estimate_changes_points_from_that_day_on_and_not_the_commitment) {
  auto s = three();
  s.on("2026-04-03").estimate(2, 8);
  BOOST_TEST(s.days(chart_unit::points).substr(0, 28) == "6-0=6 6-0=6 12-0=12 12-0=12 ");
  BOOST_TEST(s.days().substr(0, 18) == "3-0=3 3-0=3 3-0=3 ");
  BOOST_TEST(s.changes_on(2) == "T-2 Reestimated ");
  BOOST_TEST(s.draw(chart_unit::points).commitment->hundredths == 600);
}

BOOST_AUTO_TEST_CASE(a_reopened_ticket_is_counted_once) {
  auto s = three();
  s.on("2026-04-02").is(1, work::done).on("2026-04-03").is(1, work::open).on("2026-04-06").is(1, work::done);
  BOOST_TEST(s.days() == "3-0=3 3-1=2 3-0=3 3-0=3 3-0=3 3-1=2 3-1=2 3-1=2 3-1=2 3-1=2 ");
  BOOST_TEST(s.changes_on(2) == "T-1 Reopened ");
}

BOOST_AUTO_TEST_CASE(a_cancelled_ticket_leaves_scope_and_completes_nothing) {
  auto s = three();
  s.on("2026-04-02").is(1, work::cancelled).on("2026-04-04").is(1, work::open);
  BOOST_TEST(s.days().substr(0, 24) == "3-0=3 2-0=2 2-0=2 3-0=3 ");
  BOOST_TEST(s.changes_on(1) == "T-1 Cancelled ");
  BOOST_TEST(s.changes_on(3) == "T-1 Reopened ");
}

BOOST_AUTO_TEST_CASE(a_ticket_that_was_done_before_it_was_added_is_scope_and_completed_at_once) {
  auto s = three();
  s.tickets[4].state = work::done;
  s.on("2026-04-02").add(4, 1);
  BOOST_TEST(s.days().substr(0, 12) == "3-0=3 4-1=3 ");
  auto const change = s.draw().days[1].changes.value->front();
  BOOST_TEST((change.type == change_type::Added));
  BOOST_TEST(change.scope.hundredths == 100);
  BOOST_TEST(change.completed.hundredths == 100);
  BOOST_TEST(change.remaining.hundredths == 0);
}

BOOST_AUTO_TEST_CASE(what_was_done_before_the_start_is_not_committed) {
  story s;
  s.add(1, 1).add(2, 2).is(2, work::done).add(3, 3).is(3, work::cancelled).on("2026-04-01").start();
  BOOST_TEST(s.draw().commitment->hundredths == 100);
}

BOOST_AUTO_TEST_CASE(the_start_date_moves_the_first_day_and_nothing_else) {
  auto s = three();
  s.on("2026-04-02").is(1, work::done);
  s.frame.first = make_date(2026, 4, 3);
  BOOST_TEST(s.days().substr(0, 12) == "3-1=2 3-1=2 "); // the first day begins as the second ended
  BOOST_TEST(s.changes_on(0) == "");
  BOOST_TEST(s.draw().commitment->hundredths == 300);
}

BOOST_AUTO_TEST_CASE(an_empty_sprint_is_a_line_of_zeros) {
  story s;
  s.start();
  auto const b = s.draw();
  BOOST_TEST(b.commitment->hundredths == 0);
  BOOST_TEST(s.ideals() == "0 0 0 0 0 0 0 0 0 0 ");
  BOOST_TEST(s.days().substr(0, 12) == "0-0=0 0-0=0 ");
}

BOOST_AUTO_TEST_CASE(a_sprint_of_one_day_falls_to_zero_in_it) {
  auto s = three();
  s.frame.last = s.frame.first;
  BOOST_TEST(s.ideals() == "0 ");
  BOOST_TEST(s.days() == "3-0=3 ");
}

BOOST_AUTO_TEST_CASE(tickets_that_come_and_go_on_one_day_leave_no_trace_in_its_figures) {
  auto s = three();
  s.on("2026-04-02T09:00:00Z").add(4, 5).on("2026-04-02T10:00:00Z").remove(4).on("2026-04-02T11:00:00Z").remove(1);
  BOOST_TEST(s.changes_on(1) == "T-4 Added T-4 Removed T-1 Removed ");
  BOOST_TEST(s.days().substr(0, 12) == "3-0=3 2-0=2 ");
}

BOOST_AUTO_TEST_CASE(the_ideal_is_straight_over_working_days_and_flat_on_others) {
  auto s = three(); // eight working days: Wed to Fri, Mon to Fri
  BOOST_TEST(s.ideals() == "2.63 2.25 1.88 1.88 1.88 1.5 1.13 0.75 0.38 0 ");
  s.frame.working_days = {weekday::Sat, weekday::Sun};
  BOOST_TEST(s.ideals() == "3 3 3 1.5 0 0 0 0 0 0 ");
  s.frame.first = make_date(2026, 4, 6);
  BOOST_TEST(s.ideals() == "3 3 3 3 0 "); // no working day: it falls on the last
}

BOOST_AUTO_TEST_CASE(days_that_have_not_come_have_an_ideal_only) {
  auto s = three();
  s.frame.now = *parse_timestamp("2026-04-03T08:00:00Z");
  auto const b = s.draw();
  BOOST_TEST(b.days.size() == 10U);
  BOOST_TEST(s.days() == "3-0=3 3-0=3 3-0=3 ");
  auto const json = json::to_string(b.days[3]);
  BOOST_TEST(json == R"({"date":"2026-04-04","ideal":1.88})");
}

BOOST_AUTO_TEST_CASE(a_sprint_that_is_not_started_promises_nothing_yet) {
  story s;
  s.add(1, 1).add(2);
  auto const b = s.draw();
  BOOST_TEST(!b.commitment.has_value());
  BOOST_TEST(b.unestimated == 1);
  BOOST_TEST(s.ideals().substr(0, 5) == "1.75 "); // from what is in it now
}

BOOST_AUTO_TEST_CASE(days_begin_at_midnight_of_the_time_zone_also_when_clocks_change) {
  // New York, 2026-03-08: 02:00 becomes 03:00, so the day has 23 hours and ends at 04:00Z.
  story s;
  s.frame.time_zone = "America/New_York";
  s.frame.first = make_date(2026, 3, 7);
  s.frame.last = make_date(2026, 3, 9);
  s.on("2026-03-01").add(1, 1).add(2, 2).add(3, 3).start();
  s.on("2026-03-08T04:59:59Z").is(1, work::done); // still the seventh
  s.on("2026-03-09T03:59:59Z").is(2, work::done); // still the eighth
  s.on("2026-03-09T04:00:00Z").is(3, work::done);
  BOOST_TEST(s.days() == "3-1=2 3-2=1 3-3=0 ");
  // Lord Howe, 2026-04-05: 02:00 becomes 01:30, half an hour; the day ends at 13:30Z.
  story l;
  l.frame.time_zone = "Australia/Lord_Howe";
  l.frame.first = make_date(2026, 4, 4);
  l.frame.last = make_date(2026, 4, 6);
  l.on("2026-04-01").add(1, 1).add(2, 2).add(3, 3).start();
  l.on("2026-04-04T12:59:59Z").is(1, work::done);
  l.on("2026-04-05T13:29:59Z").is(2, work::done);
  l.on("2026-04-05T13:30:00Z").is(3, work::done);
  BOOST_TEST(l.days() == "3-1=2 3-2=1 3-3=0 ");
}

BOOST_AUTO_TEST_CASE(the_result_of_a_sprint_is_what_its_chart_says) {
  auto s = three();
  s.on("2026-04-02").is(1, work::done).add(4, 5).is(4, work::done).is(2, work::cancelled);
  auto const r = result_of(s.frame.started, s.changes);
  BOOST_TEST(r.tickets.commitment.hundredths == 300);
  BOOST_TEST(r.tickets.completed.hundredths == 200);
  BOOST_TEST(r.points.commitment.hundredths == 600);
  BOOST_TEST(r.points.completed.hundredths == 600);
  auto const last = s.draw().days.back();
  BOOST_TEST(last.completed.value->hundredths == r.tickets.completed.hundredths);
}

RC_BOOST_PROP(the_changes_of_each_day_sum_to_the_step_and_the_past_stays, ()) {
  story s;
  bool started = false;
  std::string past;
  auto const steps = *rc::gen::container<std::vector<std::tuple<int, unsigned, int>>>(
      rc::gen::tuple(rc::gen::inRange(0, 7), rc::gen::inRange(1U, 6U), rc::gen::inRange(0, 9)));
  std::int64_t hours = 0;
  for (auto const& [what, n, points] : steps) {
    s.clock.ms += 5 * 3'600'000;
    hours += 5;
    s.frame.now = s.clock;
    auto const known = s.tickets.contains(n);
    switch (what) {
    case 0: s.add(n, points); break;
    case 1:
      if (known) s.remove(n);
      break;
    case 2:
      if (known) s.is(n, work::done);
      break;
    case 3:
      if (known) s.is(n, work::open);
      break;
    case 4:
      if (known) s.is(n, work::cancelled);
      break;
    case 5:
      if (known) s.estimate(n, points);
      break;
    default:
      if (!started) s.start();
      started = true;
    }
    for (auto const unit : {chart_unit::tickets, chart_unit::points}) RC_ASSERT(steps_are_sums(s.draw(unit)));
    // Whole days that are over never change, whatever comes.
    std::string over;
    auto const b = s.draw();
    for (auto const& d : b.days)
      if (d.scope && d.date < day_in("UTC", s.clock))
        over += json::to_string(*d.changes.value) + s.text(*d.scope.value);
    RC_ASSERT(over.starts_with(past));
    past = over;
  }
}

BOOST_AUTO_TEST_CASE(the_picture_shows_the_figures_and_escapes_the_name) {
  auto s = three();
  s.on("2026-04-02").is(1, work::done);
  auto const svg =
      burndown_svg(s.draw(), "A <b> & \"c\" sprint whose name goes on and on and on, far beyond what fits in a line");
  BOOST_TEST(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  BOOST_TEST(svg.find("A &lt;b&gt; &amp; &quot;c&quot; sprint") != svg.npos);
  BOOST_TEST(svg.find("<b>") == svg.npos);
  BOOST_TEST(svg.find("scope 3, completed 1, remaining 2") != svg.npos);
  BOOST_TEST(svg.find("prefers-color-scheme:dark") != svg.npos);
  BOOST_TEST(svg.find("NaN") == svg.npos);
  for (std::string_view const line : {"scope", "completed", "remaining", "ideal"})
    BOOST_TEST(svg.find("<polyline class=\"" + std::string(line) + "\"") != svg.npos);
}

BOOST_AUTO_TEST_CASE(what_xml_cannot_hold_stays_out_of_the_picture) {
  auto const all = three().draw();
  std::string name = "a";
  for (char c = 1; c < 0x20; ++c) name += c;
  name += '\0';
  name += "\xef\xbf\xbe\xef\xbf\xbf\xed\xa0\x80\xff\xf4\x90\x80\x80z\xf0\x9f\xa6\x80";
  auto const svg = burndown_svg(all, name);
  std::string const left_out = "\xef\xbf\xbd";
  for (char c = 0; c < 0x20; ++c)
    BOOST_TEST((c == '\t' || c == '\n' || c == '\r' || svg.find(c) == svg.npos), static_cast<int>(c));
  for (std::string_view const bytes : {"\xef\xbf\xbe", "\xef\xbf\xbf", "\xed\xa0\x80", "\xff", "\xf4\x90"})
    BOOST_TEST(svg.find(bytes) == svg.npos);
  BOOST_TEST(svg.find("z\xf0\x9f\xa6\x80") != svg.npos);
  BOOST_TEST(svg.find("a" + left_out) != svg.npos);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::projections
