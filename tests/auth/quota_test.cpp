#include "auth/quota.hpp"

#include <boost/test/unit_test.hpp>

using namespace alloy::auth;

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

// A caller and his clock.
struct sender {
  quota most;
  std::int64_t now_ns = 0, used_until_ns = 0;

  usage send() { return most.take(used_until_ns, now_ns); }
  int send(int times) {
    int admitted = 0;
    for (int i = 0; i < times; ++i) admitted += send().admitted;
    return admitted;
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(quotas)

BOOST_AUTO_TEST_CASE(a_burst_has_exactly_the_requests_of_a_window) {
  for (std::int64_t const requests : {1, 2, 3, 7, 60, 1000}) {
    sender s{quota(requests, 60)};
    for (std::int64_t i = 1; i <= requests; ++i) {
      auto const used = s.send();
      BOOST_TEST(used.admitted);
      BOOST_TEST(used.left == requests - i);
    }
    BOOST_TEST(!s.send().admitted);
  }
}

BOOST_AUTO_TEST_CASE(what_is_refused_is_told_when_to_come_back) {
  for (std::int64_t const requests : {1, 2, 3, 7, 60, 1000}) {
    sender s{quota(requests, 60)};
    s.send(static_cast<int>(requests));
    auto const refused = s.send();
    BOOST_TEST(refused.left == 0);
    s.now_ns += refused.more_ns - 1;
    BOOST_TEST(!s.send().admitted);
    s.now_ns += 1;
    BOOST_TEST(s.send().admitted);
    BOOST_TEST(!s.send().admitted);
  }
}

BOOST_AUTO_TEST_CASE(one_more_request_is_there_when_it_was_said) {
  sender s{quota(10, 5)};
  auto const used = s.send();
  BOOST_TEST(used.left == 9);
  s.now_ns += used.more_ns;
  BOOST_TEST(s.send().left == 9);
  s.now_ns += s.most.take(s.used_until_ns, s.now_ns).more_ns - 1;
  BOOST_TEST(s.send().left == 7);
}

BOOST_AUTO_TEST_CASE(refusals_cost_nothing) {
  sender s{quota(2, 60)};
  BOOST_TEST(s.send(1000) == 2);
  s.now_ns += 30 * second_ns;
  BOOST_TEST(s.send(1000) == 1);
}

BOOST_AUTO_TEST_CASE(after_a_window_without_requests_all_are_there_again_and_no_more) {
  sender s{quota(5, 60)};
  BOOST_TEST(s.send(9) == 5);
  s.now_ns += 60 * second_ns;
  BOOST_TEST(s.send(9) == 5);
  s.now_ns += 3600 * second_ns;
  BOOST_TEST(s.send(9) == 5);
}

BOOST_AUTO_TEST_CASE(no_window_has_more_than_its_requests_beside_what_was_saved) {
  sender s{quota(10, 10)};
  int admitted = 0;
  for (int i = 0; i < 1000; ++i, s.now_ns += second_ns / 10) admitted += s.send().admitted;
  BOOST_TEST(admitted == 10 + 99); // the saved ones, then one a second
}

BOOST_AUTO_TEST_CASE(seconds_are_rounded_up) {
  BOOST_TEST((usage{.more_ns = 1}.more_s()) == 1);
  BOOST_TEST((usage{.more_ns = second_ns}.more_s()) == 1);
  BOOST_TEST((usage{.more_ns = second_ns + 1}.more_s()) == 2);
}

BOOST_AUTO_TEST_CASE(a_quota_is_reckoned_by_the_compiler_too) {
  constexpr auto second_of_two = [] {
    std::int64_t used_until_ns = 0;
    quota const two(2, 60);
    two.take(used_until_ns, 0);
    return two.take(used_until_ns, 20 * second_ns);
  }();
  static_assert(second_of_two.admitted && second_of_two.left == 0 && second_of_two.more_s() == 10);
}

BOOST_AUTO_TEST_CASE(what_was_given_back_may_be_taken_again) {
  sender s{quota(3, 60)};
  BOOST_TEST(s.send(9) == 3);
  s.most.give_back(s.used_until_ns);
  BOOST_TEST(s.send(9) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
