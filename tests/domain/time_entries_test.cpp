#include "domain/labor_rates.hpp"
#include "domain/periods.hpp"
#include "domain/teams.hpp"
#include "domain/terms.hpp"
#include "domain/time_entries.hpp"
#include "tests/domain/tracker.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::domain {
namespace {

uuid const entry_id = id_of(70), team_a = id_of(80), team_b = id_of(81);
date const worked = make_date(2026, 3, 30); // two days before the commands of the tests

// Ada, a Member, logs; the Owner and an Admin decide.
struct timesheet : tracker {
  uuid const admin = id_of(6);

  timesheet() {
    given(entity::member, admin, events::member_added{admin, role::Admin, false, {}});
    act_as(ada, role::Member);
  }
  events::time_entry_logged logged(std::int64_t minutes = 90) const {
    events::time_entry_logged e;
    e.user_id = ada;
    e.ticket_id = ticket_id;
    e.project_id = project_id;
    e.date = worked;
    e.minutes = minutes;
    e.capitalization_type = capitalization::Opex;
    return e;
  }
  time_entry the_entry() const { return get<time_entry>(entry_id); }
  timesheet& log(std::string_view json) {
    when(decide(state, the_org(), the_ticket(), body<log_time>(json), by));
    return *this;
  }
  timesheet& update(std::string_view json) {
    when(decide(state, the_org(), the_entry(), body<update_time_entry>(json), by));
    return *this;
  }
  void given_entry(time_status s = time_status::Draft) {
    given(entity::time_entry, entry_id, logged());
    if (s != time_status::Draft) given(entity::time_entry, entry_id, events::time_entry_submitted{});
    if (s == time_status::Approved) given(entity::time_entry, entry_id, events::time_entry_approved{});
    if (s == time_status::Rejected) given(entity::time_entry, entry_id, events::time_entry_rejected{"no"});
  }
  void close(std::string const& month) {
    events::period_closed e;
    e.month = month;
    given(entity::period, id_of(90), e);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(time_entries, timesheet)

BOOST_AUTO_TEST_CASE(time_is_logged_in_minutes_or_in_hours) {
  log(R"({"date":"2026-03-30","minutes":90,"description":"It","activity":"coding"})");
  auto e = logged();
  e.description = "It";
  e.activity = "coding";
  then(entity::time_entry, id_of(1001), e);
  BOOST_TEST(json::to_string(get<time_entry>(id_of(1001)).hours) == "1.5");
  log(R"({"date":"2026-03-31","hours":1.5})");
  e = logged();
  e.date = make_date(2026, 3, 31);
  then(entity::time_entry, id_of(1002), e);
}

BOOST_AUTO_TEST_CASE(minutes_are_said_once_and_fit_into_a_day) {
  log(R"({"date":"2026-03-30"})").then_refused(errc::validation_failed, "/minutes minutes_or_hours");
  log(R"({"date":"2026-03-30","minutes":60,"hours":2})").then_refused(errc::validation_failed, "/hours contradiction");
  log(R"({"date":"2026-03-30","hours":0})").then_refused(errc::validation_failed, "/hours not_positive");
  BOOST_TEST(json::read<log_time>(R"({"date":"2026-03-30","hours":24.25})").error().faults.front().code ==
             "out_of_range");
  BOOST_TEST(json::read<log_time>(R"({"date":"2026-03-30","hours":0.33})").error().faults.front().code ==
             "not_whole_minutes");
  BOOST_TEST(json::read<log_time>(R"({"date":"2026-03-30","minutes":1441})").has_error());
}

BOOST_AUTO_TEST_CASE(a_day_has_1440_minutes_over_all_entries_of_a_user) {
  given(entity::time_entry, entry_id, logged(1400));
  log(R"({"date":"2026-03-30","minutes":41})").then_refused(errc::validation_failed, "/minutes day_full");
  log(R"({"date":"2026-03-30","minutes":40})");
  BOOST_TEST(decided->has_value());
  log(R"({"date":"2026-03-29","minutes":1440})");
  BOOST_TEST(decided->has_value());
  update(R"({"minutes":1440})"); // its own minutes do not stand in its way
  BOOST_TEST(decided->has_value());
  given(entity::time_entry, entry_id, events::time_entry_deleted{ada, ticket_id, worked, 1400});
  log(R"({"date":"2026-03-30","minutes":1440})");
  BOOST_TEST(decided->has_value());
}

BOOST_AUTO_TEST_CASE(tomorrow_is_that_of_the_organization) {
  // The commands come at 2026-04-01T09:30Z: it is the first of April in UTC, and on Kiritimati the second is near.
  log(R"({"date":"2026-04-02","minutes":1})").then_refused(errc::validation_failed, "/date in_the_future");
  by.at = *parse_timestamp("2026-04-01T10:30:00Z");
  make_so<org>(org_id, [](org& o) { o.time_zone = "Pacific/Kiritimati"; });
  log(R"({"date":"2026-04-02","minutes":1})");
  BOOST_TEST(decided->has_value());
  make_so<org>(org_id, [](org& o) { o.time_zone = "Pacific/Pago_Pago"; });
  log(R"({"date":"2026-04-01","minutes":1})").then_refused(errc::validation_failed, "/date in_the_future");
}

BOOST_AUTO_TEST_CASE(an_entry_keeps_type_phase_and_team_of_its_day) {
  for (auto const& [team, name] : {std::pair{team_a, "A"}, {team_b, "B"}})
    given(entity::team, team, events::team_created{name, {}});
  by.at = *parse_timestamp("2026-04-10T12:00:00Z");
  given(entity::team, team_a, events::team_member_added{ada});
  events::project_updated p;
  p.changes.capitalization_type.value = {std::nullopt, capitalization::Capex};
  p.changes.development_phase.value = {std::nullopt, phase::Preliminary};
  given(entity::project, project_id, p);
  by.at = *parse_timestamp("2026-04-20T12:00:00Z");
  given(entity::team, team_a, events::team_member_removed{ada});
  given(entity::team, team_b, events::team_member_added{ada});
  p.changes.capitalization_type.value.reset();
  p.changes.development_phase.value = {phase::Preliminary, phase::AppDevelopment};
  given(entity::project, project_id, p);
  by.at = *parse_timestamp("2026-04-30T12:00:00Z");

  auto const on = [&](char const* day) {
    log(std::string(R"({"date":")") + day + R"(","minutes":1})");
    auto const e = std::get<events::time_entry_logged>((*decided)->events.front().what);
    return std::string(e.team_id == team_a   ? "A"
                       : e.team_id == team_b ? "B"
                                             : "-") +
           " " + std::string(json::name_of(*e.development_phase));
  };
  BOOST_TEST(on("2026-04-19") == "A Preliminary");
  BOOST_TEST(on("2026-04-20") == "B AppDevelopment"); // as the day ended
  BOOST_TEST(on("2026-04-25") == "B AppDevelopment");
}

BOOST_AUTO_TEST_CASE(before_the_first_day_that_is_known_holds_what_held_on_it) {
  given(entity::team, team_a, events::team_created{"A", {}});
  given(entity::team, team_a, events::team_member_added{ada}); // on 2026-04-01
  BOOST_TEST((team_on(state, org_id, ada, make_date(2020, 1, 1)) == team_a));
  BOOST_TEST(!team_on(state, org_id, bob, make_date(2026, 4, 1)).has_value());
}

BOOST_AUTO_TEST_CASE(of_several_teams_the_one_joined_first_counts) {
  for (auto const& team : {team_b, team_a}) {
    given(entity::team, team, events::team_created{to_string(team), {}});
    given(entity::team, team, events::team_member_added{ada});
  }
  BOOST_TEST((team_on(state, org_id, ada, worked) == team_b));
}

BOOST_AUTO_TEST_CASE(only_ones_own_drafts_and_rejected_entries_change) {
  given_entry();
  update(R"({"minutes":30})");
  events::time_entry_updated e;
  e.changes.minutes.value = {90, 30};
  then(entity::time_entry, entry_id, e);
  act_as(bob, role::Owner);
  update(R"({"minutes":31})").then_refused(errc::not_yours);
  act_as(ada, role::Member);
  given(entity::time_entry, entry_id, events::time_entry_submitted{});
  update(R"({"minutes":31})").then_refused(errc::entry_locked);
  given(entity::time_entry, entry_id, events::time_entry_rejected{"too short"});
  BOOST_TEST((the_entry().status == time_status::Rejected));
  BOOST_TEST(the_entry().reason.value() == "too short");
  update(R"({"minutes":31})");
  e.changes.minutes.value = {30, 31};
  then(entity::time_entry, entry_id, e);
  BOOST_TEST((the_entry().status == time_status::Draft));
}

BOOST_AUTO_TEST_CASE(a_new_day_brings_its_own_type_where_the_old_one_had_its_days) {
  given_entry();
  make_so<project>(project_id, [&](project& p) {
    p.capitalization_type = capitalization::Capex;
    note_terms(state, p, {1, {}, tenant, {entity::project, project_id}, {0}, {}, "", 0, false}); // since 1970
  });
  update(R"({"date":"2026-03-29"})");
  auto const e = std::get<events::time_entry_updated>((*decided)->events.front().what);
  BOOST_TEST(e.changes.date.value->to.days == make_date(2026, 3, 29).days);
}

BOOST_AUTO_TEST_CASE(an_entry_goes_from_draft_to_submitted_to_approved_or_rejected) {
  struct row {
    time_status now;
    char const *submit, *approve, *reject, *reopen;
  };
  row const rows[] = {
      {time_status::Draft, "ok", "wrong_state", "wrong_state", "wrong_state"},
      {time_status::Submitted, "wrong_state", "ok", "ok", "wrong_state"},
      {time_status::Approved, "entry_locked", "entry_locked", "entry_locked", "ok"},
      {time_status::Rejected, "ok", "wrong_state", "wrong_state", "wrong_state"},
  };
  auto const said = [](result<decision> const& d) {
    return d ? std::string("ok") : std::string(describe(d.error().code).name);
  };
  for (auto const& r : rows) {
    timesheet t;
    t.given_entry(r.now);
    auto const e = t.the_entry();
    BOOST_TEST(said(submit(t.state, e, t.by)) == r.submit);
    t.act_as(t.admin, role::Admin);
    BOOST_TEST(said(submit(t.state, e, t.by)) == "not_yours");
    BOOST_TEST(said(approve(t.state, e, t.by)) == r.approve);
    BOOST_TEST(said(reject(t.state, e, {{"no"}}, t.by)) == r.reject);
    BOOST_TEST(said(reopen(t.state, e, {{"again"}})) == r.reopen);
  }
}

BOOST_AUTO_TEST_CASE(nobody_approves_himself_save_the_only_admin_and_that_is_marked) {
  given_entry(time_status::Submitted);
  act_as(ada, role::Admin);
  when(approve(state, the_entry(), by));
  then_refused(errc::own_entry);
  when(reject(state, the_entry(), {{"no"}}, by));
  then_refused(errc::own_entry);
  for (auto const& user : {owner, admin}) given(entity::member, user, events::member_removed{user, role::Admin});
  when(approve(state, the_entry(), by));
  then(entity::time_entry, entry_id, events::time_entry_approved{true});
  BOOST_TEST(the_entry().self_approved);
}

BOOST_AUTO_TEST_CASE(an_admin_who_cannot_log_in_decides_on_nobodys_time) {
  given_entry(time_status::Submitted);
  act_as(ada, role::Admin);
  given(entity::member, owner, events::member_removed{owner, role::Owner});
  BOOST_TEST((get<member>(admin).role == role::Admin)); // and has no account
  when(approve(state, the_entry(), by));
  then(entity::time_entry, entry_id, events::time_entry_approved{true});
}

BOOST_AUTO_TEST_CASE(reopening_makes_a_draft_again) {
  given_entry(time_status::Approved);
  when(reopen(state, the_entry(), {{"wrong ticket"}}));
  then(entity::time_entry, entry_id, events::time_entry_reopened{"wrong ticket"});
  auto const e = the_entry();
  BOOST_TEST((e.status == time_status::Draft));
  BOOST_TEST(!e.approved_by.has_value());
  BOOST_TEST(!e.submitted_at.has_value());
}

BOOST_AUTO_TEST_CASE(a_closed_month_refuses_all_that_its_report_counts) {
  close("2026-03");
  log(R"({"date":"2026-03-30","minutes":1})").then_refused(errc::period_closed);
  for (auto const s : {time_status::Draft, time_status::Submitted, time_status::Approved, time_status::Rejected}) {
    timesheet t;
    t.given_entry(s);
    t.close("2026-03");
    auto const e = t.the_entry();
    auto const closed = [](result<decision> const& d) {
      return d.has_error() && d.error().code == errc::period_closed;
    };
    bool const changeable = s == time_status::Draft || s == time_status::Rejected;
    BOOST_TEST(closed(decide(t.state, t.the_org(), e, body<update_time_entry>(R"({"minutes":1})"), t.by)) ==
               changeable);
    BOOST_TEST(closed(remove(t.state, e, t.by)) == changeable);
    BOOST_TEST(closed(submit(t.state, e, t.by)) == changeable);
    t.act_as(t.admin, role::Admin);
    BOOST_TEST(closed(approve(t.state, e, t.by)) == (s == time_status::Submitted));
    BOOST_TEST(closed(reject(t.state, e, {{"no"}}, t.by)) == (s == time_status::Submitted));
    BOOST_TEST(closed(reopen(t.state, e, {{"why"}})) == (s == time_status::Approved));
  }
  given(entity::period, id_of(90), events::period_reopened{"2026-03", "a slip"});
  log(R"({"date":"2026-03-30","minutes":1})");
  BOOST_TEST(decided->has_value());
}

BOOST_AUTO_TEST_CASE(nothing_moves_into_a_closed_month_either) {
  given_entry();
  close("2026-02");
  update(R"({"date":"2026-02-28"})").then_refused(errc::period_closed);
}

BOOST_AUTO_TEST_CASE(what_comes_late_adjusts_a_closed_month_from_an_open_one) {
  log(R"({"date":"2026-03-30","minutes":5,"adjusts":"2026-02"})")
      .then_refused(errc::validation_failed, "/adjusts not_closed");
  log(R"({"date":"2026-03-30","minutes":5,"adjusts":"2026-03"})")
      .then_refused(errc::validation_failed, "/adjusts not_earlier");
  close("2026-02");
  log(R"({"date":"2026-03-30","minutes":5,"adjusts":"2026-02"})");
  auto e = logged(5);
  e.adjusts = "2026-02";
  then(entity::time_entry, id_of(1001), e);
}

BOOST_AUTO_TEST_CASE(a_rate_holds_until_the_next_begins_and_one_of_the_same_date_is_replaced) {
  auto const set = [&](std::int64_t cents, date from) {
    when(decide(state, org_id, ada, {{}, {cents}, from, {}}, by));
    given((*decided)->events);
  };
  auto const on = [&](date day) {
    auto const rates = read_rates(state, org_id, ada);
    auto const* const r = rate_on(rates, day);
    return r ? r->cents : -1;
  };
  set(2000, make_date(2026, 3, 10));
  auto const before = position;
  set(1000, make_date(2026, 1, 1));
  set(2500, make_date(2026, 3, 10));
  BOOST_TEST(on(make_date(2025, 12, 31)) == -1);
  BOOST_TEST(on(make_date(2026, 1, 1)) == 1000);
  BOOST_TEST(on(make_date(2026, 3, 9)) == 1000);
  BOOST_TEST(on(make_date(2026, 3, 10)) == 2500);
  BOOST_TEST(read_rates(state, org_id, ada).size() == 2U);
  BOOST_TEST(read_rates(state, org_id, ada, before).front().cents == 2000); // as it stood then
}

BOOST_AUTO_TEST_CASE(a_rate_that_would_change_a_closed_month_is_refused) {
  auto const set = [&](date from) { when(decide(state, org_id, ada, {{}, {1000}, from, {}}, by)); };
  close("2026-02");
  for (auto const from : {make_date(2026, 1, 1), make_date(2026, 2, 1), make_date(2026, 2, 28)}) {
    set(from);
    then_refused(errc::period_closed);
  }
  set(make_date(2026, 3, 1));
  given((*decided)->events);
  given(entity::labor_rate, id_of(95), events::labor_rate_set{ada, 900, make_date(2026, 2, 1), {}});
  set(make_date(2026, 1, 15)); // it would end before the closed month begins
  BOOST_TEST(decided->has_value());
}

BOOST_AUTO_TEST_CASE(a_month_is_closed_once_and_not_before_it_begins) {
  act_as(owner, role::Owner);
  when(domain::close(state, the_org(), "2026-05", {}, by));
  then_refused(errc::wrong_state);
  when(domain::close(state, the_org(), "2026-03", {}, by));
  BOOST_TEST_REQUIRE(decided->has_value());
  given((*decided)->events);
  when(domain::close(state, the_org(), "2026-03", {}, by));
  then_refused(errc::wrong_state);
  when(reopen(state, the_org(), "2026-02", {{"x"}}));
  then_refused(errc::wrong_state);
}

BOOST_AUTO_TEST_CASE(what_has_time_on_it_is_not_deleted) {
  when(remove(the_project(), the_ticket(), 2));
  then_refused(errc::in_use);
  when(remove(state, the_project(), {}, 0, 1));
  then_refused(errc::in_use);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::domain
