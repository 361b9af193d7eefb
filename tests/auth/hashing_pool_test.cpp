#include "auth/hashing_pool.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <future>
#include <stdexcept>

using namespace alloy;
using namespace alloy::auth;

BOOST_AUTO_TEST_SUITE(hashing)

BOOST_AUTO_TEST_CASE(jobs_run_on_other_threads_and_each_once) {
  std::atomic<int> ran{0};
  std::atomic<bool> here{false};
  auto const me = std::this_thread::get_id();
  {
    hashing_pool pool({.workers = 2, .queue_max = 1000});
    for (int i = 0; i < 500; ++i)
      BOOST_REQUIRE(pool.submit([&] {
                          if (std::this_thread::get_id() == me) here = true;
                          ++ran;
                        })
                        .has_value());
  }
  BOOST_TEST(ran == 500); // the destructor ran what was accepted
  BOOST_TEST(!here);
}

BOOST_AUTO_TEST_CASE(beyond_the_queue_a_job_is_refused_and_told_when_to_come_back) {
  std::promise<void> begin;
  auto const begun = begin.get_future().share();
  std::promise<void> first_runs;
  std::size_t deepest = 0, last = 99;
  hashing_pool pool({.workers = 1, .queue_max = 3, .on_depth = [&](std::size_t waiting) {
                       deepest = std::max(deepest, waiting);
                       last = waiting;
                     }});
  BOOST_REQUIRE(pool.submit([&] {
                      first_runs.set_value();
                      begun.wait();
                    })
                    .has_value());
  first_runs.get_future().wait();
  bool refused_ran = false;
  std::atomic<int> ran{0};
  for (int i = 0; i < 3; ++i) BOOST_REQUIRE(pool.submit([&] { ++ran; }).has_value());
  auto const refused = pool.submit([&] { refused_ran = true; });
  BOOST_REQUIRE(refused.has_error());
  BOOST_TEST((refused.error().code == errc::overloaded));
  BOOST_TEST(refused.error().retry_after_s >= 1U);
  begin.set_value();
  pool.stop();
  BOOST_TEST(ran == 3);
  BOOST_TEST(!refused_ran);
  BOOST_TEST(deepest == 3U);
  BOOST_TEST(last == 0U);
  BOOST_TEST((pool.submit([] {}).error().code == errc::shutting_down));
}

BOOST_AUTO_TEST_CASE(a_job_that_throws_does_not_stop_the_pool) {
  std::promise<int> after;
  hashing_pool pool({.workers = 1});
  BOOST_REQUIRE(pool.submit([] { throw std::runtime_error("on purpose"); }).has_value());
  BOOST_REQUIRE(pool.submit([] { throw 7; }).has_value());
  BOOST_REQUIRE(pool.submit([&] { after.set_value(5); }).has_value());
  BOOST_TEST(after.get_future().get() == 5);
}

BOOST_AUTO_TEST_CASE(two_workers_work_at_once) {
  // Each waits for the other: with one thread this would never end.
  std::promise<void> a, b;
  hashing_pool pool({.workers = 2});
  BOOST_REQUIRE(pool.submit([&] {
                      a.set_value();
                      b.get_future().wait();
                    })
                    .has_value());
  BOOST_REQUIRE(pool.submit([&] {
                      a.get_future().wait();
                      b.set_value();
                    })
                    .has_value());
  pool.stop();
}

BOOST_AUTO_TEST_SUITE_END()
