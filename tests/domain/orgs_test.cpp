#include "tests/domain/tracker.hpp"

namespace alloy::domain {
namespace {

using namespace events;

constexpr std::int64_t day_ms = 86'400'000;

struct orgs : tracker {
  std::map<std::string, std::uint64_t> in_use;

  orgs& create(std::string const& json) {
    when(decide(state, body<create_org>(json), by));
    return *this;
  }
  orgs& update(std::string const& json) {
    when(decide(state, the_org(), body<update_org>(json)));
    return *this;
  }
  orgs& create_a_workflow(std::string const& json) {
    when(decide(state, the_org(), body<create_workflow>(json), by));
    return *this;
  }
  orgs& update_the_workflow(std::string const& json) {
    when(decide(state, the_workflow(), body<update_workflow>(json), [&](std::string const& status) {
      auto const it = in_use.find(status);
      return it == in_use.end() ? std::uint64_t{0} : it->second;
    }));
    return *this;
  }
  orgs& create_a_label(std::string const& json) {
    when(decide(state, the_org(), body<create_label>(json), by));
    return *this;
  }
  orgs& update_the_label(std::string const& json) {
    when(decide(state, get<label>(bug), body<update_label>(json)));
    return *this;
  }
  orgs& create_an_invite(std::string const& json) {
    when(decide(the_org(), body<create_invite>(json), {id_of(60), "sealed", "hash"}, by));
    return *this;
  }
  domain::invite given_invite(role rank) {
    given(entity::invite, id_of(60), invite_created{"sealed", rank, owner, "hash", {by.at.ms + day_ms}});
    return get<domain::invite>(id_of(60));
  }
  std::string at(std::int64_t after_ms) const { return "\"" + to_string(timestamp{by.at.ms + after_ms}) + "\""; }
};

std::string two_statuses(std::string const& more) {
  return R"({"name":"W","statuses":[{"name":"Open","category":"todo"},{"name":"Shut","category":"done"}])" + more + "}";
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(org_rules, orgs)

BOOST_AUTO_TEST_CASE(an_org_is_founded_with_its_owner_and_a_workflow) {
  uuid const id = id_of(70);
  facts expected;
  record(expected, id, entity::org, id, org_created{"New", "new", "UTC", "USD"});
  record(expected, id, entity::member, owner, member_added{owner, role::Owner, true, {}});
  record(expected, id, entity::workflow, id_of(1001), default_workflow());
  create(R"({"id":)" + quoted(id) + R"(,"name":"New","slug":"new"})").then(expected);
  BOOST_TEST((find<org>(state, id, id)->default_workflow_id == id_of(1001)));
  BOOST_TEST((find<member>(state, id, owner)->role == role::Owner));

  create(R"({"name":"Far","slug":"far","time_zone":"Europe/Berlin","currency":"EUR"})");
  BOOST_TEST(encode_data(decided->value().events.front().what) ==
             R"({"name":"Far","slug":"far","time_zone":"Europe/Berlin","currency":"EUR"})");
}

BOOST_AUTO_TEST_CASE(an_orgs_slug_and_id_are_taken_once) {
  create(R"({"name":"New","slug":"acme"})").then_refused(errc::already_exists);
  create(R"({"name":"New","slug":"new","id":)" + quoted(org_id) + "}").then_refused(errc::already_exists);
  create(R"({"name":"New","slug":"new","id":"00000000-0000-0000-0000-000000000000"})")
      .then_refused(errc::already_exists);
}

BOOST_AUTO_TEST_CASE(a_renamed_org_frees_its_slug) {
  org_changes c;
  c.name.value = {"Acme", "Bell"};
  c.slug.value = {"acme", "bell"};
  update(R"({"name":"Bell","slug":"bell"})").then(entity::org, org_id, org_updated{c});
  update(R"({"name":"Bell","slug":"bell","currency":"USD"})").then_nothing();
  create(R"({"name":"New","slug":"bell"})").then_refused(errc::already_exists);
  BOOST_TEST(decide(state, body<create_org>(R"({"name":"New","slug":"acme"})"), by).has_value());
}

BOOST_AUTO_TEST_CASE(an_org_cannot_take_anothers_slug) {
  create(R"({"name":"New","slug":"new"})");
  given(decided->value().events);
  update(R"({"slug":"new"})").then_refused(errc::already_exists);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(invite_rules, orgs)

BOOST_AUTO_TEST_CASE(an_invite_is_good_for_a_week_unless_it_says_else) {
  create_an_invite(R"({"email":"ada@example.com","role":"Owner"})")
      .then(entity::invite, id_of(60), invite_created{"sealed", role::Owner, owner, "hash", {by.at.ms + 7 * day_ms}});
  create_an_invite(R"({"email":"ada@example.com","role":"Viewer","created_by":)" + quoted(owner) + R"(,"expires_at":)" +
                   at(day_ms) + "}")
      .then(entity::invite, id_of(60), invite_created{"sealed", role::Viewer, owner, "hash", {by.at.ms + day_ms}});
}

BOOST_AUTO_TEST_CASE(an_invite_goes_no_higher_no_further_and_is_nobody_elses) {
  act_as(ada, role::Admin);
  create_an_invite(R"({"email":"a@b","role":"Owner","created_by":)" + quoted(owner) + R"(,"expires_at":)" + at(0) + "}")
      .then_refused(errc::validation_failed, "/role above_your_own, /created_by not_yourself, /expires_at in_the_past");
  create_an_invite(R"({"email":"a@b","role":"Admin","expires_at":)" + at(365 * day_ms + 1) + "}")
      .then_refused(errc::validation_failed, "/expires_at too_far");
  create_an_invite(R"({"email":"a@b","role":"Admin","expires_at":)" + at(365 * day_ms) + "}");
  BOOST_TEST(decided->has_value());
}

BOOST_AUTO_TEST_CASE(who_accepts_an_invite_is_a_member) {
  auto const i = given_invite(role::Admin);
  act_as(stranger, role::Viewer);
  facts expected;
  record(expected, org_id, entity::member, stranger, member_added{stranger, role::Admin, true, id_of(60)});
  record(expected, org_id, entity::invite, id_of(60), invite_accepted{stranger});
  when(accept(state, org_id, i, by)).then(expected);
  BOOST_TEST((get<domain::invite>(id_of(60)).status == invite_status::Accepted));
  when(accept(state, org_id, get<domain::invite>(id_of(60)), by)).then_refused(errc::wrong_state);
  when(revoke(org_id, get<domain::invite>(id_of(60)))).then_refused(errc::wrong_state);
}

BOOST_AUTO_TEST_CASE(below_admin_an_invite_gives_no_sight_of_money) {
  auto const i = given_invite(role::Member);
  act_as(stranger, role::Viewer);
  when(accept(state, org_id, i, by));
  BOOST_TEST(!std::get<member_added>(decided->value().events.front().what).can_view_finance);
}

BOOST_AUTO_TEST_CASE(an_invite_that_is_over_or_not_needed_is_not_accepted) {
  auto i = given_invite(role::Member);
  when(accept(state, org_id, i, by)).then_refused(errc::already_exists); // the owner is in
  act_as(stranger, role::Viewer);
  by.at = i.expires_at;
  when(accept(state, org_id, i, by)).then_refused(errc::wrong_state);
  when(revoke(org_id, i)).then(entity::invite, id_of(60), invite_revoked{});
  when(revoke(org_id, get<domain::invite>(id_of(60)))).then_refused(errc::wrong_state);
  by.at.ms -= day_ms;
  when(accept(state, org_id, get<domain::invite>(id_of(60)), by)).then_refused(errc::wrong_state);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(workflow_rules, orgs)

BOOST_AUTO_TEST_CASE(a_workflow_has_statuses_and_may_have_transitions) {
  workflow_created e;
  e.name = "W";
  e.statuses = {{"Open", category::todo, false}, {"Shut", category::done, false}};
  create_a_workflow(two_statuses("")).then(entity::workflow, id_of(1001), e);
  BOOST_TEST((the_org().default_workflow_id == workflow_id)); // the first one stays

  e.name = "Strict";
  e.statuses.push_back({"Cancelled", category::done, true}); // cancels by its name, unless it says else
  e.transitions = {{"Open", "Shut"}};
  e.enforcement = enforcement::strict;
  create_a_workflow(R"({"name":"Strict","statuses":[{"name":"Open","category":"todo"},{"name":"Shut","category":"done"},
    {"name":"Cancelled","category":"done"}],"transitions":[{"from":"Open","to":"Shut"}],"enforcement":"strict","id":)" +
                    quoted(id_of(71)) + "}")
      .then(entity::workflow, id_of(71), e);
}

BOOST_AUTO_TEST_CASE(a_workflows_faults_are_told_at_once) {
  create_a_workflow(
      R"({"name":"W","statuses":[{"name":"A","category":"todo","cancels":true},{"name":"A","category":"done"}],
    "transitions":[{"from":"A","to":"B"},{"from":"B","to":"A"},{"from":"A","to":"A"},{"from":"A","to":"A"}]})")
      .then_refused(errc::validation_failed,
                    "/statuses/0/cancels not_done, /statuses/1/name duplicate, /transitions/0/to unknown_status, "
                    "/transitions/1/from unknown_status, /transitions/3 duplicate");
}

BOOST_AUTO_TEST_CASE(a_workflows_name_and_id_are_taken_once) {
  create_a_workflow(R"({"name":"Default","statuses":[{"name":"A","category":"todo"}]})")
      .then_refused(errc::already_exists);
  create_a_workflow(two_statuses(R"(,"id":)" + quoted(workflow_id))).then_refused(errc::already_exists);
  create_a_workflow(two_statuses(""));
  given(decided->value().events);
  update_the_workflow(R"({"name":"W"})").then_refused(errc::already_exists);
}

BOOST_AUTO_TEST_CASE(an_update_of_a_workflow_tells_from_and_to) {
  workflow_changes c;
  c.name.value = {"Default", "Other"};
  c.enforcement.value = {enforcement::none, enforcement::warn};
  c.transitions.value = {{}, {{"Backlog", "Ready"}}};
  update_the_workflow(R"({"name":"Other","enforcement":"warn","transitions":[{"from":"Backlog","to":"Ready"}]})")
      .then(entity::workflow, workflow_id, workflow_updated{c});
  update_the_workflow(R"({"name":"Other","enforcement":"warn","transitions":[{"from":"Backlog","to":"Ready"}]})")
      .then_nothing();
  create_a_workflow(R"({"name":"Default","statuses":[{"name":"A","category":"todo"}]})");
  BOOST_TEST(decided->has_value()); // the former name is free
}

BOOST_AUTO_TEST_CASE(a_status_in_use_stays_and_keeps_its_category) {
  in_use = {{"Review", 2}};
  update_the_workflow(R"({"statuses":[{"name":"Backlog","category":"todo"}]})").then_refused(errc::in_use);
  BOOST_TEST(decided->error().members == "\"count\":2");
  update_the_workflow(R"({"statuses":[{"name":"Review","category":"done"}]})").then_refused(errc::in_use);
  workflow_changes c;
  c.statuses.value = {default_workflow().statuses, {{"Review", category::in_progress, false}}};
  update_the_workflow(R"({"statuses":[{"name":"Review","category":"in_progress"}]})")
      .then(entity::workflow, workflow_id, workflow_updated{c});
}

BOOST_AUTO_TEST_CASE(transitions_name_statuses_that_stay) {
  update_the_workflow(R"({"transitions":[{"from":"Backlog","to":"Ready"}]})");
  given(decided->value().events);
  update_the_workflow(R"({"statuses":[{"name":"Backlog","category":"todo"}]})")
      .then_refused(errc::validation_failed, "/statuses status_in_transition");
  update_the_workflow(R"({"statuses":[{"name":"Backlog","category":"todo"}],"transitions":[]})");
  BOOST_TEST(decided->has_value());
  update_the_workflow(R"({"transitions":[{"from":"Backlog","to":"Gone"}]})")
      .then_refused(errc::validation_failed, "/transitions/0/to unknown_status");
}

BOOST_AUTO_TEST_CASE(what_a_workflow_allows) {
  workflow w;
  w.statuses = {{"A", category::todo, false}, {"B", category::todo, false}, {"C", category::done, false}};
  BOOST_TEST(w.allows("A", "C"));
  BOOST_TEST((w.allowed_from("A") == std::vector<std::string>{"B", "C"}));
  w.transitions = {{"A", "B"}};
  BOOST_TEST(w.allows("A", "B"));
  BOOST_TEST(!w.allows("B", "A"));
  BOOST_TEST(w.allows("B", "B"));
  BOOST_TEST(w.allowed_from("B").empty());
  BOOST_TEST(w.find("C") == &w.statuses[2]);
  BOOST_TEST(w.find("D") == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(label_rules, orgs)

BOOST_AUTO_TEST_CASE(a_label_has_a_name_and_a_color) {
  create_a_label(R"({"name":"new","color":"#00ff00"})")
      .then(entity::label, id_of(1001), label_created{"new", "#00ff00"});
  create_a_label(R"({"name":"new","color":"#00ff00"})").then_refused(errc::already_exists);
  create_a_label(R"({"name":"newer","color":"#00ff00","id":)" + quoted(bug) + "}").then_refused(errc::already_exists);
}

BOOST_AUTO_TEST_CASE(a_label_is_renamed_to_what_is_free) {
  update_the_label(R"({"name":"urgent"})").then_refused(errc::already_exists);
  label_changes c;
  c.name.value = {"bug", "fault"};
  c.color.value = {"#ff0000", "#00FF00"};
  update_the_label(R"({"name":"fault","color":"#00FF00"})").then(entity::label, bug, label_updated{c});
  update_the_label(R"({"name":"fault","color":"#00FF00"})").then_nothing();
  create_a_label(R"({"name":"bug","color":"#00ff00"})");
  BOOST_TEST(decided->has_value());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::domain
