#include "domain/teams.hpp"
#include "tests/domain/tracker.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::domain {
namespace {

using namespace events;

uuid const core_team = id_of(80), other_team = id_of(81);

struct teams : tracker {
  teams() {
    given(entity::team, core_team, team_created{"core"});
    given(entity::team, other_team, team_created{"other"});
  }
  teams& create(std::string const& json) {
    when(decide(state, the_org(), body<create_team>(json), by));
    return *this;
  }
  teams& add(uuid const& user) {
    when(decide(state, get<team>(core_team), add_team_member{user}));
    return *this;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(team_rules, teams)

BOOST_AUTO_TEST_CASE(a_team_has_a_name_of_its_own) {
  create(R"({"name":"new"})").then(entity::team, id_of(1001), team_created{"new"});
  auto const t = get<team>(id_of(1001));
  BOOST_TEST(t.name == "new");
  BOOST_TEST((t.org_id == org_id));
  create(R"({"name":"new"})").then_refused(errc::already_exists);
  create(R"({"name":"newer","id":)" + quoted(core_team) + "}").then_refused(errc::already_exists);
}

BOOST_AUTO_TEST_CASE(a_team_is_renamed_to_what_is_free) {
  auto const rename = [&](char const* to) -> decider& {
    return when(decide(state, get<team>(core_team), update_team{{team_name{to}}}));
  };
  rename("other").then_refused(errc::already_exists);
  team_changes c;
  c.name.value = {"core", "kernel"};
  rename("kernel").then(entity::team, core_team, team_updated{c});
  rename("kernel").then_nothing();
  create(R"({"name":"core"})");
  BOOST_TEST(decided->has_value());
}

BOOST_AUTO_TEST_CASE(a_member_joins_a_team_once_and_leaves_it_once) {
  add(stranger).then_refused(errc::validation_failed, "/user_id not_a_member");
  add(ada).then(entity::team, core_team, team_member_added{ada});
  auto const m = find_at<team_member>(state, team_member_key(org_id, core_team, ada)).value();
  BOOST_TEST((m.added_at == by.at));
  BOOST_TEST((m.team_id == core_team));
  add(ada).then_nothing();
  auto const leave = [&]() -> decider& { return when(remove_team_member(state, get<team>(core_team), ada)); };
  leave().then(entity::team, core_team, team_member_removed{ada});
  leave().then_refused(errc::not_found);
  BOOST_TEST(get<team>(core_team).version == 1U); // who is in it is no change of the team
}

BOOST_AUTO_TEST_CASE(the_teams_of_a_member_come_as_he_joined_them) {
  given(entity::team, other_team, team_member_added{ada});
  by.at.ms += 5;
  given(entity::team, core_team, team_member_added{ada});
  auto const of_ada = [&] { return ids_under(state, teams_of_member(org_id, ada)); };
  BOOST_TEST((of_ada() == std::vector{other_team, core_team}));
  given(entity::team, other_team, team_member_removed{ada});
  BOOST_TEST((of_ada() == std::vector{core_team}));
}

BOOST_AUTO_TEST_CASE(a_team_goes_when_all_have_left_it) {
  given(entity::team, core_team, team_member_added{ada});
  given(entity::team, core_team, team_member_added{bob});
  given(entity::team, other_team, team_member_added{bob});
  facts expected;
  for (auto const& user : {ada, bob}) record(expected, org_id, entity::team, core_team, team_member_removed{user});
  record(expected, org_id, entity::team, core_team, team_deleted{"core"});
  when(remove(state, get<team>(core_team))).then(expected);
  BOOST_TEST(!find<team>(state, org_id, core_team).has_value());
  BOOST_TEST(count_rows(state, teams_of_member(org_id, ada)) == 0U);
  BOOST_TEST((ids_under(state, teams_of_member(org_id, bob)) == std::vector{other_team}));
  create(R"({"name":"core"})");
  BOOST_TEST(decided->has_value());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::domain
