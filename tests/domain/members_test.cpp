#include "domain/members.hpp"
#include "tests/domain/tracker.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::domain {
namespace {

using namespace events;

struct members : tracker {
  members& update(uuid const& user, std::string const& json) {
    when(decide(state, get<member>(user), body<update_member>(json)));
    return *this;
  }
  members& take_out(uuid const& user) {
    when(remove(state, get<member>(user), by));
    return *this;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(member_rules, members)

BOOST_AUTO_TEST_CASE(a_change_of_a_member_tells_from_and_to) {
  member_changes c;
  c.role.value = {role::Member, role::Admin};
  c.can_view_finance.value = {false, true};
  update(ada, R"({"role":"Admin","can_view_finance":true})").then(entity::member, ada, member_role_changed{ada, c});
  BOOST_TEST((get<member>(ada).role == role::Admin));
  BOOST_TEST(get<member>(ada).version == 2U);
  update(ada, R"({"role":"Admin"})").then_nothing();
  update(ada, "{}").then_nothing();
}

BOOST_AUTO_TEST_CASE(the_last_owner_stays_one) {
  update(owner, R"({"role":"Admin"})").then_refused(errc::last_owner);
  take_out(owner).then_refused(errc::last_owner);
  update(owner, R"({"role":"Owner","can_view_finance":true})");
  BOOST_TEST(decided->has_value());
  member_changes up, down;
  up.role.value = {role::Member, role::Owner};
  down.role.value = {role::Owner, role::Viewer};
  update(ada, R"({"role":"Owner"})").then(entity::member, ada, member_role_changed{ada, up});
  update(owner, R"({"role":"Viewer"})").then(entity::member, owner, member_role_changed{owner, down});
  act_as(ada, role::Owner);
  take_out(ada).then_refused(errc::last_owner);
}

BOOST_AUTO_TEST_CASE(an_owner_who_can_never_log_in_again_is_none) {
  auto const of_account = [&](events::event what) {
    facts one;
    record(one, identity_tenant, entity::user, ada, std::move(what));
    given(one);
  };
  member_changes up;
  up.role.value = {role::Member, role::Owner};
  of_account(user_registered{"sealed", "sealed", "hash"});
  update(ada, R"({"role":"Owner"})").then(entity::member, ada, member_role_changed{ada, up});
  update(owner, R"({"role":"Viewer"})");
  BOOST_TEST(decided->has_value());
  of_account(user_erased{});
  update(owner, R"({"role":"Viewer"})").then_refused(errc::last_owner);
  take_out(owner).then_refused(errc::last_owner);
}

BOOST_AUTO_TEST_CASE(an_owner_whom_nobody_here_knows_is_none) {
  given(entity::member, stranger, member_added{stranger, role::Owner, true, {}});
  update(owner, R"({"role":"Viewer"})").then_refused(errc::last_owner);
  take_out(owner).then_refused(errc::last_owner);
  has_account(stranger);
  take_out(owner).then(entity::member, owner, member_removed{owner, role::Owner});
}

BOOST_AUTO_TEST_CASE(nobody_is_taken_out_of_his_personal_organization) {
  has_account(org_id); // whose id is the organization's
  given(entity::member, org_id, member_added{org_id, role::Owner, true, {}});
  take_out(org_id).then_refused(errc::wrong_state);
  update(org_id, R"({"role":"Member"})").then_refused(errc::wrong_state);
  take_out(owner).then(entity::member, owner, member_removed{owner, role::Owner});
}

BOOST_AUTO_TEST_CASE(nobody_takes_out_who_is_above_him) {
  member_changes up;
  up.role.value = {role::Member, role::Owner};
  given(entity::member, ada, member_role_changed{ada, up});
  act_as(bob, role::Admin);
  take_out(ada).then_refused(errc::role_too_low);
  act_as(owner, role::Owner);
  take_out(ada).then(entity::member, ada, member_removed{ada, role::Owner});
}

BOOST_AUTO_TEST_CASE(who_leaves_leaves_teams_and_projects_too) {
  for (auto const& [team, name] : {std::pair{id_of(80), "late"}, {id_of(81), "early"}, {id_of(82), "not his"}})
    given(entity::team, team, team_created{name});
  given(entity::team, id_of(81), team_member_added{ada});
  by.at.ms += 1;
  given(entity::team, id_of(80), team_member_added{ada});
  for (auto const& project : {project_id, other_project}) given(entity::project, project, project_member_added{ada});
  given(entity::project, project_id, project_member_added{bob});
  given(entity::team, id_of(82), team_member_added{bob});
  facts expected;
  for (auto const& team : {id_of(81), id_of(80)}) // as he joined them
    record(expected, org_id, entity::team, team, team_member_removed{ada});
  for (auto const& project : {project_id, other_project})
    record(expected, org_id, entity::project, project, project_member_removed{ada});
  record(expected, org_id, entity::member, ada, member_removed{ada, role::Member});
  act_as(owner, role::Admin);
  take_out(ada).then(expected);
  BOOST_TEST(!find<member>(state, org_id, ada).has_value());
  BOOST_TEST(count_rows(state, teams_of_member(org_id, ada)) == 0U);
  BOOST_TEST(!state.has(project_member_key(org_id, project_id, ada)));
  BOOST_TEST(state.has(project_member_key(org_id, project_id, bob)));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::domain
