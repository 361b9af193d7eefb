#include "domain/sprints.hpp"
#include "tests/domain/tracker.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::domain {
namespace {

using namespace events;

struct sprints : tracker {
  std::vector<uuid> inside;

  sprints& create_a_sprint(std::string const& json) {
    when(decide(state, the_project(), body<create_sprint>(json), by));
    return *this;
  }
  sprints& update_the_sprint(std::string const& json) {
    when(decide(org_id, get<sprint>(sprint_id), body<update_sprint>(json)));
    return *this;
  }
  sprints& complete(std::string const& json) {
    when(decide(state, org_id, get<sprint>(sprint_id), body<complete_sprint>(json), inside));
    return *this;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(sprint_rules, sprints)

BOOST_AUTO_TEST_CASE(a_sprint_is_planned_with_its_days) {
  auto const made = R"({"name":"S","goal":"g","start_date":"2026-05-01","end_date":"2026-05-01"})";
  create_a_sprint(made).then(entity::sprint, id_of(1001),
                             sprint_created{project_id, "S", "g", make_date(2026, 5, 1), make_date(2026, 5, 1)});
  BOOST_TEST((get<sprint>(id_of(1001)).status == sprint_status::Planned));
  create_a_sprint(R"({"name":"S","start_date":"2026-05-02","end_date":"2026-05-01"})")
      .then_refused(errc::validation_failed, "/end_date before_start");
  create_a_sprint(R"({"id":)" + quoted(sprint_id) + R"(,"name":"S","start_date":"2026-05-01","end_date":"2026-05-01"})")
      .then_refused(errc::already_exists);
}

BOOST_AUTO_TEST_CASE(a_sprint_is_changed_until_it_is_completed) {
  sprint_changes c;
  c.name.value = {"Sprint", "Renamed"};
  c.goal.value = {std::nullopt, "g"};
  c.start_date.value = {make_date(2026, 4, 1), make_date(2026, 4, 2)};
  update_the_sprint(R"({"name":"Renamed","goal":"g","start_date":"2026-04-02"})")
      .then(entity::sprint, sprint_id, sprint_updated{c});
  update_the_sprint(R"({"name":"Renamed","end_date":"2026-04-14"})").then_nothing();
  update_the_sprint(R"({"start_date":"2026-04-15"})").then_refused(errc::validation_failed, "/end_date before_start");
  update_the_sprint(R"({"end_date":"2026-04-01"})").then_refused(errc::validation_failed, "/end_date before_start");
  given(entity::sprint, sprint_id, sprint_completed{});
  update_the_sprint(R"({"name":"Late"})").then_refused(errc::wrong_state);
}

BOOST_AUTO_TEST_CASE(a_sprint_is_started_once) {
  when(start(org_id, get<sprint>(sprint_id))).then(entity::sprint, sprint_id, sprint_started{});
  auto const s = get<sprint>(sprint_id);
  BOOST_TEST((s.status == sprint_status::Active));
  BOOST_TEST((s.started_at == by.at));
  when(start(org_id, s)).then_refused(errc::sprint_not_planned);
  given(entity::sprint, sprint_id, sprint_completed{});
  when(start(org_id, get<sprint>(sprint_id))).then_refused(errc::sprint_not_planned);
}

BOOST_AUTO_TEST_CASE(only_an_active_sprint_is_completed_and_once) {
  complete("{}").then_refused(errc::wrong_state);
  given(entity::sprint, sprint_id, sprint_started{});
  by.at.ms += 1000;
  complete("{}").then(entity::sprint, sprint_id, sprint_completed{});
  auto const s = get<sprint>(sprint_id);
  BOOST_TEST((s.status == sprint_status::Completed));
  BOOST_TEST((s.completed_at == by.at));
  BOOST_TEST(s.version == 3U);
  complete("{}").then_refused(errc::wrong_state);
}

// The sprint ends before the tickets leave it: how much it left over can be read as of its end.
BOOST_AUTO_TEST_CASE(what_is_unfinished_goes_to_the_backlog_or_on) {
  given(entity::sprint, sprint_id, sprint_started{});
  for (auto const& [id, status, c] :
       {std::tuple{id_of(41), "Done", category::done}, {id_of(42), "Review", category::in_progress}}) {
    auto t = first_ticket();
    t.sprint_id = sprint_id;
    t.status = status;
    t.category = c;
    given(entity::ticket, id, t);
  }
  inside = {id_of(41), id_of(42)};
  for (auto const& [json, to] : {std::pair{std::string("{}"), std::optional<uuid>()},
                                 {R"({"move_unfinished_to":"backlog"})", {}},
                                 {R"({"move_unfinished_to":)" + quoted(next_sprint) + "}", next_sprint}}) {
    facts expected;
    record(expected, org_id, entity::sprint, sprint_id, sprint_completed{to});
    record(expected, org_id, entity::ticket, id_of(42), ticket_sprint_changed{{sprint_id, to}});
    complete(json);
    BOOST_TEST_REQUIRE(decided->has_value());
    BOOST_TEST(tests::text_of((*decided)->events) == tests::text_of(expected));
  }
  given((*decided)->events);
  BOOST_TEST((get<ticket>(id_of(41)).sprint_id == sprint_id));
  BOOST_TEST((get<ticket>(id_of(42)).sprint_id == next_sprint));
}

BOOST_AUTO_TEST_CASE(tickets_go_on_only_in_a_sprint_of_the_project_that_is_not_over) {
  given(entity::sprint, sprint_id, sprint_started{});
  given(entity::sprint, next_sprint, sprint_started{});
  given(entity::sprint, next_sprint, sprint_completed{});
  given(entity::sprint, id_of(22), sprint_created{other_project, "S", {}, {}, {}});
  auto const to = [&](uuid const& id) -> decider& { return complete(R"({"move_unfinished_to":)" + quoted(id) + "}"); };
  to(nobody_has).then_refused(errc::validation_failed, "/move_unfinished_to not_found");
  to(id_of(22)).then_refused(errc::validation_failed, "/move_unfinished_to not_found");
  to(next_sprint).then_refused(errc::validation_failed, "/move_unfinished_to sprint_completed");
  to(sprint_id).then_refused(errc::validation_failed, "/move_unfinished_to sprint_completed");
}

BOOST_AUTO_TEST_CASE(a_sprint_goes_that_has_no_tickets) {
  when(remove(org_id, get<sprint>(sprint_id), 2, by)).then_refused(errc::in_use);
  BOOST_TEST(decided->error().members == "\"count\":2");
  act_as(ada, role::Member);
  when(remove(org_id, get<sprint>(next_sprint), 0, by))
      .then(entity::sprint, next_sprint, sprint_deleted{project_id, "Sprint"});
  BOOST_TEST(!find<sprint>(state, org_id, next_sprint).has_value());
  given(entity::sprint, sprint_id, sprint_started{});
  when(remove(org_id, get<sprint>(sprint_id), 0, by)).then_refused(errc::role_too_low);
  act_as(owner, role::Admin);
  when(remove(org_id, get<sprint>(sprint_id), 0, by))
      .then(entity::sprint, sprint_id, sprint_deleted{project_id, "Sprint"});
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::domain
