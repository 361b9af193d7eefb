#include "auth/ip_prefix.hpp"
#include "auth/rate_limiter.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>
#include <vector>

using namespace alloy;
using namespace alloy::auth;

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

rate_limiter::caller number(unsigned n) {
  return {static_cast<std::uint8_t>(n >> 24), static_cast<std::uint8_t>(n >> 16), static_cast<std::uint8_t>(n >> 8),
          static_cast<std::uint8_t>(n)};
}

int admitted(rate_limiter& limiter, rate_limiter::caller const& who, int times, std::int64_t now_ns) {
  int count = 0;
  for (int i = 0; i < times; ++i) count += limiter.take(who, now_ns).admitted;
  return count;
}

} // namespace

BOOST_AUTO_TEST_SUITE(rate_limits)

BOOST_AUTO_TEST_CASE(callers_do_not_share_a_quota) {
  rate_limiter limiter(quota(3, 60), 1000);
  for (unsigned i = 0; i < 8; ++i) BOOST_TEST(admitted(limiter, number(i), 5, second_ns) == 3);
}

BOOST_AUTO_TEST_CASE(a_quota_comes_back_with_time) {
  rate_limiter limiter(quota(3, 60), 1000);
  BOOST_TEST(admitted(limiter, number(1), 5, 0) == 3);
  BOOST_TEST(admitted(limiter, number(1), 5, 19 * second_ns) == 0);
  BOOST_TEST(admitted(limiter, number(1), 5, 20 * second_ns) == 1);
}

BOOST_AUTO_TEST_CASE(nobody_is_refused_because_the_table_is_full) {
  rate_limiter limiter(quota(2, 60), 100);
  for (unsigned i = 0; i < 10'000; ++i) BOOST_REQUIRE(admitted(limiter, number(i), 3, 0) == 2);
}

BOOST_AUTO_TEST_CASE(who_used_the_most_is_remembered_the_longest) {
  rate_limiter limiter(quota(100, 60), 8);
  auto const busy = number(0xffffffff);
  BOOST_TEST(admitted(limiter, busy, 200, 0) == 100);
  for (unsigned i = 0; i < 10'000; ++i) limiter.take(number(i), 0);
  BOOST_TEST(!limiter.take(busy, 0).admitted);
}

BOOST_AUTO_TEST_CASE(who_is_idle_makes_room_first) {
  rate_limiter limiter(quota(10, 10), 8);
  for (unsigned i = 0; i < 8; ++i) limiter.take(number(i), i == 3 ? 0 : 5 * second_ns);
  // At this moment number 3 is the only one who has his whole quota.
  limiter.take(number(8), 5 * second_ns);
  for (unsigned i = 0; i < 8; ++i)
    if (i != 3) BOOST_TEST(limiter.take(number(i), 5 * second_ns).left == 8);
}

BOOST_AUTO_TEST_CASE(a_burst_may_be_less_than_the_window_holds) {
  quota const most(600, 60, 5); // ten a second
  std::int64_t used_until_ns = 0;
  for (int n = 4; n >= 0; --n) BOOST_TEST(most.take(used_until_ns, 0).left == n);
  auto const no = most.take(used_until_ns, 0);
  BOOST_TEST(!no.admitted);
  BOOST_TEST(no.more_ns == second_ns / 10);
  BOOST_TEST(most.take(used_until_ns, second_ns / 10).admitted);
  BOOST_TEST(!most.take(used_until_ns, second_ns / 10).admitted);
  // In the long run as many pass as without a burst.
  int passed = 0;
  for (std::int64_t at = second_ns; at <= 61 * second_ns; at += second_ns / 100)
    passed += most.take(used_until_ns, at).admitted;
  BOOST_TEST(passed >= 600);
  BOOST_TEST(passed <= 606);
}

BOOST_AUTO_TEST_CASE(a_burst_is_at_most_the_window) {
  quota const most(3, 60, 1000);
  std::int64_t used_until_ns = 0;
  BOOST_TEST(most.take(used_until_ns, 0).left == 2);
}

BOOST_AUTO_TEST_CASE(threads_together_get_no_more_than_one) {
  rate_limiter limiter(quota(1000, 3600), 1000);
  std::atomic<int> all{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back([&] { all += admitted(limiter, number(7), 1000, second_ns); });
  for (auto& thread : threads) thread.join();
  BOOST_TEST(all == 1000);
}

BOOST_AUTO_TEST_CASE(a_refusal_says_when_to_come_back) {
  rate_limiter limiter(quota(1, 90), 8);
  limiter.take(number(1), 0);
  auto const e = too_many(limiter.take(number(1), 500'000'000), "too many");
  BOOST_TEST((e.code == errc::rate_limited));
  BOOST_TEST(e.retry_after_s == 90U); // 89.5 are left
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(networks)

BOOST_AUTO_TEST_CASE(an_ipv6_subscriber_is_one_network) {
  BOOST_TEST((network_of("2001:db8:1:2::1") == network_of("2001:db8:1:2:ffff::2")));
  BOOST_TEST((network_of("2001:db8:1:2::1") != network_of("2001:db8:1:3::1")));
  BOOST_TEST((network_of("fe80::1%eth0") == network_of("fe80::2%eth1")));
}

BOOST_AUTO_TEST_CASE(each_ipv4_address_is_a_network_of_its_own) {
  BOOST_TEST((network_of("192.0.2.1") != network_of("192.0.2.2")));
  BOOST_TEST((network_of("192.0.2.1") == network_of("::ffff:192.0.2.1")));
  BOOST_TEST((network_of("::ffff:192.0.2.1") != network_of("::ffff:192.0.2.2")));
}

BOOST_AUTO_TEST_CASE(what_is_no_address_is_one_network) {
  for (auto const* const text : {"", "nonsense", "192.0.2", "192.0.2.256", "2001:db8::1::2", "%eth0"})
    BOOST_TEST((network_of(text) == ip_prefix{}));
  BOOST_TEST((network_of(std::string(1000, '1')) == ip_prefix{}));
}

BOOST_AUTO_TEST_CASE(what_one_caller_gives_back_is_theirs_alone) {
  rate_limiter limiter(quota(3, 60), 1000);
  for (unsigned const who : {1U, 2U}) BOOST_TEST(admitted(limiter, number(who), 5, second_ns) == 3);
  limiter.give_back(number(1));
  limiter.give_back(number(3)); // who never took one has no more than others
  BOOST_TEST(admitted(limiter, number(1), 5, second_ns) == 1);
  BOOST_TEST(admitted(limiter, number(2), 5, second_ns) == 0);
  BOOST_TEST(admitted(limiter, number(3), 5, second_ns) == 3);
}

BOOST_AUTO_TEST_SUITE_END()
