#include "tests/domain/tracker.hpp"

namespace alloy::domain {
namespace {

using namespace events;

struct projects : tracker {
  projects& create(std::string const& json) {
    when(decide(state, the_org(), body<create_project>(json), by));
    return *this;
  }
  // With as many tickets of each status as `in_use` says.
  projects& update(std::string const& json, std::map<std::string, std::uint64_t> const& in_use = {}) {
    when(decide(state, the_project(), body<update_project>(json), [&](std::string const& status) {
      auto const it = in_use.find(status);
      return it == in_use.end() ? 0 : it->second;
    }));
    return *this;
  }
  projects& create_a_sprint(std::string const& json) {
    when(decide(state, the_project(), body<create_sprint>(json), by));
    return *this;
  }
  projects& update_the_sprint(std::string const& json) {
    when(decide(org_id, get<sprint>(sprint_id), body<update_sprint>(json)));
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

BOOST_FIXTURE_TEST_SUITE(sprint_rules, projects)

BOOST_AUTO_TEST_CASE(a_sprint_is_planned_with_its_days) {
  auto const made = R"({"name":"S","goal":"g","start_date":"2026-05-01","end_date":"2026-05-01"})";
  create_a_sprint(made).then(entity::sprint, id_of(1001),
                             sprint_created{project_id, "S", "g", make_date(2026, 5, 1), make_date(2026, 5, 1)});
  BOOST_TEST((get<sprint>(id_of(1001)).status == sprint_status::Planned));
  create_a_sprint(R"({"name":"S","start_date":"2026-05-02","end_date":"2026-05-01"})")
      .then_refused(errc::validation_failed, "/end_date before_start");
  create_a_sprint(R"({"id":)" + quoted(sprint_id) + R"(,"name":"S","start_date":"2026-05-01","end_date":"2026-05-01"})")
      .then_refused(errc::already_exists);
}

BOOST_AUTO_TEST_CASE(a_sprint_is_changed_until_it_is_completed) {
  sprint_changes c;
  c.name.value = {"Sprint", "Renamed"};
  c.goal.value = {std::nullopt, "g"};
  c.start_date.value = {make_date(2026, 4, 1), make_date(2026, 4, 2)};
  update_the_sprint(R"({"name":"Renamed","goal":"g","start_date":"2026-04-02"})")
      .then(entity::sprint, sprint_id, sprint_updated{c});
  update_the_sprint(R"({"name":"Renamed","end_date":"2026-04-14"})").then_nothing();
  update_the_sprint(R"({"start_date":"2026-04-15"})").then_refused(errc::validation_failed, "/end_date before_start");
  update_the_sprint(R"({"end_date":"2026-04-01"})").then_refused(errc::validation_failed, "/end_date before_start");
  make_so<sprint>(sprint_id, [](sprint& s) { s.status = sprint_status::Completed; });
  update_the_sprint(R"({"name":"Late"})").then_refused(errc::wrong_state);
}

BOOST_AUTO_TEST_CASE(a_sprint_is_started_once) {
  when(start(org_id, get<sprint>(sprint_id))).then(entity::sprint, sprint_id, sprint_started{});
  auto const s = get<sprint>(sprint_id);
  BOOST_TEST((s.status == sprint_status::Active));
  BOOST_TEST((s.started_at == by.at));
  when(start(org_id, s)).then_refused(errc::sprint_not_planned);
  make_so<sprint>(sprint_id, [](sprint& done) { done.status = sprint_status::Completed; });
  when(start(org_id, get<sprint>(sprint_id))).then_refused(errc::sprint_not_planned);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::domain
