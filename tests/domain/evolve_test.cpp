// What each event makes of the entities; how the rules come to events stands in the tests beside this one.
#include "tests/domain/tracker.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::domain {
namespace {

using namespace events;

uuid const person = id_of(90), session_id = id_of(91), key_id = id_of(92);

// Accounts are the tenant `identity`.
struct accounts : tests::decider {
  accounts() { tenant = identity_tenant; }
  std::string row(key const& k) const {
    std::string value;
    return state.get(k, value) ? value : "(none)";
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(evolving_accounts, accounts)

BOOST_AUTO_TEST_CASE(a_user_is_registered_and_changes_the_password) {
  given(entity::user, person, user_registered{"e", "d", "h"});
  by.at.ms += 1000;
  given(entity::user, person, user_password_changed{"h2"});
  auto const u = get<domain::user>(person);
  BOOST_TEST(
      json::to_string(u) ==
      R"({"id":"00000000-0000-7000-8000-00000000005a","email_sealed":"e","display_name_sealed":"d",)"
      R"("password_hash":"h2","erased_at":null,"created_at":"2026-04-01T09:30:00.000Z","updated_at":"2026-04-01T09:30:01.000Z","version":2})");
}

BOOST_AUTO_TEST_CASE(a_session_is_found_by_every_token_it_ever_had_until_it_is_asked) {
  auto const by_hash = [](char const* hash) { return key(identity_tenant, table::session_by_refresh).add(hash); };
  auto const open_sessions = key(identity_tenant, table::session_by_user).add(person).add(session_id);
  given(entity::session, session_id, session_opened{person, "first", {1000}});
  BOOST_TEST(state.has(open_sessions));
  given(entity::session, session_id, session_refreshed{"first", "second", {2000}});
  auto s = get<session>(session_id);
  BOOST_TEST(s.refresh_hash == "second");
  BOOST_TEST(s.expires_at.ms == 2000);
  BOOST_TEST(s.open);
  BOOST_TEST(row(by_hash("first")) == std::string(session_id.view()));
  BOOST_TEST(row(by_hash("second")) == std::string(session_id.view()));
  given(entity::session, session_id, session_revoked{"refresh_reused"});
  BOOST_TEST(!get<session>(session_id).open);
  BOOST_TEST(!state.has(open_sessions));
}

BOOST_AUTO_TEST_CASE(a_closed_session_is_not_open) {
  given(entity::session, session_id, session_opened{person, "first", {1000}});
  given(entity::session, session_id, session_closed{});
  BOOST_TEST(!get<session>(session_id).open);
  BOOST_TEST(get<session>(session_id).version == 2U);
}

BOOST_AUTO_TEST_CASE(a_key_leaves_nothing_behind) {
  given(entity::api_key, key_id,
        api_key_created{person, "ci", "alloy_ab", "hash", {"read"}, org_id, {project_id}, timestamp{5000}});
  auto const k = get<api_key>(key_id);
  BOOST_TEST(k.name == "ci");
  BOOST_TEST((k.org_id == org_id));
  BOOST_TEST((k.project_ids == std::vector{project_id}));
  BOOST_TEST((k.expires_at == timestamp{5000}));
  BOOST_TEST(row(key(identity_tenant, table::api_key_by_hash).add("hash")) == std::string(key_id.view()));
  BOOST_TEST(state.has(key(identity_tenant, table::api_key_by_user).add(person).add(key_id)));
  given(entity::api_key, key_id, api_key_deleted{});
  BOOST_TEST(state.rows().empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(evolving_orgs, tracker)

BOOST_AUTO_TEST_CASE(a_membership_is_found_by_user_as_by_org) {
  auto const by_user = [&](uuid const& who) {
    std::string row;
    return state.get(key(identity_tenant, table::membership_by_user).add(who).add(org_id), row) ? row : "(none)";
  };
  BOOST_TEST(by_user(ada) == json::to_string(get<member>(ada)));
  member_changes c;
  c.role.value = {role::Member, role::Admin};
  c.can_view_finance.value = {false, true};
  given(entity::member, ada, member_role_changed{ada, c});
  auto const m = get<member>(ada);
  BOOST_TEST((m.role == role::Admin));
  BOOST_TEST(m.can_view_finance);
  BOOST_TEST(m.version == 2U);
  BOOST_TEST(by_user(ada) == json::to_string(m));
  given(entity::member, ada, member_removed{ada, role::Admin});
  BOOST_TEST(!find<member>(state, org_id, ada).has_value());
  BOOST_TEST(by_user(ada) == "(none)");
}

BOOST_AUTO_TEST_CASE(an_invite_is_found_by_its_code_alone) {
  given(entity::invite, id_of(60), invite_created{"sealed", role::Member, owner, "hash", {1000}});
  std::string row;
  BOOST_TEST_REQUIRE(state.get(key(identity_tenant, table::invite_by_code).add("hash"), row));
  BOOST_TEST(row == std::string(org_id.view()) + std::string(id_of(60).view()));
  auto const i = get<invite>(id_of(60));
  BOOST_TEST((i.status == invite_status::Pending));
  BOOST_TEST(i.expires_at.ms == 1000);
}

BOOST_AUTO_TEST_CASE(names_follow_what_they_name) {
  auto const names = [&](table t, std::string_view name, uuid const& tenant_of = org_id) {
    return state.has(key(tenant_of, t).add(fold_name(name)));
  };
  org_changes o;
  o.slug.value = {"acme", "bell"};
  given(entity::org, org_id, org_updated{o});
  BOOST_TEST(!names(table::org_by_slug, "acme", identity_tenant));
  BOOST_TEST(names(table::org_by_slug, "bell", identity_tenant));
  label_changes l;
  l.name.value = {"bug", "fault"};
  given(entity::label, bug, label_updated{l});
  BOOST_TEST(!names(table::label_by_name, "bug"));
  BOOST_TEST(names(table::label_by_name, "fault"));
  workflow_changes w;
  w.name.value = {"Default", "Other"};
  given(entity::workflow, workflow_id, workflow_updated{w});
  BOOST_TEST(!names(table::workflow_by_name, "Default"));
  BOOST_TEST(names(table::workflow_by_name, "Other"));
  BOOST_TEST(names(table::project_by_key, "ALLOY"));
}

BOOST_AUTO_TEST_CASE(a_command_is_one_version_however_many_events_it_has) {
  ticket_changes c;
  c.title.value = {"Printer", "Scanner"};
  facts one;
  record(one, org_id, entity::ticket, ticket_id, ticket_updated{c});
  record(one, org_id, entity::ticket, ticket_id, ticket_labeled{bug});
  record(one, org_id, entity::comment, comment_id, comment_created{ticket_id, ada, "x"});
  record(one, org_id, entity::ticket, ticket_id, ticket_assigned{{std::nullopt, ada}});
  given(one);
  BOOST_TEST(the_ticket().version == 2U);
  given(entity::ticket, ticket_id, ticket_unlabeled{bug});
  BOOST_TEST(the_ticket().version == 3U);
}

BOOST_AUTO_TEST_CASE(an_event_about_what_is_not_there_is_a_bug) {
  BOOST_CHECK_THROW(given(entity::ticket, nobody_has, ticket_labeled{bug}), std::logic_error);
  BOOST_CHECK_THROW(given(entity::sprint, nobody_has, sprint_started{}), std::logic_error);
  BOOST_CHECK_THROW(given(entity::member, stranger, member_role_changed{stranger, {}}), std::logic_error);
  auto t = first_ticket();
  t.project_id = nobody_has;
  BOOST_CHECK_THROW(given(entity::ticket, id_of(41), t), std::logic_error);
}

BOOST_AUTO_TEST_CASE(an_entity_is_stored_with_its_version_before_it) {
  std::string stored;
  BOOST_TEST_REQUIRE(state.get(key_of<ticket>(org_id, ticket_id), stored));
  BOOST_TEST(row::version_of(stored) == 1U);
  BOOST_TEST(
      row::json_of(stored) ==
      R"({"id":"00000000-0000-7000-8000-000000000028","project_id":"00000000-0000-7000-8000-00000000000b",)"
      R"("ticket_number":1,"reference":"ALLOY-1","title":"Printer","description":null,"status":"Backlog",)"
      R"("category":"todo","priority":"Medium","assignee_id":null,"reporter_id":"00000000-0000-7000-8000-000000000002",)"
      R"("sprint_id":null,"labels":[],"estimate_points":null,"estimate_minutes":null,"due_date":null,)"
      R"("created_at":"2026-04-01T09:30:00.000Z","updated_at":"2026-04-01T09:30:00.000Z","version":1})");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(differences)

BOOST_AUTO_TEST_CASE(a_difference_applied_gives_what_was_wanted) {
  ticket t;
  t.title = "a";
  t.estimate_minutes = 5;
  auto const wanted =
      body<update_ticket>(R"({"title":"b","estimate_minutes":null,"description":"d","priority":"Urgent"})");
  auto const changes = difference<ticket_changes>(t, wanted);
  BOOST_TEST(json::to_string(changes) == R"({"title":{"from":"a","to":"b"},"description":{"from":null,"to":"d"},)"
                                         R"("estimate_minutes":{"from":5,"to":null}})"); // Urgent is what it was
  BOOST_TEST(any(changes));
  apply(t, changes);
  BOOST_TEST(t.title == "b");
  BOOST_TEST(!t.estimate_minutes.has_value());
  BOOST_TEST(t.description.value() == "d");
  BOOST_TEST(!any(difference<ticket_changes>(t, wanted)));
}

BOOST_AUTO_TEST_CASE(no_difference_is_none) {
  BOOST_TEST(!any(difference<ticket_changes>(ticket{}, update_ticket{})));
  BOOST_TEST(json::to_string(ticket_changes{}) == "{}");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::domain
