#include "api/pipeline/position_waiter.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace alloy::api {
namespace {

constexpr std::int64_t for_ever_ms = 3'600'000;

// Who waits: the answer comes as a future, and coming twice breaks the promise.
struct waiter {
  std::shared_ptr<std::promise<bool>> promise = std::make_shared<std::promise<bool>>();
  std::future<bool> answer = promise->get_future();
  position_waiter::call call() {
    return [p = promise](bool visible) { p->set_value(visible); };
  }
  bool answered() const { return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }
};

} // namespace

BOOST_AUTO_TEST_SUITE(waiting_for_a_position)

BOOST_AUTO_TEST_CASE(whoever_waits_for_it_goes_when_the_head_is_raised) {
  position_waiter room;
  waiter five, six, seven;
  BOOST_TEST(room.wait(5, for_ever_ms, five.call()));
  BOOST_TEST(room.wait(6, for_ever_ms, six.call()));
  BOOST_TEST(room.wait(7, for_ever_ms, seven.call()));
  room.raised(4);
  BOOST_TEST(!five.answered());
  room.raised(6);
  BOOST_TEST(five.answer.get());
  BOOST_TEST(six.answer.get());
  BOOST_TEST(!seven.answered());
  room.raised(100);
  BOOST_TEST(seven.answer.get());
}

BOOST_AUTO_TEST_CASE(whoever_has_waited_long_enough_goes_without) {
  position_waiter room;
  waiter late, patient;
  BOOST_TEST(room.wait(5, for_ever_ms, patient.call()));
  BOOST_TEST(room.wait(5, 1, late.call()));
  BOOST_TEST(!late.answer.get());
  BOOST_TEST(!patient.answered());
  room.raised(5);
  BOOST_TEST(patient.answer.get());
}

BOOST_AUTO_TEST_CASE(a_full_room_takes_nobody_and_a_place_that_is_free_again_is_taken) {
  position_waiter room(2);
  waiter first, second, third;
  BOOST_TEST(room.wait(5, for_ever_ms, first.call()));
  BOOST_TEST(room.wait(6, for_ever_ms, second.call()));
  BOOST_TEST(!room.wait(7, for_ever_ms, third.call()));
  room.raised(5);
  BOOST_TEST(first.answer.get());
  BOOST_TEST(!third.answered());
  BOOST_TEST(room.wait(7, for_ever_ms, third.call()));
}

BOOST_AUTO_TEST_CASE(when_the_room_closes_everybody_goes_without) {
  waiter first, second;
  {
    position_waiter room;
    room.wait(5, for_ever_ms, first.call());
    room.wait(6, for_ever_ms, second.call());
  }
  BOOST_TEST(!first.answer.get());
  BOOST_TEST(!second.answer.get());
}

BOOST_AUTO_TEST_CASE(a_closed_room_takes_nobody) {
  position_waiter room;
  waiter first, second;
  BOOST_TEST(room.wait(5, for_ever_ms, first.call()));
  room.close();
  BOOST_TEST(!first.answer.get());
  BOOST_TEST(!room.wait(5, for_ever_ms, second.call()));
  BOOST_TEST(!second.answered());
  room.raised(5);
  room.close(); // twice is as once
}

BOOST_AUTO_TEST_CASE(who_is_let_go_may_come_in_again) {
  position_waiter room;
  waiter second;
  waiter first;
  room.wait(1, for_ever_ms, [&, inner = first.call()](bool visible) {
    room.wait(2, for_ever_ms, second.call());
    inner(visible);
  });
  room.raised(1);
  BOOST_TEST(first.answer.get());
  room.raised(2);
  BOOST_TEST(second.answer.get());
}

BOOST_AUTO_TEST_CASE(everybody_is_answered_once_whoever_raises_and_however_long_he_waits) {
  constexpr unsigned people = 400;
  std::atomic<unsigned> visible = 0, late = 0;
  {
    position_waiter room;
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 2; ++t)
      threads.emplace_back([&, t] {
        for (unsigned n = t; n < people; n += 2)
          room.wait(n, n % 3 ? for_ever_ms : 1, [&](bool there) { ++(there ? visible : late); });
      });
    threads.emplace_back([&] {
      for (unsigned head = 0; head < people; ++head) room.raised(head);
    });
    for (auto& t : threads) t.join();
  }
  BOOST_TEST(visible + late == people);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::api
