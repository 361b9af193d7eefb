#include "auth/verified_tokens.hpp"

#include <boost/test/unit_test.hpp>
#include <thread>
#include <vector>

using namespace alloy;
using namespace alloy::auth;

namespace {

using cache = verified_tokens<int>;
crypto::digest token(int n) {
  return crypto::sha256(std::to_string(n));
}
void put(cache& c, int n, std::string session = "s", std::int64_t expires_s = 100) {
  BOOST_REQUIRE(c.put(token(n), std::move(session), expires_s, std::make_shared<int const>(n), c.epoch()));
}

} // namespace

BOOST_AUTO_TEST_SUITE(verified)

BOOST_AUTO_TEST_CASE(an_entry_ends_with_its_token) {
  cache c;
  put(c, 1);
  BOOST_TEST(*c.find(token(1), 99) == 1);
  BOOST_TEST(!c.find(token(2), 99));
  BOOST_TEST(!c.find(token(1), 100));
  BOOST_TEST(!c.find(token(1), 0)); // it is gone, not only hidden
  BOOST_TEST(c.size() == 0U);
}

BOOST_AUTO_TEST_CASE(a_session_is_forgotten_alone) {
  cache c;
  for (int i = 0; i < 100; ++i) put(c, i, i % 2 == 0 ? "even" : "odd");
  c.forget_session("even");
  for (int i = 0; i < 100; ++i) BOOST_TEST((c.find(token(i), 0) != nullptr) == (i % 2 == 1));
  c.forget_values([](int n) { return n < 50; });
  BOOST_TEST(c.size() == 25U);
  c.clear();
  BOOST_TEST(c.size() == 0U);
}

BOOST_AUTO_TEST_CASE(a_check_begun_before_a_revocation_is_not_kept) {
  cache c;
  auto const before = c.epoch();
  c.forget_session("any");
  BOOST_TEST(!c.put(token(1), "s", 100, std::make_shared<int const>(1), before));
  BOOST_TEST(!c.find(token(1), 0));
  put(c, 1);
  BOOST_TEST(c.find(token(1), 0));
}

BOOST_AUTO_TEST_CASE(it_is_bounded_and_keeps_what_is_used) {
  cache c(1600);
  put(c, -1);
  for (int i = 0; i < 20'000; ++i) {
    put(c, i);
    BOOST_REQUIRE(c.find(token(-1), 0));
  }
  BOOST_TEST(c.size() <= 1600U);
  BOOST_TEST(c.size() > 1500U);
  BOOST_TEST(!c.find(token(0), 0));
  BOOST_TEST(c.find(token(19'999), 0));
}

BOOST_AUTO_TEST_CASE(the_same_token_twice_is_one_entry) {
  cache c;
  put(c, 1, "a");
  put(c, 1, "b");
  BOOST_TEST(c.size() == 1U);
  c.forget_session("a");
  BOOST_TEST(c.find(token(1), 0));
}

BOOST_AUTO_TEST_CASE(threads_may_put_find_and_forget_at_once) {
  cache c(320);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&c, t] {
      for (int i = 0; i < 2000; ++i) {
        (void)c.put(token(i % 500), std::to_string(t), 100, std::make_shared<int const>(i % 500), c.epoch());
        if (auto const found = c.find(token(i % 500), 0); found && *found != i % 500) std::abort();
        if (i % 100 == 0) c.forget_session(std::to_string(t));
      }
    });
  for (auto& thread : threads) thread.join();
  BOOST_TEST(c.size() <= 320U);
}

BOOST_AUTO_TEST_SUITE_END()
