// Moves through the workflow, assignment and comments; the fields of a ticket stand in tickets_test.cpp.
#include "tests/domain/tracker.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::domain {
namespace {

using namespace events;

struct moves : tracker {
  void set_workflow(enforcement how) {
    workflow_created w = default_workflow();
    w.transitions = {{"Backlog", "Ready"}, {"Ready", "InProgress"}, {"Backlog", "Cancelled"}};
    w.enforcement = how;
    given(entity::workflow, workflow_id, w);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(ticket_moves, moves)

// ------------------------------------------------------------------------------- moves

BOOST_AUTO_TEST_CASE(without_enforcement_any_move_is_made) {
  set_workflow(enforcement::none);
  command<transition_ticket>(R"({"status":"Done"})")
      .then_ticket({ticket_status_changed{{"Backlog", "Done"}, {category::todo, category::done}}});
}

BOOST_AUTO_TEST_CASE(a_workflow_that_warns_lets_the_move_happen_and_says_so) {
  set_workflow(enforcement::warn);
  command<transition_ticket>(R"({"status":"Done"})")
      .then_ticket({ticket_status_changed{{"Backlog", "Done"}, {category::todo, category::done}}},
                   "the workflow Default does not allow Backlog to Done");
}

BOOST_AUTO_TEST_CASE(a_strict_workflow_refuses_and_tells_what_it_allows) {
  set_workflow(enforcement::strict);
  for (int const way : {0, 1}) {
    if (way == 0)
      command<transition_ticket>(R"({"status":"Done"})").then_refused(errc::transition_not_allowed);
    else
      command<update_ticket>(R"({"title":"other","status":"Done"})").then_refused(errc::transition_not_allowed);
    BOOST_TEST(decided->error().members == R"("from":"Backlog","to":"Done","allowed":["Ready","Cancelled"])");
  }
  command<transition_ticket>(R"({"status":"Ready"})")
      .then_ticket({ticket_status_changed{{"Backlog", "Ready"}, {category::todo, category::todo}}});
}

BOOST_AUTO_TEST_CASE(a_strict_workflow_without_transitions_allows_every_move) {
  workflow_created w = default_workflow();
  w.enforcement = enforcement::strict;
  given(entity::workflow, workflow_id, w);
  command<transition_ticket>(R"({"status":"Done"})")
      .then_ticket({ticket_status_changed{{"Backlog", "Done"}, {category::todo, category::done}}});
}

BOOST_AUTO_TEST_CASE(a_status_is_one_of_the_workflow) {
  command<transition_ticket>(R"({"status":"Backlogs"})").then_refused(errc::validation_failed, "/status not_one_of");
  BOOST_TEST(decided->error().detail == "the workflow Default has Backlog, Ready, InProgress, Review, Done, Cancelled");
}

BOOST_AUTO_TEST_CASE(a_move_may_bring_a_comment) {
  facts expected;
  record(expected, org_id, entity::ticket, ticket_id,
         ticket_status_changed{{"Backlog", "Done"}, {category::todo, category::done}});
  record(expected, org_id, entity::comment, id_of(1001), comment_created{ticket_id, owner, "done"});
  command<transition_ticket>(R"({"status":"Done","comment":"done"})").then(expected);
}

// ------------------------------------------------------------------------------- assignment

BOOST_AUTO_TEST_CASE(a_ticket_is_assigned_and_let_go) {
  command<assign_ticket>(R"({"assignee_id":)" + quoted(ada) + "}").then_ticket({ticket_assigned{{std::nullopt, ada}}});
  command<assign_ticket>(R"({"assignee_id":)" + quoted(ada) + "}").then_nothing();
  command<assign_ticket>(R"({"assignee_id":null})").then_ticket({ticket_assigned{{ada, std::nullopt}}});
  command<assign_ticket>("{}").then_refused(errc::validation_failed, "/assignee_id required");
}

// ------------------------------------------------------------------------------- comments

BOOST_AUTO_TEST_CASE(a_comment_is_written_by_its_caller) {
  act_as(bob, role::Reporter);
  command<create_comment>(R"({"body":"still\nburning"})")
      .then(entity::comment, id_of(1001), comment_created{ticket_id, bob, "still\nburning"});
  command<create_comment>(R"({"body":"x","author_id":)" + quoted(bob) + R"(,"id":)" + quoted(comment_id) + "}")
      .then(entity::comment, comment_id, comment_created{ticket_id, bob, "x"});
  command<create_comment>(R"({"body":"x","id":)" + quoted(comment_id) + "}").then_refused(errc::already_exists);
  command<create_comment>(R"({"body":"x","author_id":)" + quoted(ada) + "}")
      .then_refused(errc::validation_failed, "/author_id not_yourself");
}

BOOST_AUTO_TEST_CASE(a_comment_is_changed_and_deleted_by_its_author_or_an_admin) {
  given(entity::comment, comment_id, comment_created{ticket_id, bob, "first"});
  auto const change = [&](std::string const& json) -> decider& {
    return when(decide(org_id, get<comment>(comment_id), body<update_comment>(json), by));
  };
  act_as(ada, role::Member);
  change(R"({"body":"second"})").then_refused(errc::role_too_low);
  when(remove(org_id, get<comment>(comment_id), by)).then_refused(errc::role_too_low);

  comment_changes c;
  c.body.value = {"first", "second"};
  act_as(bob, role::Viewer); // whatever became of his role, it is his
  change(R"({"body":"second"})").then(entity::comment, comment_id, comment_updated{ticket_id, c});
  change(R"({"body":"second"})").then_nothing();
  change("{}").then_nothing();

  act_as(ada, role::Admin);
  when(remove(org_id, get<comment>(comment_id), by)).then(entity::comment, comment_id, comment_deleted{ticket_id});
  BOOST_TEST(!find<comment>(state, org_id, comment_id).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::domain
