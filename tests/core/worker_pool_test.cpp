#include "core/worker_pool.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <future>
#include <stdexcept>
#include <string>

namespace alloy {
namespace {

worker_pool::caller some_caller(std::uint8_t n) {
  worker_pool::caller who{};
  who[0] = n;
  return who;
}

worker_pool::caller const ada = some_caller(1), ben = some_caller(2), cid = some_caller(3);

// Holds the pool's only worker until begin(), so that what is submitted meanwhile waits.
class held_worker {
 public:
  explicit held_worker(worker_pool& in) {
    std::promise<void> runs;
    BOOST_REQUIRE(in.submit(some_caller(255), [&runs, until = begin_.get_future().share()] {
                      runs.set_value();
                      until.wait();
                    }).has_value());
    runs.get_future().wait();
  }
  void begin() { begin_.set_value(); }

 private:
  std::promise<void> begin_;
};

double value_of(metrics::registry const& in, std::string const& series) {
  auto const text = in.scrape();
  auto const at = text.find("\n" + series + " ");
  return at == text.npos ? -1 : std::stod(text.substr(at + series.size() + 2));
}

} // namespace

BOOST_AUTO_TEST_SUITE(worker_pools)

BOOST_AUTO_TEST_CASE(jobs_run_on_other_threads_and_each_once) {
  std::atomic<int> ran{0};
  std::atomic<bool> here{false};
  auto const me = std::this_thread::get_id();
  {
    worker_pool pool({.workers = 2, .queue_max = 1000, .queue_per_caller_max = 1000});
    for (int i = 0; i < 500; ++i)
      BOOST_REQUIRE(pool.submit(some_caller(static_cast<std::uint8_t>(i % 7)),
                                [&] {
                                  if (std::this_thread::get_id() == me) here = true;
                                  ++ran;
                                })
                        .has_value());
  }
  BOOST_TEST(ran == 500); // the destructor ran what was accepted
  BOOST_TEST(!here);
}

BOOST_AUTO_TEST_CASE(callers_take_turns_and_each_ones_jobs_keep_their_order) {
  std::string order;
  worker_pool pool({.workers = 1});
  held_worker held(pool);
  auto const submit = [&](worker_pool::caller const& who, char what) {
    BOOST_REQUIRE(pool.submit(who, [&order, what] { order += what; }).has_value());
  };
  for (char const what : {'1', '2', '3', '4'}) submit(ada, what);
  for (char const what : {'x', 'y'}) submit(ben, what);
  submit(cid, '!');
  held.begin();
  pool.stop();
  BOOST_TEST(order == "1x!2y34");
}

BOOST_AUTO_TEST_CASE(who_comes_behind_a_flood_waits_for_one_job_of_it) {
  std::string order;
  worker_pool pool({.workers = 1, .queue_max = 1000, .queue_per_caller_max = 500});
  held_worker held(pool);
  for (int i = 0; i < 500; ++i) BOOST_REQUIRE(pool.submit(ada, [&] { order += 'a'; }).has_value());
  BOOST_REQUIRE(pool.submit(ben, [&] { order += 'B'; }).has_value());
  held.begin();
  pool.stop();
  BOOST_TEST(order.substr(0, 3) == "aBa");
  BOOST_TEST(order.size() == 501U);
}

BOOST_AUTO_TEST_CASE(who_was_just_served_comes_again_behind_those_who_wait) {
  std::string order;
  worker_pool pool({.workers = 1});
  held_worker held(pool);
  BOOST_REQUIRE(pool.submit(ada,
                            [&] {
                              order += '1';
                              BOOST_REQUIRE(pool.submit(ada, [&] { order += '2'; }).has_value());
                            })
                    .has_value());
  for (auto const& who : {ben, cid}) BOOST_REQUIRE(pool.submit(who, [&] { order += 'o'; }).has_value());
  // Stopped too early, the pool would refuse what the job submits.
  std::promise<void> last;
  BOOST_REQUIRE(pool.submit(cid, [&] { last.set_value(); }).has_value());
  held.begin();
  last.get_future().wait();
  pool.stop();
  BOOST_TEST(order == "1oo2");
}

BOOST_AUTO_TEST_CASE(many_callers_leave_a_place_for_one_more) {
  worker_pool pool({.workers = 1, .queue_max = 64, .queue_per_caller_max = 16});
  held_worker held(pool);
  for (unsigned char n = 1; n <= 8; ++n)
    while (pool.submit({0xf1, n}, [] {}).has_value()) {
    }
  bool ran = false; // eight times sixteen would be twice as many as there are
  BOOST_TEST(pool.submit(ada, [&] { ran = true; }).has_value());
  held.begin();
  pool.stop();
  BOOST_TEST(ran);
}

BOOST_AUTO_TEST_CASE(a_flood_is_refused_alone_and_told_that_it_is_its_own) {
  metrics::registry meters;
  worker_pool pool({.workers = 1,
                    .queue_max = 5,
                    .queue_per_caller_max = 3,
                    .jobs_per_second = 1,
                    .jobs = "long reads",
                    .whose = "user",
                    .counted = worker_pool::meters_of(meters, "reading", "long reads")});
  held_worker held(pool);
  std::atomic<int> ran{0};
  std::atomic<bool> refused_ran{false};
  for (int i = 0; i < 3; ++i) BOOST_REQUIRE(pool.submit(ada, [&] { ++ran; }).has_value());
  auto const own = pool.submit(ada, [&] { refused_ran = true; });
  BOOST_REQUIRE(own.has_error());
  BOOST_TEST((own.error().code == errc::rate_limited));
  BOOST_TEST(own.error().detail == "too many long reads of one user wait already");
  BOOST_TEST(own.error().retry_after_s == 4U);
  for (auto const& who : {ben, cid}) BOOST_TEST(pool.submit(who, [&] { ++ran; }).has_value());
  worker_pool::caller const dan{0xda};
  auto const all = pool.submit(dan, [&] { refused_ran = true; });
  BOOST_REQUIRE(all.has_error());
  BOOST_TEST((all.error().code == errc::overloaded));
  BOOST_TEST(all.error().detail == "too many long reads wait already");
  BOOST_TEST(all.error().retry_after_s == 6U);
  // Of who floods it is still their own queue that is full.
  BOOST_TEST((pool.submit(ada, [] {}).error().code == errc::rate_limited));
  BOOST_TEST(value_of(meters, "alloy_reading_queue_depth") == 5);
  held.begin();
  pool.stop();
  BOOST_TEST(ran == 5);
  BOOST_TEST(!refused_ran);
  BOOST_TEST(value_of(meters, "alloy_reading_queue_depth") == 0);
  BOOST_TEST(value_of(meters, "alloy_reading_jobs_total") == 6);
  BOOST_TEST(value_of(meters, "alloy_reading_refused_total{by=\"caller\"}") == 2);
  BOOST_TEST(value_of(meters, "alloy_reading_refused_total{by=\"server\"}") == 1);
}

BOOST_AUTO_TEST_CASE(a_line_that_was_served_has_room_again) {
  worker_pool pool({.workers = 1, .queue_max = 1, .queue_per_caller_max = 1});
  for (int i = 0; i < 3; ++i) {
    held_worker held(pool);
    std::promise<void> ran;
    BOOST_REQUIRE(pool.submit(ada, [&] { ran.set_value(); }).has_value());
    BOOST_TEST(pool.submit(ada, [] {}).has_error());
    held.begin();
    ran.get_future().wait();
  }
}

BOOST_AUTO_TEST_CASE(who_had_a_place_elsewhere_is_not_refused_for_want_of_one_but_takes_turns) {
  std::string order;
  worker_pool pool({.workers = 1, .queue_max = 2, .queue_per_caller_max = 1});
  held_worker held(pool);
  BOOST_REQUIRE(pool.submit(ada, [&] { order += '1'; }).has_value());
  BOOST_TEST(pool.submit(ada, [] {}).has_error());
  for (char const what : {'2', '3'})
    BOOST_TEST(pool.submit(
                       ada, [&order, what] { order += what; }, worker_pool::entry::had_place)
                   .has_value());
  BOOST_TEST(pool.submit(
                     ben, [&] { order += 'b'; }, worker_pool::entry::had_place)
                 .has_value());
  // They take no place from anybody: the queue has one left.
  BOOST_TEST(pool.submit(cid, [&] { order += 'c'; }).has_value());
  BOOST_TEST((pool.submit(some_caller(4), [] {}).error().code == errc::overloaded));
  held.begin();
  pool.stop();
  BOOST_TEST(order == "1bc23");
}

BOOST_AUTO_TEST_CASE(a_job_that_throws_does_not_stop_the_pool) {
  std::promise<int> after;
  worker_pool pool({.workers = 1});
  BOOST_REQUIRE(pool.submit(ada, [] { throw std::runtime_error("on purpose"); }).has_value());
  BOOST_REQUIRE(pool.submit(ada, [] { throw 7; }).has_value());
  BOOST_REQUIRE(pool.submit(ada, [&] { after.set_value(5); }).has_value());
  BOOST_TEST(after.get_future().get() == 5);
}

BOOST_AUTO_TEST_CASE(two_workers_work_at_once) {
  // Each waits for the other: with one thread this would never end.
  std::promise<void> a, b;
  worker_pool pool({.workers = 2});
  BOOST_REQUIRE(pool.submit(ada,
                            [&] {
                              a.set_value();
                              b.get_future().wait();
                            })
                    .has_value());
  BOOST_REQUIRE(pool.submit(ada,
                            [&] {
                              a.get_future().wait();
                              b.set_value();
                            })
                    .has_value());
  pool.stop();
}

BOOST_AUTO_TEST_CASE(jobs_that_wait_for_somebody_leave_a_thread_to_others) {
  std::promise<void> until;
  auto const over = until.get_future().share();
  std::atomic<int> ran{0};
  worker_pool pool({.workers = 2, .at_once_per_caller_max = 1});
  for (int i = 0; i < 5; ++i)
    BOOST_REQUIRE(pool.submit(ada,
                              [&, over] {
                                over.wait();
                                ++ran;
                              })
                      .has_value());
  std::promise<void> served;
  BOOST_REQUIRE(pool.submit(ben, [&] { served.set_value(); }).has_value());
  served.get_future().wait();
  BOOST_TEST(ran == 0);
  until.set_value();
  pool.stop(); // the worker that found nobody's turn goes on when one ends
  BOOST_TEST(ran == 5);
}

BOOST_AUTO_TEST_CASE(no_more_jobs_are_at_work_than_may_be_though_there_are_threads) {
  std::atomic<int> at_work{0}, most{0}, ran{0};
  {
    worker_pool pool({.workers = 4, .at_work_max = 2});
    for (std::uint8_t i = 0; i < 40; ++i)
      BOOST_REQUIRE(pool.submit(some_caller(i),
                                [&] {
                                  most = std::max<int>(most, ++at_work);
                                  std::this_thread::yield();
                                  --at_work;
                                  ++ran;
                                })
                        .has_value());
  }
  BOOST_TEST(ran == 40);
  BOOST_TEST(most <= 2);
}

BOOST_AUTO_TEST_CASE(a_job_that_waits_leaves_its_turn_and_goes_on_before_those_that_have_not_begun) {
  std::promise<void> waits, answer, over;
  auto const answered = answer.get_future().share(), until = over.get_future().share();
  std::string order;
  worker_pool pool({.workers = 2, .at_work_max = 1});
  BOOST_REQUIRE(pool.submit(ada,
                            [&, answered] {
                              {
                                worker_pool::pause const here;
                                waits.set_value();
                                answered.wait();
                              }
                              order += 'a';
                            })
                    .has_value());
  waits.get_future().wait();
  std::promise<void> begun;
  BOOST_REQUIRE(pool.submit(ben,
                            [&, until] {
                              begun.set_value();
                              until.wait();
                              order += 'b';
                            })
                    .has_value());
  begun.get_future().wait(); // in place of the one that waits
  BOOST_REQUIRE(pool.submit(cid, [&] { order += 'c'; }).has_value());
  answer.set_value();
  std::this_thread::sleep_for(std::chrono::milliseconds(20)); // time for it to ask for its turn again
  over.set_value();
  pool.stop();
  BOOST_TEST(order == "bac");
}

BOOST_AUTO_TEST_CASE(a_pause_outside_of_a_job_does_nothing) {
  worker_pool pool({.workers = 1, .at_work_max = 1});
  { worker_pool::pause const here; }
  std::promise<void> served;
  BOOST_REQUIRE(pool.submit(ada, [&] { served.set_value(); }).has_value());
  served.get_future().wait();
}

BOOST_AUTO_TEST_CASE(a_pool_that_stops_runs_what_it_took_and_takes_no_more) {
  std::atomic<int> ran{0};
  worker_pool pool({.workers = 1});
  held_worker held(pool);
  for (auto const& who : {ada, ada, ben}) BOOST_REQUIRE(pool.submit(who, [&] { ++ran; }).has_value());
  held.begin();
  pool.stop();
  BOOST_TEST(ran == 3);
  BOOST_TEST((pool.submit(ada, [] {}).error().code == errc::shutting_down));
  BOOST_TEST((pool.submit(
                      ada, [] {}, worker_pool::entry::had_place)
                  .error()
                  .code == errc::shutting_down));
  pool.stop(); // twice is as once
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy
