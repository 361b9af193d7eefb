#include "tests/domain/tracker.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::domain {
namespace {

using namespace events;

struct projects : tracker {
  projects& create(std::string const& json) {
    when(decide(state, the_org(), body<create_project>(json), by));
    return *this;
  }
  // With as many tickets of each status as `in_use` says.
  projects& update(std::string const& json, std::map<std::string, std::size_t> const& in_use = {}) {
    when(decide(state, the_project(), body<update_project>(json), [&](std::string const& status) {
      auto const it = in_use.find(status);
      return std::vector<uuid>(it == in_use.end() ? 0 : it->second, ticket_id);
    }));
    return *this;
  }
};

std::string new_project(std::string const& more = {}) {
  return R"({"org_id":)" + quoted(org_id) + R"(,"key":"NEW","name":"New")" + more + "}";
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(project_rules, projects)

BOOST_AUTO_TEST_CASE(a_new_project_has_the_default_workflow_unless_it_names_one) {
  project_created e;
  e.key = "NEW";
  e.name = "New";
  e.workflow_id = workflow_id;
  create(new_project()).then(entity::project, id_of(1001), e);
  given(entity::workflow, id_of(13), workflow_created{"Second", {{"Open", category::todo, false}}, {}, {}});
  e.key = "NEWER";
  e.workflow_id = id_of(13);
  create(R"({"org_id":)" + quoted(org_id) + R"(,"key":"NEWER","name":"New","workflow_id":)" + quoted(id_of(13)) + "}")
      .then(entity::project, id_of(1002), e);
}

BOOST_AUTO_TEST_CASE(a_new_project_has_all_it_is_given) {
  project_created e;
  e.key = "NEW";
  e.name = "New";
  e.description = "d";
  e.workflow_id = workflow_id;
  e.capitalization_type = capitalization::Capex;
  e.development_phase = phase::AppDevelopment;
  e.cost_center_id = "CC";
  e.budget_cents = 100;
  e.budget_period = budget_span::Quarterly;
  e.amortization_months = 36;
  create(new_project(R"(,"id":)" + quoted(id_of(70)) +
                     R"(,"description":"d","capitalization_type":"Capex","development_phase":"AppDevelopment",
      "cost_center_id":"CC","budget_cents":100,"budget_period":"Quarterly","amortization_months":36)"))
      .then(entity::project, id_of(70), e);
}

BOOST_AUTO_TEST_CASE(a_projects_id_key_and_workflow_are_checked) {
  create(new_project(R"(,"id":)" + quoted(project_id))).then_refused(errc::already_exists);
  create(R"({"org_id":)" + quoted(org_id) + R"(,"key":"ALLOY","name":"New"})").then_refused(errc::already_exists);
  create(new_project(R"(,"workflow_id":)" + quoted(nobody_has)))
      .then_refused(errc::validation_failed, "/workflow_id not_found");
}

BOOST_AUTO_TEST_CASE(an_update_tells_from_and_to) {
  project_changes c;
  c.name.value = {"Alloy", "Other"};
  c.description.value = {std::nullopt, "d"};
  c.capitalization_type.value = {std::nullopt, capitalization::Opex};
  c.budget_cents.value = {std::nullopt, 5};
  update(R"({"name":"Other","description":"d","capitalization_type":"Opex","budget_cents":5,"cost_center_id":null})")
      .then(entity::project, project_id, project_updated{c});
  BOOST_TEST(the_project().version == 2U);
  BOOST_TEST(the_project().budget_cents.value() == 5);
  update(R"({"name":"Other","description":"d","budget_cents":5})").then_nothing();
  project_changes cleared;
  cleared.description.value = {"d", std::nullopt};
  update(R"({"description":null})").then(entity::project, project_id, project_updated{cleared});
}

BOOST_AUTO_TEST_CASE(a_new_workflow_has_every_status_in_use_and_means_the_same_by_it) {
  given(
      entity::workflow, id_of(13),
      workflow_created{"Second", {{"Backlog", category::todo, false}, {"Done", category::in_progress, false}}, {}, {}});
  auto const to_second = R"({"workflow_id":)" + quoted(id_of(13)) + "}";
  update(to_second, {{"Review", 3}}).then_refused(errc::in_use);
  BOOST_TEST(decided->error().members == "\"count\":3");
  update(to_second, {{"Done", 1}}).then_refused(errc::in_use); // another category
  project_changes c;
  c.workflow_id.value = {workflow_id, id_of(13)};
  update(to_second, {{"Backlog", 9}}).then(entity::project, project_id, project_updated{c});
  update(to_second, {{"Done", 1}}).then_nothing(); // it has it already
  update(R"({"workflow_id":)" + quoted(nobody_has) + "}")
      .then_refused(errc::validation_failed, "/workflow_id not_found");
}

BOOST_AUTO_TEST_CASE(tickets_move_where_the_new_workflow_has_not_their_status) {
  given(entity::workflow, id_of(13), workflow_created{"Second", {{"Open", category::todo, false}}, {}, {}});
  project_changes c;
  c.workflow_id.value = {workflow_id, id_of(13)};
  facts expected;
  record(expected, org_id, entity::project, project_id, project_updated{c});
  record(expected, org_id, entity::ticket, ticket_id,
         ticket_status_changed{{"Review", "Open"}, {category::in_progress, category::todo}});
  update(R"({"workflow_id":)" + quoted(id_of(13)) + R"(,"migrate":{"Review":"Open"}})", {{"Review", 1}}).then(expected);
  update(R"({"migrate":{"Open":"Open"}})").then_refused(errc::validation_failed, "/migrate/Open status_stays");
}

BOOST_AUTO_TEST_CASE(a_project_in_use_stays) {
  when(remove(state, the_project(), {sprint_id, next_sprint}, 4, 0)).then_refused(errc::in_use);
  BOOST_TEST(decided->error().members == "\"count\":4");
}

BOOST_AUTO_TEST_CASE(a_project_goes_with_its_sprints_and_who_is_in_it) {
  given(entity::project, project_id, project_member_added{ada});
  given(entity::project, other_project, project_member_added{bob});
  facts expected;
  for (auto const& id : {sprint_id, next_sprint})
    record(expected, org_id, entity::sprint, id, sprint_deleted{project_id, "Sprint"});
  record(expected, org_id, entity::project, project_id, project_member_removed{ada});
  record(expected, org_id, entity::project, project_id, project_deleted{"ALLOY", "Alloy"});
  when(remove(state, the_project(), {sprint_id, next_sprint}, 0, 0)).then(expected);
  BOOST_TEST(!find<domain::project>(state, org_id, project_id).has_value());
  BOOST_TEST(!find<sprint>(state, org_id, sprint_id).has_value());
  BOOST_TEST(!state.has(project_member_key(org_id, project_id, ada)));
  BOOST_TEST(state.has(project_member_key(org_id, other_project, bob)));
  create(R"({"org_id":)" + quoted(org_id) + R"(,"key":"ALLOY","name":"New"})");
  BOOST_TEST(decided->has_value()); // its key is free
}

BOOST_AUTO_TEST_CASE(a_member_joins_a_project_once_and_leaves_once) {
  auto const add = [&](uuid const& user) -> decider& {
    return when(decide(state, the_project(), add_project_member{user}));
  };
  add(stranger).then_refused(errc::validation_failed, "/user_id not_a_member");
  add(ada).then(entity::project, project_id, project_member_added{ada});
  add(ada).then_nothing();
  when(remove_project_member(state, the_project(), ada)).then(entity::project, project_id, project_member_removed{ada});
  when(remove_project_member(state, the_project(), ada)).then_refused(errc::not_found);
  BOOST_TEST(the_project().version == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::domain
