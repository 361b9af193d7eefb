#include "domain/event_rules.hpp"

#include "domain/history.hpp"
#include "domain/workflows.hpp"
#include "tests/support/decider.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::domain {
namespace {

using tests::id_of;

struct organization : tests::decider {
  organization() { given(entity::org, tenant, events::org_created{"Acme", "acme", "UTC", "USD", {}, {}}); }

  // What is wrong with the event; empty: nothing.
  std::string complaint(entity kind, uuid const& id, events::event what) const {
    events::stored_event e;
    e.position = position + 1;
    e.id = id_of(7000);
    e.tenant = tenant;
    e.subject = {kind, id};
    e.at = by.at;
    e.what = std::move(what);
    auto const good = check_foreign(state, e);
    return good ? "" : good.error().detail;
  }
  std::string label(std::string name, std::string color) const {
    return complaint(entity::label, id_of(20), events::label_created{std::move(name), std::move(color), {}});
  }
};

BOOST_FIXTURE_TEST_SUITE(event_rules, organization)

BOOST_AUTO_TEST_CASE(a_field_obeys_the_command_that_makes_the_event) {
  BOOST_TEST(label("bug", "#ff0000") == "");
  BOOST_TEST(label("", "#ff0000").starts_with("/name: "));
  BOOST_TEST(label(std::string(101, 'x'), "#ff0000").starts_with("/name: "));
  BOOST_TEST(label("a\r\nb", "#ff0000").starts_with("/name: "));
  BOOST_TEST(label("bug", "red").starts_with("/color: "));
}

BOOST_AUTO_TEST_CASE(what_stands_there_is_not_told) {
  for (auto const& said : {label("secret\n", "#ff0000"), label("bug", "secret")}) {
    BOOST_TEST(!said.empty());
    BOOST_TEST(said.find("secret") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(changes_are_held_against_the_update) {
  given(entity::label, id_of(20), events::label_created{"bug", "#ff0000", {}});
  events::label_updated e;
  e.changes.color.value = {"#ff0000", "red"};
  BOOST_TEST(complaint(entity::label, id_of(20), e).starts_with("/changes/color/to: "));
  e.changes.color.value = {"#ff0000", "#00ff00"};
  BOOST_TEST(complaint(entity::label, id_of(20), e) == "");
}

BOOST_AUTO_TEST_CASE(a_subject_is_of_its_kind_and_there_or_not_there) {
  events::label_created const made{"bug", "#ff0000", {}};
  BOOST_TEST(complaint(entity::ticket, id_of(20), made).starts_with("the subject: "));
  BOOST_TEST(complaint(entity::label, {}, made).starts_with("the subject: "));
  BOOST_TEST(complaint(entity::label, id_of(20), events::label_deleted{"bug"}).starts_with("the subject: "));
  given(entity::label, id_of(20), made);
  BOOST_TEST(complaint(entity::label, id_of(20), made).starts_with("the subject: "));
  BOOST_TEST(complaint(entity::label, id_of(20), events::label_deleted{"bug"}) == "");
}

BOOST_AUTO_TEST_CASE(numbers_and_references_go_on_where_the_project_is) {
  given(entity::workflow, id_of(10), default_workflow());
  given(entity::project, id_of(11), events::project_created{"PIER", "Pier", {}, id_of(10)});
  events::ticket_created e;
  e.project_id = id_of(11);
  e.title = "T";
  e.status = "Backlog";
  e.category = category::todo;
  e.reporter_id = id_of(2);
  auto const numbered = [&](std::int64_t number, std::string reference) {
    e.ticket_number = number;
    e.reference = std::move(reference);
    return complaint(entity::ticket, id_of(30), e);
  };
  BOOST_TEST(numbered(1, "PIER-1") == "");
  BOOST_TEST(numbered(2, "PIER-2").starts_with("/ticket_number: "));
  BOOST_TEST(numbered(1LL << 62, "PIER-1").starts_with("/ticket_number: "));
  BOOST_TEST(numbered(1, "OTHER-1").starts_with("/reference: "));
  e.project_id = id_of(12);
  BOOST_TEST(numbered(1, "PIER-1").starts_with("/project_id: "));
}

BOOST_AUTO_TEST_CASE(time_is_booked_on_a_team_that_may_be_gone_but_was_there) {
  given(entity::workflow, id_of(10), default_workflow());
  given(entity::project, id_of(11), events::project_created{"PIER", "Pier", {}, id_of(10)});
  events::ticket_created t;
  t.project_id = id_of(11);
  t.ticket_number = 1;
  t.reference = "PIER-1";
  t.title = "T";
  t.status = "Backlog";
  t.reporter_id = id_of(2);
  given(entity::ticket, id_of(30), t);
  events::time_entry_logged e;
  e.user_id = id_of(2);
  e.ticket_id = id_of(30);
  e.project_id = id_of(11);
  e.team_id = id_of(40);
  e.date = make_date(2026, 3, 2);
  e.minutes = 30;
  auto const said = [&] { return complaint(entity::time_entry, id_of(70), e); };
  BOOST_TEST(said().starts_with("/team_id: "));
  state.put(history_of(tenant, entity::team, id_of(40)).add(std::uint64_t{1}), {}); // as the fold of its creation notes
  BOOST_TEST(said() == "");
  e.project_id = id_of(12);
  BOOST_TEST(said().starts_with("/project_id: "));
}

BOOST_AUTO_TEST_CASE(a_ticket_ends_in_a_status_and_a_category_of_its_workflow) {
  given(entity::workflow, id_of(10), default_workflow());
  given(entity::project, id_of(11), events::project_created{"PIER", "Pier", {}, id_of(10)});
  events::ticket_created t;
  t.project_id = id_of(11);
  t.ticket_number = 1;
  t.reference = "PIER-1";
  t.title = "T";
  t.status = "Backlog";
  t.category = category::todo;
  given(entity::ticket, id_of(30), t);
  BOOST_TEST(check_foreign_whole(state, tenant).has_value());
  given(entity::ticket, id_of(30),
        events::ticket_status_changed{{"Backlog", "Done"}, {category::todo, category::in_progress}});
  BOOST_TEST(!check_foreign_whole(state, tenant).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_of_users_is_of_no_organization) {
  BOOST_TEST(complaint(entity::user, id_of(2), events::user_password_changed{"x"}).starts_with("the event: "));
  BOOST_TEST(complaint(entity::user, id_of(2), events::operator_added{id_of(2)}).starts_with("the event: "));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace alloy::domain
