#include "domain/undo.hpp"

#include "tests/domain/tracker.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::domain {
namespace {

// Decides a command, folds it, and takes it back at once or later.
struct undo_tracker : tracker {
  std::vector<events::stored_event> command;
  std::map<uuid, as_before> before;

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

BOOST_FIXTURE_TEST_CASE(all_reasons_are_named_at_once, undo_tracker) {
  make(entity::ticket, ticket_id, renamed("Printer", "Plotter"));
  make(entity::ticket, ticket_id, events::ticket_labeled{bug});
  given(entity::ticket, ticket_id, renamed("Plotter", "Scanner"));
  given(entity::ticket, ticket_id, events::ticket_unlabeled{bug});
  BOOST_TEST(undo().reasons.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::domain
