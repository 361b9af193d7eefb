#include "domain/webhooks.hpp"
#include "tests/domain/tracker.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::domain {
namespace {

using namespace events;

uuid const hook = id_of(80);

struct webhooks : tracker {
  webhooks& create(std::string const& json) {
    when(decide(state, the_org(), body<create_webhook>(json), hook, "sealed"));
    return *this;
  }
  webhooks& update(std::string const& json) {
    when(decide(get<domain::webhook>(hook), body<update_webhook>(json)));
    return *this;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(webhook_rules, webhooks)

BOOST_AUTO_TEST_CASE(a_webhook_subscribes_to_types_each_once) {
  create(R"({"url":"https://a.example/x","event_types":["ticket.created","*","ticket.created"]})")
      .then(entity::webhook, hook,
            webhook_created{"https://a.example/x", "sealed", {"ticket.created", "*"}, false, std::nullopt});
  BOOST_TEST(!get<domain::webhook>(hook).from.has_value()); // what is new from here on
  create(R"({"url":"https://a.example/x","event_types":["*"]})").then_refused(errc::already_exists);
}

BOOST_AUTO_TEST_CASE(an_id_that_any_organization_has_or_had_is_taken_and_the_first_one_keeps_it) {
  uuid const elsewhere = id_of(7);
  auto const made = webhook_created{"https://a.example/x", "sealed", {"*"}, false, std::nullopt};
  auto const owner_of = [&] {
    std::string org;
    return state.get(webhook_by_id(hook), org) ? uuid::from_view(org) : uuid{};
  };
  given({{elsewhere, {entity::webhook, hook}, made}});
  create(R"({"url":"https://b.example/x","event_types":["*"]})").then_refused(errc::already_exists);
  BOOST_TEST((owner_of() == elsewhere));
  given(entity::webhook, hook, made); // as logs of older versions have it
  given(entity::webhook, hook, webhook_deleted{});
  BOOST_TEST((owner_of() == elsewhere));
  BOOST_TEST(find<domain::webhook>(state, elsewhere, hook).has_value());
  given({{elsewhere, {entity::webhook, hook}, webhook_deleted{}}});
  create(R"({"url":"https://b.example/x","event_types":["*"]})").then_refused(errc::already_exists);
  when(decide(state, the_org(), body<create_webhook>(R"({"url":"https://b.example/x","event_types":["*"]})"), uuid{},
              "sealed"))
      .then_refused(errc::already_exists);
}

BOOST_AUTO_TEST_CASE(a_webhook_may_begin_in_the_past_and_keep_the_order) {
  create(R"({"url":"https://a.example/x","event_types":["ticket.*"],"ordered":true,"from":0})")
      .then(entity::webhook, hook, webhook_created{"https://a.example/x", "sealed", {"ticket.*"}, true, 0});
  BOOST_TEST(get<domain::webhook>(hook).from.value() == 0U);
  BOOST_TEST(get<domain::webhook>(hook).ordered);
}

BOOST_AUTO_TEST_CASE(an_update_tells_from_and_to) {
  given(entity::webhook, hook, webhook_created{"https://a.example/x", "sealed", {"*"}, false, 0});
  webhook_changes c;
  c.url.value = {"https://a.example/x", "https://b.example/"};
  c.event_types.value = {{"*"}, {"ticket.created"}};
  c.active.value = {true, false};
  c.ordered.value = {false, true};
  auto const all = R"({"url":"https://b.example/","event_types":["ticket.created"],"active":false,"ordered":true})";
  update(all).then(entity::webhook, hook, webhook_updated{c});
  update(all).then_nothing();
  update("{}").then_nothing();
  when(remove(get<domain::webhook>(hook))).then(entity::webhook, hook, webhook_deleted{});
  BOOST_TEST(!find<domain::webhook>(state, org_id, hook).has_value());
}

BOOST_AUTO_TEST_CASE(a_new_secret_leaves_the_old_one_a_day_or_as_long_as_is_said) {
  given(entity::webhook, hook, webhook_created{"https://a.example/x", "sealed", {"*"}, false, 0});
  when(rotate(get<domain::webhook>(hook), body<rotate_secret>("{}"), "second", {1'000}))
      .then(entity::webhook, hook, webhook_secret_rotated{"second", {86'401'000}});
  when(rotate(get<domain::webhook>(hook), body<rotate_secret>(R"({"overlap_seconds":0})"), "third", {2'000}))
      .then(entity::webhook, hook, webhook_secret_rotated{"third", {2'000}});
}

BOOST_AUTO_TEST_CASE(an_endpoint_is_disabled_once_and_enabled_by_an_update) {
  given(entity::webhook, hook, webhook_created{"https://a.example/x", "sealed", {"*"}, false, 0});
  when(disable(get<domain::webhook>(hook), "gone")).then(entity::webhook, hook, webhook_disabled{"gone"});
  BOOST_TEST(!get<domain::webhook>(hook).active);
  when(disable(get<domain::webhook>(hook), "gone")).then_nothing();
  webhook_changes c;
  c.active.value = {false, true};
  update(R"({"active":true})").then(entity::webhook, hook, webhook_updated{c});
  BOOST_TEST(get<domain::webhook>(hook).active);
}

BOOST_AUTO_TEST_CASE(what_is_asked_of_the_dispatcher_is_an_event) {
  given(entity::webhook, hook, webhook_created{"https://a.example/x", "sealed", {"*"}, false, 0});
  auto const w = get<domain::webhook>(hook);
  when(ping(w, id_of(81))).then(entity::webhook, hook, webhook_pinged{id_of(81)});
  when(redeliver(w, id_of(82))).then(entity::webhook, hook, webhook_redelivered{id_of(82)});
  auto const some = body<replay_webhook>(R"({"from":3,"to":"9","event_types":["*","ticket.*","*"]})");
  when(replay(w, 3, 9, some)).then(entity::webhook, hook, webhook_replayed{3, 9, {"*", "ticket.*"}});
  when(replay(w, 9, 9, body<replay_webhook>(R"({"from":9})"))).then(entity::webhook, hook, webhook_replayed{9, 9, {}});
  when(replay(w, 9, 8, some)).then_refused(errc::validation_failed, "/to before_from");
}

BOOST_AUTO_TEST_CASE(a_target_is_a_url_with_a_host) {
  for (std::string const good : {"https://a.example", "https://a.example:8443/x?y=z", "https://a.example?x=1",
                                 "https://[2001:db8::1]/x", "https://192.0.2.1/", "http://a.example/"})
    BOOST_TEST(webhook_url_rule::ok(good), good);
  for (std::string const bad :
       {"", "https://", "https:///path", "https://?query", "http://", "HTTPS://a.example/", "ftp://a.example/",
        "https://user@a.example/", "https://u:p@a.example/", "https://:443/x/y", "https://a.example/#f",
        "https://a.example/ x", "https://a.example/\n", "https://a.example/\\", "https://\xc3\xa9.example/",
        "//a.example/xxxx", "javascript:alert(1)"})
    BOOST_TEST(!webhook_url_rule::ok(bad), bad);
  BOOST_TEST(webhook_url_rule::ok("https://a.example/" + std::string(2048 - 18, 'x')));
  BOOST_TEST(!webhook_url_rule::ok("https://a.example/" + std::string(2048 - 17, 'x')));
}

BOOST_AUTO_TEST_CASE(types_are_those_of_the_catalogue_but_those_of_accounts) {
  for (std::string const good : {"*", "ticket.created", "ticket.*", "project.*", "project.member_added", "webhook.*"})
    BOOST_TEST(event_type_rule::ok(good), good);
  for (std::string const bad : {"", "ticket", "ticket.", "tick.*", "t*", "ticket.create", ".*", "*.*", "**", "user.*",
                                "user.registered", "session.opened", "session.*", "api_key.created", "Ticket.created"})
    BOOST_TEST(!event_type_rule::ok(bad), bad);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::domain
