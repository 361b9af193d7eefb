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
