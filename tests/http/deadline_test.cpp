#include "tests/http/echo_server.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>

#include <thread>

using namespace alloy;

namespace {

std::string get(std::string const& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

http::settings hasty() {
  http::settings with;
  with.head_timeout_ms = with.body_timeout_ms = with.idle_timeout_ms = with.write_timeout_ms = 40;
  with.body_bytes_per_s_min = 0;
  with.linger_timeout_ms = 40;
  return with;
}

int refused(tests::echo_server& echo, std::string const& reason) {
  std::lock_guard const lock(echo.watch->mutex);
  return echo.watch->refused[reason];
}

} // namespace

BOOST_AUTO_TEST_SUITE(deadlines)

BOOST_AUTO_TEST_CASE(a_head_that_does_not_come_is_not_waited_for) {
  for (std::string const part : {"", "G", "GET /a HTTP/1.1\r\nHost: h\r\n"}) {
    tests::echo_server echo(hasty());
    tests::wire peer(echo.port);
    peer.send(part);
    BOOST_TEST(peer.read_to_end() == "");
    BOOST_TEST(refused(echo, "slow_head") == 1);
  }
}

BOOST_AUTO_TEST_CASE(a_head_that_trickles_does_not_buy_time) {
  tests::echo_server echo(hasty());
  tests::wire peer(echo.port);
  peer.send("GET /a HTTP/1.1\r\n");
  std::atomic<bool> ended{false};
  std::thread drip([&] {
    while (!ended) {
      peer.send("X: y\r\n");
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  BOOST_TEST(peer.read_to_end().find(" 200 ") == std::string::npos);
  ended = true;
  drip.join();
}

BOOST_AUTO_TEST_CASE(a_body_that_does_not_come_is_not_waited_for) {
  tests::echo_server echo(hasty());
  tests::wire peer(echo.port);
  peer.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel");
  BOOST_TEST(peer.read_to_end() == "");
  BOOST_TEST(refused(echo, "slow_body") == 1);
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_closed) {
  tests::echo_server echo(hasty());
  tests::wire peer(echo.port);
  BOOST_TEST(peer.ask(get("/a")).status == 200U);
  BOOST_TEST(peer.read_to_end() == "");
  std::lock_guard const lock(echo.watch->mutex);
  BOOST_TEST(echo.watch->refused.empty()); // that is no misbehaviour
}

BOOST_AUTO_TEST_CASE(a_peer_that_does_not_read_is_cut) {
  auto with = hasty();
  with.idle_timeout_ms = with.head_timeout_ms = 60'000;
  tests::echo_server echo(with);
  echo.special = [](http::request const&) { return tests::echo_server::plain(std::string(20'000'000, 'x')); };
  tests::wire peer(echo.port);
  peer.send(get("/a"));
  while (refused(echo, "slow_reader") == 0) std::this_thread::yield();
  BOOST_TEST(peer.read_to_end().size() < 20'000'000U);
}

BOOST_AUTO_TEST_CASE(a_handler_may_take_its_time) {
  tests::echo_server echo(hasty());
  tests::wire peer(echo.port);
  peer.send(get("/wait"));
  auto held = echo.held(1);
  std::this_thread::sleep_for(std::chrono::milliseconds(200)); // five times every deadline
  held.front()(tests::echo_server::plain("late"));
  BOOST_TEST(peer.read().body == "late");
}

BOOST_AUTO_TEST_CASE(a_connection_ends_after_its_last_request) {
  http::settings with;
  with.request_max_per_connection = 3;
  tests::echo_server echo(with);
  tests::wire peer(echo.port);
  peer.send(get("/1") + get("/2") + get("/3") + get("/4"));
  BOOST_TEST(peer.read().has("Connection") == false);
  BOOST_TEST(peer.read().has("Connection") == false);
  BOOST_TEST(peer.read().field("Connection") == "close");
  BOOST_TEST(peer.read_to_end() == "");
  BOOST_TEST(echo.served().size() == 3U);
}

BOOST_AUTO_TEST_CASE(connections_have_a_limit) {
  for (bool const per_peer : {false, true}) {
    http::settings with;
    (per_peer ? with.connections_per_peer_max : with.connections_max) = 2;
    tests::echo_server echo(with);
    auto first = std::make_unique<tests::wire>(echo.port);
    tests::wire second(echo.port);
    first->ask(get("/a"));
    second.ask(get("/a"));
    tests::wire third(echo.port);
    auto const no = third.read();
    BOOST_TEST(no.status == 503U);
    BOOST_TEST(no.field("Retry-After") == "1");
    BOOST_TEST(no.body.find(no.field("X-Request-Id")) != no.body.npos);
    BOOST_TEST(no.body.find("\"code\":\"overloaded\"") != no.body.npos);
    BOOST_TEST(third.read_to_end() == "");
    first.reset();
    while (echo.server.connections() == 2) std::this_thread::yield();
    BOOST_TEST(tests::wire(echo.port).ask(get("/a")).status == 200U);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(stopping)

BOOST_AUTO_TEST_CASE(a_drain_finishes_what_is_in_flight_and_ends_the_rest) {
  for (unsigned const threads : {1U, 2U}) {
    http::settings with;
    with.io_threads = threads;
    with.linger_timeout_ms = 100;
    tests::echo_server echo(with);
    tests::wire busy(echo.port), idle(echo.port), sending(echo.port), waiting(echo.port);
    idle.ask(get("/a"));
    sending.ask(get("/a"));
    busy.send(get("/wait"));
    waiting.ask("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    auto held = echo.held(1);
    echo.server.begin_drain();
    BOOST_TEST(!tests::wire(echo.port).is_connected());
    BOOST_TEST(idle.read_to_end() == "");
    waiting.send("hello");
    auto const half = waiting.read();
    BOOST_TEST(half.body == "POST /a? hello");
    BOOST_TEST(half.field("Connection") == "close");
    held.front()(tests::echo_server::plain("done"));
    auto const last = busy.read();
    BOOST_TEST(last.body == "done");
    BOOST_TEST(last.field("Connection") == "close");
    BOOST_TEST(busy.read_to_end() == "");
    BOOST_TEST(echo.server.stop(60'000));
    BOOST_TEST(echo.server.connections() == 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_stop_cuts_what_does_not_finish) {
  tests::echo_server echo;
  tests::wire busy(echo.port);
  busy.send(get("/wait"));
  auto held = echo.held(1);
  BOOST_TEST(!echo.server.stop(20));
  BOOST_TEST(busy.read_to_end() == "");
  BOOST_TEST(echo.server.in_flight() == 0U);
  held.front()(tests::echo_server::plain("nobody reads this")); // and that is no crash
  BOOST_TEST(echo.server.connections() == 0U);
}

BOOST_AUTO_TEST_CASE(a_responder_may_outlive_its_server) {
  std::vector<http::responder> held;
  {
    tests::echo_server echo;
    tests::wire busy(echo.port);
    busy.send(get("/wait"));
    held = echo.held(1);
  }
  held.front()(tests::echo_server::plain("too late"));
}

BOOST_AUTO_TEST_CASE(a_peer_that_hangs_up_early_harms_nobody) {
  tests::echo_server echo;
  {
    tests::wire gone(echo.port);
    gone.send(get("/wait"));
    auto held = echo.held(1);
    {
      tests::wire half(echo.port);
      half.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe");
      half.finish_sending();
      BOOST_TEST(half.read_to_end() == "");
    }
    std::thread([&] { held.front()(tests::echo_server::plain("late")); }).join();
  }
  BOOST_TEST(tests::wire(echo.port).ask(get("/a")).status == 200U);
  BOOST_TEST(echo.server.stop(60'000));
}

BOOST_AUTO_TEST_CASE(who_has_finished_sending_still_gets_his_answers) {
  tests::echo_server echo;
  tests::wire peer(echo.port);
  peer.send(get("/a") + get("/b"));
  peer.finish_sending();
  BOOST_TEST(peer.read().body == "GET /a? ");
  BOOST_TEST(peer.read().body == "GET /b? ");
  BOOST_TEST(peer.read_to_end() == "");
}

BOOST_AUTO_TEST_CASE(an_address_that_cannot_be_had_is_named) {
  tests::echo_server echo;
  http::settings with;
  with.port = echo.port;
  http::server second(with, [](http::request&&, http::responder) {});
  auto const no = second.start();
  BOOST_TEST_REQUIRE(!no);
  BOOST_TEST(no.error().detail.find("127.0.0.1 port " + std::to_string(echo.port)) != std::string::npos);
  with.address = "localhost";
  http::server third(with, [](http::request&&, http::responder) {});
  BOOST_TEST(third.start().error().detail.find("localhost") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
