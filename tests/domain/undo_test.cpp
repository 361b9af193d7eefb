#include "domain/undo.hpp"

#include "tests/domain/tracker.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::domain {
namespace {

// Decides a command, folds it, and takes it back at once or later.
struct undo_tracker : tracker {
  std::vector<events::stored_event> command;
  std::map<uuid, as_before> before;

  undo_tracker() { // as the index has it
    state.put(key(tenant, table::ticket_by_number).add(project_id).add(std::uint64_t{1}), ticket_id.view());
  }

  // What is folded from here on is the command.
  template <class E> void remember(uuid const& id, entity kind) {
    std::string row;
    state.get(key_of<E>(tenant, id), row);
    before[id] = {row, tags_of(state, tenant, {kind, id})};
  }
  void make(entity kind, uuid const& id, events::event what) {
    given(kind, id, what);
    events::stored_event e;
    e.position = position;
    e.tenant = tenant;
    e.subject = {kind, id};
    e.what = std::move(what);
    command.push_back(std::move(e));
  }
  undoing undo() {
    return take_back(
        state, command,
        [&](events::subject const& s) {
          auto const found = before.find(s.id);
          return found == before.end() ? std::nullopt : std::optional(found->second);
        },
        by);
  }
};

events::ticket_updated renamed(std::string const& from, std::string const& to) {
  events::ticket_updated e;
  e.changes.title.value = {from, to};
  return e;
}

} // namespace

BOOST_AUTO_TEST_SUITE(taking_back)

BOOST_FIXTURE_TEST_CASE(a_change_goes_back_to_what_it_was, undo_tracker) {
  make(entity::ticket, ticket_id, renamed("Printer", "Plotter"));
  auto const back = undo();
  BOOST_TEST(back.reasons.empty());
  BOOST_TEST(the_ticket().title == "Printer");
  BOOST_TEST(back.events.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_later_change_of_the_same_field_stands_in_the_way, undo_tracker) {
  make(entity::ticket, ticket_id, renamed("Printer", "Plotter"));
  given(entity::ticket, ticket_id, renamed("Plotter", "Scanner"));
  auto const back = undo();
  BOOST_TEST(back.events.empty());
  BOOST_TEST_REQUIRE(back.reasons.size() == 1U);
  BOOST_TEST(back.reasons.front() == "ticket " + to_string(ticket_id) + ": title has changed since");
}

BOOST_FIXTURE_TEST_CASE(a_deleted_ticket_comes_back_with_its_number_its_tags_and_a_version_that_goes_on, undo_tracker) {
  given(entity::ticket, ticket_id, events::tags_changed{{{"color", {{}, "red"}}, {"size", {{}, "xl"}}}});
  auto const was = the_ticket();
  remember<ticket>(ticket_id, entity::ticket);
  make(entity::ticket, ticket_id, events::ticket_deleted{project_id, "ALLOY-1"});
  BOOST_TEST(!find<ticket>(state, tenant, ticket_id).has_value());
  auto const back = undo();
  BOOST_TEST(back.reasons.empty());
  auto const now = the_ticket();
  BOOST_TEST(now.reference == "ALLOY-1");
  BOOST_TEST(now.version == was.version + 1);
  BOOST_TEST((now.created_at == was.created_at));
  BOOST_TEST((tags_of(state, tenant, {entity::ticket, ticket_id}) == tag_map{{"color", "red"}, {"size", "xl"}}));
  BOOST_TEST(the_project().ticket_counter == 1);
}

BOOST_FIXTURE_TEST_CASE(a_change_of_the_tags_of_something_gone_is_not_taken_back, undo_tracker) {
  make(entity::ticket, ticket_id, events::tags_changed{{{"color", {{}, "red"}}}});
  given(entity::ticket, ticket_id, events::tags_changed{{{"color", {"red", {}}}}});
  given(entity::ticket, ticket_id, events::ticket_deleted{project_id, "ALLOY-1"});
  auto const back = undo();
  BOOST_TEST(back.events.empty());
  BOOST_TEST_REQUIRE(back.reasons.size() == 1U);
  BOOST_TEST(back.reasons.front() == "ticket " + to_string(ticket_id) + ": it is gone");
}

BOOST_FIXTURE_TEST_CASE(tags_that_went_with_a_deletion_come_back_once, undo_tracker) {
  given(entity::ticket, ticket_id, events::tags_changed{{{"color", {{}, "red"}}, {"size", {{}, "xl"}}}});
  remember<ticket>(ticket_id, entity::ticket);
  make(entity::ticket, ticket_id, events::tags_changed{{{"color", {"red", {}}}}});
  make(entity::ticket, ticket_id, events::ticket_deleted{project_id, "ALLOY-1"});
  BOOST_TEST(undo().reasons.empty());
  BOOST_TEST((tags_of(state, tenant, {entity::ticket, ticket_id}) == tag_map{{"color", "red"}, {"size", "xl"}}));
}

BOOST_FIXTURE_TEST_CASE(a_move_is_undone_with_the_status_and_the_sprint_it_took, undo_tracker) {
  given(entity::ticket, ticket_id, events::ticket_sprint_changed{{std::nullopt, sprint_id}});
  events::ticket_updated moved;
  moved.changes.project_id.value = {project_id, other_project};
  moved.changes.ticket_number.value = {1, 1};
  moved.changes.reference.value = {"ALLOY-1", "OTHER-1"};
  make(entity::ticket, ticket_id, moved);
  make(entity::ticket, ticket_id, events::ticket_status_changed{{"Backlog", "Done"}, {category::todo, category::done}});
  make(entity::ticket, ticket_id, events::ticket_sprint_changed{{sprint_id, std::nullopt}});
  auto const back = undo();
  BOOST_TEST(back.reasons.empty());
  BOOST_TEST(the_ticket().reference == "ALLOY-1");
  BOOST_TEST(the_ticket().status == "Backlog");
  BOOST_TEST((the_ticket().sprint_id == sprint_id));
}

BOOST_FIXTURE_TEST_CASE(nobody_takes_back_a_role_above_his_own, undo_tracker) {
  events::member_role_changed lowered;
  lowered.user_id = ada;
  lowered.changes.role.value = {role::Owner, role::Member};
  make(entity::member, ada, lowered);
  act_as(bob, role::Admin);
  BOOST_TEST(undo().reasons.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(logged_time_is_taken_back_while_it_is_a_draft_of_an_open_month, undo_tracker) {
  uuid const entry = id_of(70);
  events::time_entry_logged logged;
  logged.user_id = ada;
  logged.ticket_id = ticket_id;
  logged.project_id = project_id;
  logged.date = make_date(2026, 3, 30);
  logged.minutes = 90;
  make(entity::time_entry, entry, logged);
  {
    auto const back = undo();
    BOOST_TEST(back.reasons.empty(), back.reasons.front());
    BOOST_TEST(!find<time_entry>(state, tenant, entry).has_value());
  }
  given(entity::time_entry, entry, logged);
  given(entity::time_entry, entry, events::time_entry_submitted{});
  BOOST_TEST(undo().reasons.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(deleted_time_comes_back_to_a_project_and_a_month_that_are_there, undo_tracker) {
  uuid const entry = id_of(70);
  events::time_entry_logged logged;
  logged.user_id = ada;
  logged.ticket_id = ticket_id;
  logged.project_id = other_project; // the ticket has moved away since
  logged.date = make_date(2026, 3, 30);
  logged.minutes = 90;
  given(entity::time_entry, entry, logged);
  remember<time_entry>(entry, entity::time_entry);
  make(entity::time_entry, entry, events::time_entry_deleted{ada, ticket_id, logged.date, 90});
  given(entity::project, other_project, events::project_deleted{"OTHER", "Alloy"});
  auto const back = undo();
  BOOST_TEST(back.events.empty());
  BOOST_TEST_REQUIRE(back.reasons.size() == 1U);
  BOOST_TEST(back.reasons.front().ends_with("the project it would get back is gone"));
}

BOOST_FIXTURE_TEST_CASE(time_adjusts_no_month_that_is_open_again, undo_tracker) {
  uuid const entry = id_of(70);
  events::time_entry_logged logged;
  logged.user_id = ada;
  logged.ticket_id = ticket_id;
  logged.project_id = project_id;
  logged.date = make_date(2026, 3, 30);
  logged.minutes = 90;
  logged.adjusts = "2026-02"; // which was closed then
  given(entity::time_entry, entry, logged);
  events::time_entry_updated let_go;
  let_go.changes.adjusts.value = {"2026-02", std::nullopt};
  make(entity::time_entry, entry, let_go);
  auto const back = undo();
  BOOST_TEST_REQUIRE(back.reasons.size() == 1U);
  BOOST_TEST(back.reasons.front().ends_with("it would adjust 2026-02, which is no closed month before its own"));
}

BOOST_FIXTURE_TEST_CASE(a_sprint_gets_no_dates_back_that_it_could_not_have, undo_tracker) {
  events::sprint_updated earlier, shorter;
  earlier.changes.start_date.value = {make_date(2026, 4, 1), make_date(2026, 3, 20)};
  shorter.changes.end_date.value = {make_date(2026, 4, 14), make_date(2026, 3, 25)};
  make(entity::sprint, sprint_id, earlier);
  given(entity::sprint, sprint_id, shorter);
  auto const back = undo();
  BOOST_TEST(back.events.empty());
  BOOST_TEST_REQUIRE(back.reasons.size() == 1U);
  BOOST_TEST(back.reasons.front().ends_with("it would end before it starts"));
}

BOOST_FIXTURE_TEST_CASE(a_completed_sprint_is_not_changed_by_an_undo, undo_tracker) {
  events::sprint_updated renamed;
  renamed.changes.name.value = {"Sprint", "Marathon"};
  make(entity::sprint, sprint_id, renamed);
  given(entity::sprint, sprint_id, events::sprint_started{});
  given(entity::sprint, sprint_id, events::sprint_completed{});
  BOOST_TEST_REQUIRE(undo().reasons.size() == 1U);
  BOOST_TEST(get<sprint>(sprint_id).name == "Marathon");
}

BOOST_FIXTURE_TEST_CASE(a_completion_that_is_undone_and_made_again_has_its_time, undo_tracker) {
  given(entity::sprint, sprint_id, events::sprint_started{});
  given(entity::sprint, sprint_id, events::sprint_completed{});
  events::sprint_updated reopened;
  reopened.changes.status.value = {sprint_status::Completed, sprint_status::Active};
  make(entity::sprint, sprint_id, reopened);
  BOOST_TEST(undo().reasons.empty());
  BOOST_TEST((get<sprint>(sprint_id).status == sprint_status::Completed));
  BOOST_TEST(get<sprint>(sprint_id).completed_at.has_value());
}

BOOST_FIXTURE_TEST_CASE(a_workflow_gets_no_transition_back_to_a_status_it_has_not, undo_tracker) {
  events::workflow_updated freed, shrunk;
  auto const all = the_workflow().statuses;
  make_so<workflow>(workflow_id, [](workflow& w) { w.transitions.push_back({"Backlog", "Review"}); });
  freed.changes.transitions.value = {the_workflow().transitions, {}};
  make(entity::workflow, workflow_id, freed);
  auto fewer = all;
  std::erase_if(fewer, [](auto const& s) { return s.name == "Review"; });
  shrunk.changes.statuses.value = {all, fewer};
  given(entity::workflow, workflow_id, shrunk);
  auto const back = undo();
  BOOST_TEST(back.events.empty());
  BOOST_TEST_REQUIRE(back.reasons.size() == 1U);
  BOOST_TEST(back.reasons.front().ends_with("a transition needs the status Review, which it would not have"));
}

BOOST_FIXTURE_TEST_CASE(nobody_is_brought_back_whom_the_server_does_not_know_any_more, undo_tracker) {
  remember<member>(ada, entity::member);
  make(entity::member, ada, events::member_removed{ada, role::Member});
  facts erased;
  record(erased, identity_tenant, entity::user, ada, events::user_erased{});
  given(erased);
  BOOST_TEST_REQUIRE(undo().reasons.size() == 1U);
  BOOST_TEST(!find<member>(state, tenant, ada).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_currency_does_not_come_back_with_another_unit, undo_tracker) {
  remember<org>(org_id, entity::org);
  events::org_updated yen; // 0.1.0 changed the currency and left the unit
  yen.changes.currency.value = {"USD", "JPY"};
  make(entity::org, org_id, yen);
  given(entity::org, org_id, events::org_currency_converted{2, 0});
  BOOST_TEST_REQUIRE(undo().reasons.size() == 1U);
  BOOST_TEST(the_org().currency == "JPY");
}

BOOST_FIXTURE_TEST_CASE(a_deleted_webhook_comes_back_as_silent_as_it_was_and_sends_nothing_again, undo_tracker) {
  uuid const hook = id_of(90);
  for (bool const failed : {true, false}) {
    command.clear();
    given(entity::webhook, hook, events::webhook_created{"https://hooks.example.com/in", "sealed", {"*"}, false, 1});
    if (failed) {
      given(entity::webhook, hook, events::webhook_disabled{"failing"});
    } else {
      events::webhook_updated off;
      off.changes.active.value = {true, false};
      given(entity::webhook, hook, off);
    }
    remember<webhook>(hook, entity::webhook);
    make(entity::webhook, hook, events::webhook_deleted{});
    auto const back = undo();
    BOOST_TEST(back.reasons.empty());
    BOOST_TEST(back.events.size() == 2U);
    auto const w = get<webhook>(hook);
    BOOST_TEST(!w.active);
    BOOST_TEST(!w.from.has_value());
    BOOST_TEST((w.disabled_reason == (failed ? std::optional<std::string>("failing") : std::nullopt)));
    given(entity::webhook, hook, events::webhook_deleted{});
  }
}

BOOST_AUTO_TEST_CASE(tags_take_the_role_of_what_carries_them) {
  auto const least = [](entity carrier) {
    events::stored_event e;
    e.subject = {carrier, id_of(1)};
    e.what = events::tags_changed{{{"color", {{}, "red"}}}};
    return least_to_undo(e);
  };
  BOOST_TEST((least(entity::user) == role::Admin));
  BOOST_TEST((least(entity::team) == role::Admin));
  BOOST_TEST((least(entity::ticket) == role::Member));
}

BOOST_FIXTURE_TEST_CASE(all_reasons_are_named_at_once, undo_tracker) {
  make(entity::ticket, ticket_id, renamed("Printer", "Plotter"));
  make(entity::ticket, ticket_id, events::ticket_labeled{bug});
  given(entity::ticket, ticket_id, renamed("Plotter", "Scanner"));
  given(entity::ticket, ticket_id, events::ticket_unlabeled{bug});
  BOOST_TEST(undo().reasons.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::domain
