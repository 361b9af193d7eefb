#include "tests/domain/tracker.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::domain {
namespace {

using namespace events;

struct tickets : tracker {
  tickets& create(std::string const& json) {
    when(decide(state, the_project(), body<create_ticket>(json), by));
    return *this;
  }
  std::string many_labels() {
    std::string all;
    for (unsigned i = 0; i < 50; ++i) {
      given(entity::label, id_of(600 + i), label_created{"l" + std::to_string(i), "#000000"});
      all += (i ? "," : "") + quoted(id_of(600 + i));
    }
    return all;
  }
};

std::string with(char const* field, uuid const& id) {
  return std::string(R"({"title":"T",")") + field + "\":" + quoted(id) + "}";
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(ticket_rules, tickets)

BOOST_AUTO_TEST_CASE(a_new_ticket_stands_at_the_workflows_beginning_and_takes_the_next_number) {
  auto expected = first_ticket();
  expected.ticket_number = 2;
  expected.reference = "ALLOY-2";
  expected.title = "T";
  create(R"({"title":"T"})").then(entity::ticket, id_of(1001), expected);
  BOOST_TEST(the_project().ticket_counter == 2);
  BOOST_TEST(the_project().version == 1U); // counting is no change of the project
  expected.ticket_number = 3;
  expected.reference = "ALLOY-3";
  create(R"({"title":"T"})").then(entity::ticket, id_of(1002), expected);
}

BOOST_AUTO_TEST_CASE(a_new_ticket_has_all_it_is_given) {
  ticket_created e;
  e.project_id = project_id;
  e.ticket_number = 2;
  e.reference = "ALLOY-2";
  e.title = "T";
  e.description = "two\nlines";
  e.status = "Backlog";
  e.priority = priority::Urgent;
  e.assignee_id = ada;
  e.reporter_id = bob;
  e.sprint_id = sprint_id;
  e.labels = {urgent, bug};
  e.estimate_points = points{250};
  e.estimate_minutes = 90;
  e.due_date = make_date(2026, 5, 1);
  create(R"({"id":)" + quoted(id_of(77)) +
         R"(,"title":"T","description":"two\nlines","priority":"Urgent","assignee_id":)" + quoted(ada) +
         R"(,"reporter_id":)" + quoted(bob) + R"(,"sprint_id":)" + quoted(sprint_id) + R"(,"labels":[)" +
         quoted(urgent) + "," + quoted(bug) +
         R"(],"estimate_points":2.5,"estimate_minutes":90,"due_date":"2026-05-01"})")
      .then(entity::ticket, id_of(77), e);
}

BOOST_AUTO_TEST_CASE(an_id_is_taken_once) {
  create(R"({"title":"T","id":)" + quoted(ticket_id) + "}").then_refused(errc::already_exists);
}

BOOST_AUTO_TEST_CASE(a_ticket_is_reported_by_its_caller_or_by_a_member_for_another) {
  act_as(bob, role::Reporter);
  create(with("reporter_id", ada)).then_refused(errc::validation_failed, "/reporter_id not_yourself");
  BOOST_TEST(decide(state, the_project(), body<create_ticket>(with("reporter_id", bob)), by).has_value());
  act_as(ada, role::Member);
  BOOST_TEST(decide(state, the_project(), body<create_ticket>(with("reporter_id", bob)), by).has_value());
}

BOOST_AUTO_TEST_CASE(only_members_report_and_are_assigned) {
  create(with("reporter_id", stranger)).then_refused(errc::validation_failed, "/reporter_id not_a_member");
  create(with("assignee_id", stranger)).then_refused(errc::validation_failed, "/assignee_id not_a_member");
  command<update_ticket>(R"({"reporter_id":)" + quoted(stranger) + "}")
      .then_refused(errc::validation_failed, "/reporter_id not_a_member");
  command<update_ticket>(R"({"assignee_id":)" + quoted(stranger) + "}")
      .then_refused(errc::validation_failed, "/assignee_id not_a_member");
  command<assign_ticket>(R"({"assignee_id":)" + quoted(stranger) + "}")
      .then_refused(errc::validation_failed, "/assignee_id not_a_member");
}

BOOST_AUTO_TEST_CASE(a_sprint_is_one_of_the_project) {
  create(with("sprint_id", nobody_has)).then_refused(errc::validation_failed, "/sprint_id not_found");
  given(entity::sprint, id_of(22), sprint_created{other_project, "S", {}, {}, {}});
  create(with("sprint_id", id_of(22))).then_refused(errc::validation_failed, "/sprint_id not_found");
  command<update_ticket>(R"({"sprint_id":)" + quoted(id_of(22)) + "}")
      .then_refused(errc::validation_failed, "/sprint_id not_found");
}

BOOST_AUTO_TEST_CASE(a_completed_sprint_takes_no_tickets) {
  make_so<sprint>(sprint_id, [](sprint& s) { s.status = sprint_status::Completed; });
  create(with("sprint_id", sprint_id)).then_refused(errc::validation_failed, "/sprint_id sprint_completed");
  command<update_ticket>(R"({"sprint_id":)" + quoted(sprint_id) + "}")
      .then_refused(errc::validation_failed, "/sprint_id sprint_completed");
}

BOOST_AUTO_TEST_CASE(what_is_in_a_completed_sprint_can_be_sent_back_as_it_is) {
  given(entity::ticket, ticket_id, ticket_sprint_changed{{std::nullopt, sprint_id}});
  make_so<sprint>(sprint_id, [](sprint& s) { s.status = sprint_status::Completed; });
  command<update_ticket>(R"({"sprint_id":)" + quoted(sprint_id) + "}").then_nothing();
}

// So is a person who is a member no more: nothing changes.
BOOST_AUTO_TEST_CASE(who_has_left_can_be_sent_back_as_he_is) {
  given(entity::ticket, ticket_id, ticket_assigned{{std::nullopt, ada}});
  given(entity::ticket, ticket_id, ticket_updated{[] {
          ticket_changes c;
          c.reporter_id.value = {owner, ada};
          return c;
        }()});
  given(entity::member, ada, member_removed{ada, role::Member});
  command<update_ticket>(R"({"assignee_id":)" + quoted(ada) + "}").then_nothing();
  command<update_ticket>(R"({"reporter_id":)" + quoted(ada) + "}").then_nothing();
}

BOOST_AUTO_TEST_CASE(labels_are_there_and_stand_in_the_list_once) {
  auto const labels = [](uuid const& a, uuid const& b) { return "[" + quoted(a) + "," + quoted(b) + "]"; };
  create(R"({"title":"T","labels":)" + labels(bug, nobody_has) + "}")
      .then_refused(errc::validation_failed, "/labels/1 not_found");
  create(R"({"title":"T","labels":)" + labels(bug, bug) + "}")
      .then_refused(errc::validation_failed, "/labels/1 duplicate");
  command<update_ticket>(R"({"labels":)" + labels(nobody_has, nobody_has) + "}")
      .then_refused(errc::validation_failed, "/labels/0 not_found, /labels/1 not_found");
}

BOOST_AUTO_TEST_CASE(all_faults_of_a_new_ticket_are_told_at_once) {
  act_as(bob, role::Reporter);
  create(R"({"title":"T","reporter_id":)" + quoted(stranger) + R"(,"assignee_id":)" + quoted(stranger) +
         R"(,"sprint_id":)" + quoted(nobody_has) + R"(,"labels":[)" + quoted(nobody_has) + "]}")
      .then_refused(errc::validation_failed, "/reporter_id not_yourself, /reporter_id not_a_member, /assignee_id "
                                             "not_a_member, /sprint_id not_found, /labels/0 not_found");
}

// ------------------------------------------------------------------------------- changes

BOOST_AUTO_TEST_CASE(an_update_tells_from_and_to_of_what_changed) {
  ticket_changes c;
  c.title.value = {"Printer", "Scanner"};
  c.description.value = {std::nullopt, "d"};
  c.priority.value = {priority::Medium, priority::Low};
  c.reporter_id.value = {owner, ada};
  c.estimate_points.value = {std::nullopt, points{50}};
  c.estimate_minutes.value = {std::nullopt, 30};
  c.due_date.value = {std::nullopt, make_date(2026, 5, 1)};
  command<update_ticket>(R"({"title":"Scanner","description":"d","priority":"Low","reporter_id":)" + quoted(ada) +
                         R"(,"estimate_points":0.5,"estimate_minutes":30,"due_date":"2026-05-01"})")
      .then_ticket({ticket_updated{c}});
  auto const t = the_ticket();
  BOOST_TEST(t.title == "Scanner");
  BOOST_TEST(t.version == 2U);

  ticket_changes cleared;
  cleared.description.value = {"d", std::nullopt};
  cleared.due_date.value = {make_date(2026, 5, 1), std::nullopt};
  command<update_ticket>(R"({"description":null,"due_date":null,"title":"Scanner"})")
      .then_ticket({ticket_updated{cleared}});
}

BOOST_AUTO_TEST_CASE(what_is_so_already_is_no_event) {
  command<update_ticket>("{}").then_nothing();
  command<update_ticket>(
      R"({"title":"Printer","status":"Backlog","priority":"Medium","assignee_id":null,"sprint_id":null,
    "labels":[],"description":null,"estimate_points":null})")
      .then_nothing();
  command<transition_ticket>(R"({"status":"Backlog"})").then_nothing();
  command<assign_ticket>(R"({"assignee_id":null})").then_nothing();
  BOOST_TEST(the_ticket().version == 1U);
}

BOOST_AUTO_TEST_CASE(one_patch_that_renames_moves_and_assigns_is_three_events_and_one_version) {
  ticket_changes c;
  c.title.value = {"Printer", "Scanner"};
  command<update_ticket>(R"({"title":"Scanner","status":"InProgress","assignee_id":)" + quoted(ada) + "}")
      .then_ticket({ticket_updated{c},
                    ticket_status_changed{{"Backlog", "InProgress"}, {category::todo, category::in_progress}},
                    ticket_assigned{{std::nullopt, ada}}});
  auto const t = the_ticket();
  BOOST_TEST(t.version == 2U);
  BOOST_TEST(t.status == "InProgress");
  BOOST_TEST((t.category == category::in_progress));
  BOOST_TEST((t.assignee_id == ada));
}

BOOST_AUTO_TEST_CASE(a_refused_part_refuses_the_whole_patch) {
  command<update_ticket>(R"({"title":"Scanner","status":"Nowhere"})")
      .then_refused(errc::validation_failed, "/status not_one_of");
}

BOOST_AUTO_TEST_CASE(a_ticket_moves_between_sprints_and_out) {
  auto const to = [&](std::string const& id) -> tracker& {
    return command<update_ticket>(R"({"sprint_id":)" + id + "}");
  };
  to(quoted(sprint_id)).then_ticket({ticket_sprint_changed{{std::nullopt, sprint_id}}});
  to(quoted(next_sprint)).then_ticket({ticket_sprint_changed{{sprint_id, next_sprint}}});
  to("null").then_ticket({ticket_sprint_changed{{next_sprint, std::nullopt}}});
}

BOOST_AUTO_TEST_CASE(a_list_of_labels_replaces_what_is_there) {
  auto const labels = [&](std::string const& ids) -> tracker& {
    return command<update_ticket>(R"({"labels":[)" + ids + "]}");
  };
  labels(quoted(bug)).then_ticket({ticket_labeled{bug}});
  labels(quoted(urgent)).then_ticket({ticket_unlabeled{bug}, ticket_labeled{urgent}});
  labels(quoted(urgent) + "," + quoted(bug)).then_ticket({ticket_labeled{bug}});
  labels(quoted(bug) + "," + quoted(urgent)).then_nothing(); // their order means nothing
  labels("").then_ticket({ticket_unlabeled{urgent}, ticket_unlabeled{bug}});
  BOOST_TEST(the_ticket().labels.empty());
}

BOOST_AUTO_TEST_CASE(a_label_is_put_on_once_and_taken_off_once) {
  command<add_ticket_label>(R"({"label_id":)" + quoted(bug) + "}").then_ticket({ticket_labeled{bug}});
  command<add_ticket_label>(R"({"label_id":)" + quoted(bug) + "}").then_nothing();
  when(remove_label(the_project(), the_ticket(), bug)).then(entity::ticket, ticket_id, ticket_unlabeled{bug});
  when(remove_label(the_project(), the_ticket(), bug)).then_refused(errc::not_found);
  command<add_ticket_label>(R"({"label_id":)" + quoted(nobody_has) + "}")
      .then_refused(errc::validation_failed, "/label_id not_found");
}

BOOST_AUTO_TEST_CASE(a_ticket_carries_at_most_fifty_labels) {
  auto const all = many_labels();
  command<update_ticket>(R"({"labels":[)" + all + "]}");
  given(decided->value().events);
  BOOST_TEST(the_ticket().labels.size() == 50U);
  command<add_ticket_label>(R"({"label_id":)" + quoted(bug) + "}")
      .then_refused(errc::validation_failed, "/label_id too_many");
  BOOST_TEST(json::read<update_ticket>(R"({"labels":[)" + all + "," + quoted(bug) + "]}").has_error());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::domain
