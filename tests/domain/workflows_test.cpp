#include "tests/domain/tracker.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::domain {
namespace {

using namespace events;

struct workflows : tracker {
  std::map<std::string, std::vector<uuid>> in_use;

  workflows& create_a_workflow(std::string const& json) {
    when(decide(state, the_org(), body<create_workflow>(json), by));
    return *this;
  }
  workflows& update_the_workflow(std::string const& json) {
    when(decide(state, the_workflow(), body<update_workflow>(json), [&](std::string const& status) {
      auto const it = in_use.find(status);
      return it == in_use.end() ? std::vector<uuid>{} : it->second;
    }));
    return *this;
  }
  workflows& create_a_label(std::string const& json) {
    when(decide(state, the_org(), body<create_label>(json), by));
    return *this;
  }
  workflows& update_the_label(std::string const& json) {
    when(decide(state, get<label>(bug), body<update_label>(json)));
    return *this;
  }
};

std::string two_statuses(std::string const& more) {
  return R"({"name":"W","statuses":[{"name":"Open","category":"todo"},{"name":"Shut","category":"done"}])" + more + "}";
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(workflow_rules, workflows)

BOOST_AUTO_TEST_CASE(a_workflow_has_statuses_and_may_have_transitions) {
  workflow_created e;
  e.name = "W";
  e.statuses = {{"Open", category::todo, false}, {"Shut", category::done, false}};
  create_a_workflow(two_statuses("")).then(entity::workflow, id_of(1001), e);
  BOOST_TEST((the_org().default_workflow_id == workflow_id)); // the first one stays

  e.name = "Strict";
  e.statuses.push_back({"Cancelled", category::done, true}); // cancels by its name, unless it says else
  e.transitions = {{"Open", "Shut"}};
  e.enforcement = enforcement::strict;
  create_a_workflow(R"({"name":"Strict","statuses":[{"name":"Open","category":"todo"},{"name":"Shut","category":"done"},
    {"name":"Cancelled","category":"done"}],"transitions":[{"from":"Open","to":"Shut"}],"enforcement":"strict","id":)" +
                    quoted(id_of(71)) + "}")
      .then(entity::workflow, id_of(71), e);
}

BOOST_AUTO_TEST_CASE(a_workflows_faults_are_told_at_once) {
  create_a_workflow(
      R"({"name":"W","statuses":[{"name":"A","category":"todo","cancels":true},{"name":"A","category":"done"}],
    "transitions":[{"from":"A","to":"B"},{"from":"B","to":"A"},{"from":"A","to":"A"},{"from":"A","to":"A"}]})")
      .then_refused(errc::validation_failed,
                    "/statuses/0/cancels not_done, /statuses/1/name duplicate, /transitions/0/to unknown_status, "
                    "/transitions/1/from unknown_status, /transitions/3 duplicate");
}

BOOST_AUTO_TEST_CASE(a_workflows_name_and_id_are_taken_once) {
  create_a_workflow(R"({"name":"Default","statuses":[{"name":"A","category":"todo"}]})")
      .then_refused(errc::already_exists);
  create_a_workflow(two_statuses(R"(,"id":)" + quoted(workflow_id))).then_refused(errc::already_exists);
  create_a_workflow(two_statuses(""));
  given(decided->value().events);
  update_the_workflow(R"({"name":"W"})").then_refused(errc::already_exists);
}

BOOST_AUTO_TEST_CASE(an_update_of_a_workflow_tells_from_and_to) {
  workflow_changes c;
  c.name.value = {"Default", "Other"};
  c.enforcement.value = {enforcement::none, enforcement::warn};
  c.transitions.value = {{}, {{"Backlog", "Ready"}}};
  update_the_workflow(R"({"name":"Other","enforcement":"warn","transitions":[{"from":"Backlog","to":"Ready"}]})")
      .then(entity::workflow, workflow_id, workflow_updated{c});
  update_the_workflow(R"({"name":"Other","enforcement":"warn","transitions":[{"from":"Backlog","to":"Ready"}]})")
      .then_nothing();
  create_a_workflow(R"({"name":"Default","statuses":[{"name":"A","category":"todo"}]})");
  BOOST_TEST(decided->has_value()); // the former name is free
}

BOOST_AUTO_TEST_CASE(a_status_in_use_stays_and_keeps_its_category) {
  in_use = {{"Review", {id_of(41), id_of(42)}}};
  update_the_workflow(R"({"statuses":[{"name":"Backlog","category":"todo"}]})").then_refused(errc::in_use);
  BOOST_TEST(decided->error().members == "\"count\":2");
  update_the_workflow(R"({"statuses":[{"name":"Review","category":"done"}]})").then_refused(errc::in_use);
  workflow_changes c;
  c.statuses.value = {default_workflow().statuses, {{"Review", category::in_progress, false}}};
  update_the_workflow(R"({"statuses":[{"name":"Review","category":"in_progress"}]})")
      .then(entity::workflow, workflow_id, workflow_updated{c});
}

BOOST_AUTO_TEST_CASE(tickets_move_out_of_a_status_that_is_taken_away) {
  in_use = {{"Review", {id_of(41), id_of(42)}}, {"Done", {id_of(43)}}, {"Backlog", {ticket_id}}};
  std::vector<workflow_status> const next{{"Backlog", category::todo, false}, {"Closed", category::done, false}};
  workflow_changes c;
  c.statuses.value = {default_workflow().statuses, next};
  facts expected;
  record(expected, org_id, entity::workflow, workflow_id, workflow_updated{c});
  for (auto const n : {41U, 42U})
    record(expected, org_id, entity::ticket, id_of(n),
           ticket_status_changed{{"Review", "Backlog"}, {category::in_progress, category::todo}});
  record(expected, org_id, entity::ticket, id_of(43),
         ticket_status_changed{{"Done", "Closed"}, {category::done, category::done}});
  for (auto const n : {41U, 42U, 43U}) {
    auto t = first_ticket();
    t.ticket_number = static_cast<std::int64_t>(n);
    given(entity::ticket, id_of(n), t);
  }
  std::string const statuses =
      R"("statuses":[{"name":"Backlog","category":"todo"},{"name":"Closed","category":"done"}])";
  update_the_workflow("{" + statuses + R"(,"migrate":{"Review":"Backlog"}})").then_refused(errc::in_use);
  BOOST_TEST(decided->error().members == "\"count\":1"); // of Done, about which nothing is said
  update_the_workflow("{" + statuses + R"(,"migrate":{"Review":"Backlog","Done":"Closed","Ready":"Closed"}})")
      .then(expected);
  BOOST_TEST(get<ticket>(id_of(41)).status == "Backlog");
  BOOST_TEST((get<ticket>(id_of(43)).category == category::done));
}

BOOST_AUTO_TEST_CASE(tickets_follow_a_status_into_another_category) {
  in_use = {{"Review", {ticket_id}}};
  workflow_changes c;
  std::vector<workflow_status> const next{{"Review", category::done, false}};
  c.statuses.value = {default_workflow().statuses, next};
  facts expected;
  record(expected, org_id, entity::workflow, workflow_id, workflow_updated{c});
  record(expected, org_id, entity::ticket, ticket_id,
         ticket_status_changed{{"Review", "Review"}, {category::in_progress, category::done}});
  update_the_workflow(R"({"statuses":[{"name":"Review","category":"done"}],"migrate":{"Review":"Review"}})")
      .then(expected);
}

BOOST_AUTO_TEST_CASE(what_migrate_says_must_be_about_what_goes_and_lead_to_what_is_there) {
  update_the_workflow(R"({"statuses":[{"name":"Ready","category":"todo"}],
    "migrate":{"Nowhere":"Ready","Ready":"Ready","Done":"Gone","a/b~c":"Ready"}})")
      .then_refused(errc::validation_failed, "/migrate/Done unknown_status, /migrate/Nowhere unknown_status, "
                                             "/migrate/Ready status_stays, /migrate/a~1b~0c unknown_status");
  update_the_workflow(R"({"migrate":{"Done":"Ready"}})")
      .then_refused(errc::validation_failed, "/migrate/Done status_stays");
}

BOOST_AUTO_TEST_CASE(a_workflow_goes_that_nobody_needs) {
  when(remove(the_org(), the_workflow(), 0)).then_refused(errc::wrong_state); // new projects get it
  create_a_workflow(two_statuses(""))
      .then(entity::workflow, id_of(1001), std::get<workflow_created>(decided->value().events.front().what));
  auto const second = get<workflow>(id_of(1001));
  when(remove(the_org(), second, 3)).then_refused(errc::in_use);
  BOOST_TEST(decided->error().members == "\"count\":3");
  when(remove(the_org(), second, 0)).then(entity::workflow, second.id, workflow_deleted{"W"});
  BOOST_TEST(!find<workflow>(state, org_id, second.id).has_value());
  create_a_workflow(two_statuses(""));
  BOOST_TEST(decided->has_value()); // its name is free
}

BOOST_AUTO_TEST_CASE(transitions_name_statuses_that_stay) {
  update_the_workflow(R"({"transitions":[{"from":"Backlog","to":"Ready"}]})");
  given(decided->value().events);
  update_the_workflow(R"({"statuses":[{"name":"Backlog","category":"todo"}]})")
      .then_refused(errc::validation_failed, "/statuses status_in_transition");
  update_the_workflow(R"({"statuses":[{"name":"Backlog","category":"todo"}],"transitions":[]})");
  BOOST_TEST(decided->has_value());
  update_the_workflow(R"({"transitions":[{"from":"Backlog","to":"Gone"}]})")
      .then_refused(errc::validation_failed, "/transitions/0/to unknown_status");
}

BOOST_AUTO_TEST_CASE(what_a_workflow_allows) {
  workflow w;
  w.statuses = {{"A", category::todo, false}, {"B", category::todo, false}, {"C", category::done, false}};
  BOOST_TEST(w.allows("A", "C"));
  BOOST_TEST((w.allowed_from("A") == std::vector<std::string>{"B", "C"}));
  w.transitions = {{"A", "B"}};
  BOOST_TEST(w.allows("A", "B"));
  BOOST_TEST(!w.allows("B", "A"));
  BOOST_TEST(w.allows("B", "B"));
  BOOST_TEST(w.allowed_from("B").empty());
  BOOST_TEST(w.find("C") == &w.statuses[2]);
  BOOST_TEST(w.find("D") == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(label_rules, workflows)

BOOST_AUTO_TEST_CASE(a_label_has_a_name_and_a_color) {
  create_a_label(R"({"name":"new","color":"#00ff00"})")
      .then(entity::label, id_of(1001), label_created{"new", "#00ff00"});
  create_a_label(R"({"name":"new","color":"#00ff00"})").then_refused(errc::already_exists);
  create_a_label(R"({"name":"newer","color":"#00ff00","id":)" + quoted(bug) + "}").then_refused(errc::already_exists);
}

BOOST_AUTO_TEST_CASE(a_label_is_renamed_to_what_is_free) {
  update_the_label(R"({"name":"urgent"})").then_refused(errc::already_exists);
  label_changes c;
  c.name.value = {"bug", "fault"};
  c.color.value = {"#ff0000", "#00FF00"};
  update_the_label(R"({"name":"fault","color":"#00FF00"})").then(entity::label, bug, label_updated{c});
  update_the_label(R"({"name":"fault","color":"#00FF00"})").then_nothing();
  create_a_label(R"({"name":"bug","color":"#00ff00"})");
  BOOST_TEST(decided->has_value());
}

BOOST_AUTO_TEST_CASE(a_label_goes_that_no_ticket_carries) {
  when(remove(get<label>(bug), 2)).then_refused(errc::in_use);
  BOOST_TEST(decided->error().members == "\"count\":2");
  when(remove(get<label>(bug), 0)).then(entity::label, bug, label_deleted{"bug"});
  BOOST_TEST(!find<label>(state, org_id, bug).has_value());
  create_a_label(R"({"name":"bug","color":"#00ff00"})");
  BOOST_TEST(decided->has_value());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::domain
