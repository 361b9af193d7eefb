#include "events/codec.hpp"
#include "tests/domain/tracker.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::domain {
namespace {

using namespace events;

constexpr std::int64_t day_ms = 86'400'000;

struct orgs : tracker {
  orgs& create(std::string const& json) {
    when(decide(state, body<create_org>(json), by));
    return *this;
  }
  orgs& update(std::string const& json) {
    when(decide(state, the_org(), body<update_org>(json)));
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

BOOST_AUTO_TEST_CASE(an_org_in_use_stays) {
  when(remove(state, the_org())).then_refused(errc::in_use);
  BOOST_TEST(decided->error().members == "\"count\":2");
}

BOOST_AUTO_TEST_CASE(a_personal_org_stays) {
  domain::user u;
  u.id = org_id;
  put(state, identity_tenant, u);
  when(remove(state, the_org())).then_refused(errc::wrong_state);
}

BOOST_AUTO_TEST_CASE(a_deleted_org_is_reached_by_nobody_and_its_slug_is_free) {
  uuid const id = id_of(70);
  create(R"({"id":)" + quoted(id) + R"(,"name":"New","slug":"new"})");
  given(decided->value().events);
  given({{id, {entity::member, ada}, member_added{ada, role::Viewer, false, {}}},
         {id, {entity::invite, id_of(60)}, invite_created{"sealed", role::Member, owner, "hash", {1000}}},
         {id, {entity::invite, id_of(61)}, invite_created{"sealed", role::Member, owner, "other", {1000}}},
         {id, {entity::invite, id_of(61)}, invite_accepted{bob}}});
  facts expected;
  record(expected, id, entity::invite, id_of(60), invite_revoked{});
  record(expected, id, entity::member, owner, member_removed{owner, role::Owner});
  record(expected, id, entity::member, ada, member_removed{ada, role::Viewer});
  record(expected, id, entity::org, id, org_deleted{"New", "new"});
  when(remove(state, find<org>(state, id, id).value())).then(expected);
  BOOST_TEST(!find<org>(state, id, id).has_value());
  for (auto const& user : {owner, ada})
    BOOST_TEST(!state.has(key(identity_tenant, table::membership_by_user).add(user).add(id)));
  act_as(stranger, role::Viewer);
  when(accept(state, id, find<domain::invite>(state, id, id_of(60)).value(), by)).then_refused(errc::wrong_state);
  BOOST_TEST(decide(state, body<create_org>(R"({"name":"Next","slug":"new"})"), by).has_value());
}

BOOST_AUTO_TEST_CASE(an_id_that_ever_had_a_history_is_given_to_no_org) {
  state.put(key(id_of(70), table::tenant_head), "...");
  create(R"({"name":"New","slug":"new","id":)" + quoted(id_of(70)) + "}").then_refused(errc::already_exists);
}

BOOST_AUTO_TEST_CASE(an_id_of_a_user_is_given_to_no_org) {
  domain::user u;
  u.id = id_of(70);
  put(state, identity_tenant, u);
  create(R"({"name":"New","slug":"new","id":)" + quoted(id_of(70)) + "}").then_refused(errc::already_exists);
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

BOOST_AUTO_TEST_CASE(an_invite_gives_what_its_sender_could_give_now) {
  auto const accepted = [&](role sender, role invited) {
    given(entity::invite, id_of(60), invite_created{"sealed", invited, ada, "hash", {by.at.ms + day_ms}});
    make_so<domain::member>(ada, [&](domain::member& m) { m.role = sender; });
    act_as(stranger, role::Viewer);
    auto const d = accept(state, org_id, get<domain::invite>(id_of(60)), by);
    BOOST_TEST((d || d.error().code == errc::wrong_state));
    return d.has_value();
  };
  BOOST_TEST(accepted(role::Owner, role::Owner));
  BOOST_TEST(accepted(role::Owner, role::Viewer));
  BOOST_TEST(accepted(role::Admin, role::Admin));
  BOOST_TEST(!accepted(role::Admin, role::Owner));
  for (auto const sender : {role::Viewer, role::Reporter, role::Member})
    for (auto const invited : {role::Viewer, role::Member, role::Admin}) BOOST_TEST(!accepted(sender, invited));
  given(entity::member, ada, member_removed{ada, role::Member});
  act_as(stranger, role::Viewer);
  when(accept(state, org_id, given_invite(role::Viewer), by)); // of somebody who is there
  BOOST_TEST(decided->has_value());
  given(entity::invite, id_of(61), invite_created{"sealed", role::Viewer, ada, "other", {by.at.ms + day_ms}});
  act_as(bob, role::Viewer);
  given(entity::member, bob, member_removed{bob, role::Member});
  when(accept(state, org_id, get<domain::invite>(id_of(61)), by)).then_refused(errc::wrong_state);
}

BOOST_AUTO_TEST_CASE(an_erased_sender_gives_nothing) {
  auto const i = given_invite(role::Viewer);
  domain::user u;
  u.id = owner;
  u.erased_at = by.at;
  put(state, identity_tenant, u);
  act_as(stranger, role::Viewer);
  when(accept(state, org_id, i, by)).then_refused(errc::wrong_state);
}

BOOST_AUTO_TEST_CASE(a_new_invite_revokes_those_that_it_replaces) {
  given_invite(role::Admin);
  auto const wanted = body<create_invite>(R"({"email":"ada@example.com","role":"Viewer"})");
  facts expected;
  record(expected, org_id, entity::invite, id_of(60), invite_revoked{});
  record(expected, org_id, entity::invite, id_of(61),
         invite_created{"sealed", role::Viewer, owner, "other", {by.at.ms + 7 * day_ms}});
  when(decide(the_org(), wanted, {id_of(61), "sealed", "other", {id_of(60)}}, by)).then(expected);
  BOOST_TEST((get<domain::invite>(id_of(60)).status == invite_status::Revoked));
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

} // namespace alloy::domain
