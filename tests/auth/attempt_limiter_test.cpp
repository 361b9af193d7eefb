#include "auth/attempt_limiter.hpp"

#include <boost/test/unit_test.hpp>
#include <thread>
#include <vector>

using namespace alloy;
using namespace alloy::auth;

namespace {

constexpr std::int64_t start_ms = 1'700'000'000'000;

unsigned retry_after(result<> const& r) {
  BOOST_REQUIRE(r.has_error());
  BOOST_REQUIRE((r.error().code == errc::rate_limited));
  return r.error().retry_after_s;
}

} // namespace

BOOST_AUTO_TEST_SUITE(attempts)

BOOST_AUTO_TEST_CASE(an_account_may_fail_ten_times_from_one_network_in_a_window) {
  attempt_limiter limiter({.per_account = 10, .per_address = 1000, .window_ms = 900'000});
  for (int i = 0; i < 10; ++i)
    BOOST_TEST(limiter.admit("a@b.c", "10.0.0." + std::to_string(i), start_ms + i * 1000).has_value());
  BOOST_TEST(retry_after(limiter.admit("a@b.c", "10.0.0.99", start_ms + 10'000)) == 890U);
  BOOST_TEST(limiter.admit("other@b.c", "10.0.0.99", start_ms + 10'000).has_value());
  // Refused attempts do not lengthen the wait; the first place is free when the first failure leaves the window.
  BOOST_TEST(retry_after(limiter.admit("a@b.c", "10.0.0.99", start_ms + 899'999)) == 1U);
  BOOST_TEST(limiter.admit("a@b.c", "10.0.0.99", start_ms + 900'000).has_value());
  BOOST_TEST(retry_after(limiter.admit("a@b.c", "10.0.0.99", start_ms + 900'000)) == 1U);
}

BOOST_AUTO_TEST_CASE(failures_in_one_network_lock_nobody_out_of_another) {
  attempt_limiter limiter({.per_account = 10, .per_address = 1000});
  for (int i = 0; i < 10; ++i) BOOST_TEST(limiter.admit("a", "203.0.113." + std::to_string(i), start_ms).has_value());
  retry_after(limiter.admit("a", "203.0.113.77", start_ms));
  BOOST_TEST(limiter.admit("a", "203.0.112.1", start_ms).has_value());
  for (int i = 0; i < 10; ++i)
    BOOST_TEST(limiter.admit("a", "2001:db8:1:2::" + std::to_string(i), start_ms).has_value());
  retry_after(limiter.admit("a", "2001:db8:1:2:ffff::1", start_ms));
  BOOST_TEST(limiter.admit("a", "2001:db8:1:3::1", start_ms).has_value());
}

BOOST_AUTO_TEST_CASE(failures_from_everywhere_make_strangers_wait_ever_longer) {
  attempt_limiter limiter({.per_account = 10, .per_address = 1000, .per_account_total = 100});
  auto const ip_prefix = [](int i) { return "10.0." + std::to_string(i) + ".1"; };
  for (int i = 0; i < 100; ++i) BOOST_REQUIRE(limiter.admit("a", ip_prefix(i), start_ms + i).has_value());
  std::int64_t at = start_ms + 99;
  for (unsigned const wait_s : {1U, 2U, 4U, 8U, 16U, 32U, 64U, 128U, 256U}) {
    BOOST_TEST(retry_after(limiter.admit("a", ip_prefix(200), at)) == wait_s);
    BOOST_TEST(retry_after(limiter.admit("a", ip_prefix(201), at + wait_s * 1000 - 1)) == 1U);
    BOOST_TEST(limiter.admit("b", ip_prefix(200), at).has_value());
    limiter.take_back("b", ip_prefix(200), at);
    at += wait_s * 1000;
    BOOST_TEST(limiter.admit("a", ip_prefix(static_cast<int>(wait_s) % 50 + 200), at).has_value());
  }
  BOOST_TEST(retry_after(limiter.admit("a", ip_prefix(202), at)) == 512U);
  at = start_ms + 100 + 900'000; // the hundred of the beginning have left the window
  BOOST_TEST(limiter.admit("a", ip_prefix(202), at).has_value());
  BOOST_TEST(limiter.admit("a", ip_prefix(202), at).has_value());
}

BOOST_AUTO_TEST_CASE(a_known_network_passes_what_strangers_did_and_has_its_own_limit) {
  using enum attempt_limiter::login_origin;
  attempt_limiter limiter({.per_account = 3, .per_address = 1000, .per_account_total = 5});
  for (int i = 0; i < 5; ++i)
    BOOST_REQUIRE(limiter.admit("a", "10.0." + std::to_string(i) + ".1", start_ms).has_value());
  retry_after(limiter.admit("a", "192.0.2.1", start_ms, unknown));
  for (int i = 0; i < 3; ++i) BOOST_TEST(limiter.admit("a", "192.0.2.1", start_ms, known).has_value());
  BOOST_TEST(retry_after(limiter.admit("a", "192.0.2.2", start_ms, known)) == 900U);
}

BOOST_AUTO_TEST_CASE(an_address_is_limited_over_all_accounts) {
  attempt_limiter limiter({.per_account = 10, .per_address = 60});
  for (int i = 0; i < 60; ++i) BOOST_TEST(limiter.admit("user" + std::to_string(i), "192.0.2.1", start_ms).has_value());
  BOOST_TEST(retry_after(limiter.admit("user60", "192.0.2.1", start_ms + 1)) == 900U);
  BOOST_TEST(limiter.admit("user60", "192.0.2.2", start_ms + 1).has_value());
}

BOOST_AUTO_TEST_CASE(successes_do_not_count) {
  attempt_limiter limiter({.per_account = 3, .per_address = 3});
  for (int i = 0; i < 100; ++i) {
    BOOST_REQUIRE(limiter.admit("a", "192.0.2.1", start_ms + i).has_value());
    limiter.take_back("a", "192.0.2.1", start_ms + i);
  }
  BOOST_TEST(limiter.keys() == 0U);
  BOOST_TEST(limiter.admit("a", "192.0.2.1", start_ms).has_value());
  BOOST_TEST(limiter.admit("a", "192.0.2.1", start_ms).has_value());
  // One taken back twice, or never admitted, gives no credit beyond its own.
  limiter.take_back("a", "192.0.2.1", start_ms + 5);
  limiter.take_back("b", "192.0.2.9", start_ms);
  BOOST_TEST(limiter.admit("a", "192.0.2.1", start_ms).has_value());
  retry_after(limiter.admit("a", "192.0.2.1", start_ms));
}

BOOST_AUTO_TEST_CASE(attempts_in_parallel_gain_nothing) {
  attempt_limiter limiter({.per_account = 10, .per_address = 1000});
  std::atomic<int> admitted{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i)
        if (limiter.admit("a", "192.0.2.1", start_ms)) ++admitted;
    });
  for (auto& thread : threads) thread.join();
  BOOST_TEST(admitted == 10);
}

BOOST_AUTO_TEST_CASE(one_subscriber_of_ipv6_is_one_address) {
  attempt_limiter limiter({.per_account = 100, .per_address = 2});
  BOOST_TEST(limiter.admit("a", "2001:db8:1:2::1", start_ms).has_value());
  BOOST_TEST(limiter.admit("a", "2001:db8:1:2:ffff::2", start_ms).has_value());
  retry_after(limiter.admit("a", "2001:db8:1:2:3::4", start_ms));
  BOOST_TEST(limiter.admit("a", "2001:db8:1:3::1", start_ms).has_value());
  // An IPv4 address seen by a socket of both families is the same address.
  BOOST_TEST(limiter.admit("a", "192.0.2.1", start_ms).has_value());
  BOOST_TEST(limiter.admit("a", "::ffff:192.0.2.1", start_ms).has_value());
  retry_after(limiter.admit("a", "192.0.2.1", start_ms));
}

BOOST_AUTO_TEST_CASE(an_account_named_like_an_address_is_not_that_address) {
  attempt_limiter limiter({.per_account = 1, .per_address = 1});
  BOOST_TEST(limiter.admit("192.0.2.1", "192.0.2.2", start_ms).has_value());
  BOOST_TEST(limiter.admit("b", "192.0.2.1", start_ms).has_value());
}

BOOST_AUTO_TEST_CASE(memory_is_bounded_and_the_oldest_goes_first) {
  attempt_limiter limiter({.per_account = 1, .per_address = 100'000, .window_ms = 900'000, .keys_max = 100});
  for (int i = 0; i < 1000; ++i)
    BOOST_REQUIRE(limiter.admit("user" + std::to_string(i), "192.0.2.1", start_ms + i).has_value());
  BOOST_TEST(limiter.keys() == 100U);
  retry_after(limiter.admit("user999", "192.0.2.1", start_ms + 1000));
  BOOST_TEST(limiter.admit("user0", "192.0.2.1", start_ms + 1000).has_value());
}

BOOST_AUTO_TEST_CASE(a_clock_that_steps_back_locks_nobody_out_for_longer_than_a_window) {
  attempt_limiter limiter({.per_account = 1, .per_address = 10});
  BOOST_TEST(limiter.admit("a", "192.0.2.1", start_ms).has_value());
  BOOST_TEST(retry_after(limiter.admit("a", "192.0.2.1", start_ms - 86'400'000)) == 900U);
}

BOOST_AUTO_TEST_CASE(a_look_says_what_an_attempt_would_be_told_and_counts_nothing) {
  attempt_limiter limiter({.per_account = 2, .per_address = 3});
  for (int i = 0; i < 50; ++i) BOOST_TEST(limiter.look("a", "10.0.0.1", start_ms).has_value());
  BOOST_TEST(limiter.keys() == 0U);
  for (int i = 0; i < 2; ++i) BOOST_TEST(limiter.admit("a", "10.0.0.1", start_ms).has_value());
  BOOST_TEST(retry_after(limiter.look("a", "10.0.0.1", start_ms)) ==
             retry_after(limiter.admit("a", "10.0.0.1", start_ms)));
  BOOST_TEST(limiter.look("b", "10.0.0.1", start_ms).has_value());
  BOOST_TEST(limiter.admit("b", "10.0.0.1", start_ms).has_value());
  retry_after(limiter.look("c", "10.0.0.1", start_ms)); // of the address
  BOOST_TEST(limiter.look("a", "10.0.9.1", start_ms).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
