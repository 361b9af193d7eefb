#include "webhooks/delivery.hpp"
#include "webhooks/matcher.hpp"
#include "webhooks/retry.hpp"
#include "webhooks/signature.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::webhooks {

BOOST_AUTO_TEST_SUITE(delivery_policy)

BOOST_AUTO_TEST_CASE(ten_tries_over_three_days) {
  retry_policy const p;
  std::int64_t const seconds[] = {0, 5, 300, 1'800, 7'200, 18'000, 36'000, 50'400, 72'000, 86'400};
  for (std::int64_t tries = 0; tries < 10; ++tries) {
    BOOST_TEST(wait_before_next(p, tries, 0).value() == seconds[tries] * 1000);
    BOOST_TEST(wait_before_next(p, tries, 0.999).value() <= seconds[tries] * 1100);
  }
  BOOST_TEST(!wait_before_next(p, 10, 0).has_value());
}

BOOST_AUTO_TEST_CASE(a_receiver_may_ask_for_more_time_but_not_for_ever) {
  retry_policy const p;
  BOOST_TEST(wait_before_next(p, 1, 0, 60'000).value() == 60'000);
  BOOST_TEST(wait_before_next(p, 2, 0, 1'000).value() == 300'000);
  BOOST_TEST(wait_before_next(p, 1, 0, 10'000'000'000).value() == 86'400'000);
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_fails_is_left_in_peace_for_longer_and_longer) {
  retry_policy const p;
  std::int64_t const minutes[] = {0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60};
  for (std::int64_t failures = 0; failures < 12; ++failures)
    BOOST_TEST(pause_after(p, failures) == minutes[failures] * 60'000);
  BOOST_TEST(pause_after(p, 1'000'000) == p.pause_max_ms);
  BOOST_TEST(!has_failed_for_good(p, 0, 1'000'000'000'000));
  BOOST_TEST(!has_failed_for_good(p, 1, 5 * 86'400'000));
  BOOST_TEST(has_failed_for_good(p, 1, 5 * 86'400'000 + 1));
}

// The check vector of Standard Webhooks 1.0.
BOOST_AUTO_TEST_CASE(the_standard_signature) {
  std::string const secret = "whsec_plJ3nmyCDGBKInavdOK15jsl",
                    body = R"({"event_type":"ping","data":{"success":true}})";
  std::string const expected = "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=";
  BOOST_TEST(standard_signature({secret}, "msg_loFOjxBNrRLzqYUf", 1'731'705'121, body) == expected);
  auto const both =
      standard_signature({"whsec_" + std::string(32, 'A'), secret}, "msg_loFOjxBNrRLzqYUf", 1'731'705'121, body);
  BOOST_TEST(both.ends_with(" " + expected));
  BOOST_TEST(standard_signature({"whsec_*"}, "a", 1, body).empty());
}

// HMAC-SHA256 of RFC 4231, test case 2: the printed secret is the key.
BOOST_AUTO_TEST_CASE(the_other_signature) {
  BOOST_TEST(alloy_signature("Jefe", "what do ya want for nothing?") ==
             "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

BOOST_AUTO_TEST_CASE(subscriptions) {
  BOOST_TEST(matches("*", "ticket.created"));
  BOOST_TEST(matches("ticket.*", "ticket.created"));
  BOOST_TEST(matches("ticket.created", "ticket.created"));
  BOOST_TEST(!matches("ticket.*", "tickets.created"));
  BOOST_TEST(!matches("ticket.created", "ticket.created_again"));
  BOOST_TEST(!matches(std::vector<std::string>(), "ticket.created"));
  BOOST_TEST(matches(std::vector<std::string>{"org.*", "ticket.created"}, "ticket.created"));
}

BOOST_AUTO_TEST_CASE(a_delivery_has_one_id_for_ever) {
  uuid hook, event;
  hook.bytes.fill(1);
  event.bytes.fill(2);
  BOOST_TEST(to_string(delivery_id(hook, event)) == to_string(delivery_id(hook, event)));
  BOOST_TEST(to_string(delivery_id(hook, event)) != to_string(delivery_id(event, hook)));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::webhooks
