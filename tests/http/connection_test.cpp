#include "core/late_answer.hpp"
#include "tests/http/echo_server.hpp"

#include <boost/test/unit_test.hpp>

#include <thread>

using namespace alloy;

namespace {

std::string get(std::string const& path, std::string const& fields = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

std::string put(std::size_t body_bytes) {
  return "PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body_bytes) + "\r\n\r\n" +
         std::string(body_bytes, 'b');
}

} // namespace

BOOST_AUTO_TEST_SUITE(connection)

// Says what it is with its third pull.
class page_that_waits : public late_answer {
 public:
  explicit page_that_waits(bool is_refused) : is_refused_(is_refused) {}
  void on_ready(std::function<void()>) override {}
  std::int64_t patience_ms() const override { return 1; }
  void hurry() override {}
  state pull(std::string& out) override {
    if (++pulls_ < 3) return state::later;
    out = is_refused_ ? "no" : "yes";
    return state::end;
  }
  std::optional<refusal> refused() override {
    return is_refused_ ? std::optional(refusal{403, "text/plain", {{"X-Why", "gone"}}}) : std::nullopt;
  }

 private:
  bool const is_refused_;
  int pulls_ = 0;
};

BOOST_AUTO_TEST_CASE(a_late_answer_sends_its_status_with_its_body) {
  tests::echo_server echo;
  echo.special = [](http::request const& r) {
    auto out = tests::echo_server::plain({});
    if (r.path == "/plain") return tests::echo_server::plain("plain");
    out.headers = {{"X-Of", "page"}};
    out.source = std::make_shared<page_that_waits>(r.path == "/refused");
    return out;
  };
  tests::wire peer(echo.port);
  auto const no = peer.ask(get("/refused"));
  BOOST_TEST(no.status == 403U);
  BOOST_TEST(no.body == "no");
  BOOST_TEST(no.field("X-Why") == "gone");
  BOOST_TEST(!no.has("X-Of"));
  auto const yes = peer.ask(get("/page") + get("/plain")); // the one behind it waits its turn
  BOOST_TEST(yes.status == 200U);
  BOOST_TEST(yes.body == "yes");
  BOOST_TEST(yes.field("X-Of") == "page");
  BOOST_TEST(!yes.has("Transfer-Encoding"));
  BOOST_TEST(peer.read().body == "plain");
  BOOST_TEST(peer.ask("HEAD /page HTTP/1.1\r\nHost: h\r\n\r\n", true).field("Content-Length") == "3");
  BOOST_TEST(peer.ask(get("/plain")).body == "plain");
  std::lock_guard const lock(echo.watch->mutex);
  BOOST_TEST(echo.watch->finished.size() == 5U);
  BOOST_TEST(echo.watch->finished.front().status == 403U);
}

BOOST_AUTO_TEST_CASE(every_answer_carries_what_all_carry) {
  tests::echo_server echo;
  tests::wire peer(echo.port);
  auto const answer = peer.ask(get("/a?b=c"));
  BOOST_TEST(answer.status == 200U);
  BOOST_TEST(answer.body == "GET /a?b=c ");
  BOOST_TEST(answer.field("Server") == "alloy");
  BOOST_TEST(answer.field("X-Content-Type-Options") == "nosniff");
  BOOST_TEST(answer.field("Cache-Control") == "no-store");
  BOOST_TEST(answer.field("Content-Type") == "text/plain");
  BOOST_TEST(answer.field("X-Request-Id").size() == 32U);
  auto const date = answer.field("Date");
  BOOST_TEST(date.size() == 29U);
  BOOST_TEST(date.ends_with(" GMT"));
  BOOST_TEST(!answer.has("Connection"));
  BOOST_TEST(!answer.has("Strict-Transport-Security"));
}

BOOST_AUTO_TEST_CASE(a_sane_request_id_is_kept_and_another_one_replaced) {
  tests::echo_server echo;
  std::vector<std::string> seen;
  echo.special = [&](http::request const& r) { return tests::echo_server::plain(r.request_id); };
  tests::wire peer(echo.port);
  auto const kept = peer.ask(get("/a", "X-Request-Id: abc-123\r\n"));
  BOOST_TEST(kept.field("X-Request-Id") == "abc-123");
  BOOST_TEST(kept.body == "abc-123");
  for (auto const* const bad : {"a b", "a\"b", "{}", ""}) {
    auto const made = peer.ask(get("/a", "X-Request-Id: " + std::string(bad) + "\r\n"));
    BOOST_TEST(made.field("X-Request-Id") != bad);
    BOOST_TEST(made.field("X-Request-Id") == made.body);
  }
  BOOST_TEST(peer.ask(get("/a", "X-Request-Id: " + std::string(129, 'a') + "\r\n")).body.size() == 32U);
}

BOOST_AUTO_TEST_CASE(the_handler_sees_the_request_as_the_header_says) {
  tests::echo_server echo;
  http::request seen;
  echo.special = [&](http::request const& r) {
    seen = r;
    return tests::echo_server::plain("");
  };
  tests::wire(echo.port).ask(
      "POST /a%20b?c=%64 HTTP/1.1\r\nHOST: h\r\nX-Two:  a  \r\nx-two: b\r\nContent-Length: 2\r\n\r\n{}");
  BOOST_TEST(seen.method == "POST");
  BOOST_TEST(seen.path == "/a%20b");
  BOOST_TEST(seen.query == "c=%64");
  BOOST_TEST(seen.body == "{}");
  BOOST_TEST(seen.peer == "127.0.0.1");
  BOOST_TEST(seen.header("host") == "h");
  BOOST_TEST(seen.header("x-two") == "a");
  BOOST_TEST(seen.header("absent") == "");
  BOOST_TEST(seen.headers.size() == 4U);
}

BOOST_AUTO_TEST_CASE(a_connection_serves_many_requests) {
  tests::echo_server echo;
  tests::wire peer(echo.port);
  for (int n = 0; n < 100; ++n)
    BOOST_TEST(peer.ask(get("/" + std::to_string(n))).body == "GET /" + std::to_string(n) + "? ");
  BOOST_TEST(echo.watch->opened == 1);
}

BOOST_AUTO_TEST_CASE(it_closes_when_asked_to) {
  for (auto const* const request :
       {"GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "GET /a HTTP/1.0\r\n\r\n"}) {
    tests::echo_server echo;
    tests::wire peer(echo.port);
    auto const answer = peer.ask(request + get("/next"));
    BOOST_TEST(answer.status == 200U);
    BOOST_TEST(answer.field("Connection") == "close");
    BOOST_TEST(peer.read_to_end() == "");
    BOOST_TEST(echo.served().size() == 1U);
  }
}

BOOST_AUTO_TEST_CASE(http_1_0_may_keep_alive) {
  tests::echo_server echo;
  tests::wire peer(echo.port);
  auto const first = peer.ask("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  BOOST_TEST(first.field("Connection") == "keep-alive");
  BOOST_TEST(peer.ask("GET /b HTTP/1.0\r\n\r\n").field("Connection") == "close");
}

BOOST_AUTO_TEST_CASE(the_handler_may_close) {
  tests::echo_server echo;
  echo.special = [](http::request const&) {
    auto out = tests::echo_server::plain("bye");
    out.close = true;
    return out;
  };
  tests::wire peer(echo.port);
  BOOST_TEST(peer.ask(get("/a")).field("Connection") == "close");
  BOOST_TEST(peer.read_to_end() == "");
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_order) {
  tests::echo_server echo;
  tests::wire peer(echo.port);
  std::string burst;
  for (int n = 0; n < 500; ++n) burst += n % 3 == 0 ? put(40) : get("/" + std::to_string(n));
  peer.send(burst);
  for (int n = 0; n < 500; ++n) {
    auto const body = peer.read().body;
    BOOST_TEST(body == (n % 3 == 0 ? "PUT /a? " + std::string(40, 'b') : "GET /" + std::to_string(n) + "? "));
  }
}

BOOST_AUTO_TEST_CASE(a_late_answer_keeps_its_place) {
  tests::echo_server echo;
  tests::wire peer(echo.port);
  peer.send(get("/first") + get("/wait") + get("/last"));
  BOOST_TEST(peer.read().body == "GET /first? "); // it is not held back by the one that waits
  auto held = echo.held(1);
  BOOST_TEST(echo.served().size() == 2U); // and the last one waits for its turn
  held.front()(tests::echo_server::plain("late"));
  BOOST_TEST(peer.read().body == "late");
  BOOST_TEST(peer.read().body == "GET /last? ");
}

BOOST_AUTO_TEST_CASE(a_burst_of_answers_from_another_thread_reaches_everyone) {
  for (unsigned const threads : {1U, 3U}) {
    http::settings with;
    with.io_threads = threads;
    tests::echo_server echo(with);
    std::vector<std::unique_ptr<tests::wire>> peers;
    for (int round = 0; round < 5; ++round) {
      for (std::size_t n = 0; n < 50; ++n) {
        if (round == 0) peers.push_back(std::make_unique<tests::wire>(echo.port));
        peers[n]->send(get("/wait"));
      }
      auto held = echo.held(50);
      BOOST_TEST(echo.server.in_flight() == 50U);
      std::thread other([&] {
        for (auto const& answer : held) answer(tests::echo_server::plain("done"));
      });
      for (auto& peer : peers) BOOST_TEST(peer->read().body == "done");
      other.join();
    }
    BOOST_TEST(echo.server.in_flight() == 0U);
    BOOST_TEST(echo.server.connections() == 50U);
  }
}

BOOST_AUTO_TEST_CASE(only_the_first_answer_counts) {
  tests::echo_server echo;
  tests::wire peer(echo.port);
  peer.send(get("/wait"));
  auto held = echo.held(1);
  held.front()(tests::echo_server::plain("one"));
  held.front()(tests::echo_server::plain("two"));
  BOOST_TEST(peer.read().body == "one");
  BOOST_TEST(peer.ask(get("/next")).body == "GET /next? ");
}

BOOST_AUTO_TEST_CASE(a_handler_that_throws_or_forgets_is_a_500) {
  tests::echo_server echo;
  tests::wire peer(echo.port);
  for (auto const* const path : {"/throw", "/drop"}) {
    auto const answer = peer.ask(get(path));
    BOOST_TEST(answer.status == 500U);
    BOOST_TEST(answer.body.find("\"code\":\"internal\"") != answer.body.npos);
    BOOST_TEST(answer.body.find("on purpose") == answer.body.npos);
  }
  peer.send(get("/wait"));
  echo.held(1).clear();
  BOOST_TEST(peer.read().status == 500U);
  BOOST_TEST(peer.ask(get("/next")).status == 200U);
}

BOOST_AUTO_TEST_CASE(head_is_get_without_the_body) {
  tests::echo_server echo;
  tests::wire peer(echo.port);
  auto const whole = peer.ask(get("/a"));
  auto const head = peer.ask("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n", true);
  BOOST_TEST(head.status == 200U);
  BOOST_TEST(head.field("Content-Length") == whole.field("Content-Length"));
  BOOST_TEST(head.field("Content-Type") == whole.field("Content-Type"));
  BOOST_TEST(peer.ask(get("/next")).body == "GET /next? "); // so nothing was between
}

BOOST_AUTO_TEST_CASE(no_content_has_no_length) {
  tests::echo_server echo;
  echo.special = [](http::request const& r) {
    auto out = tests::echo_server::plain("must not go out");
    if (r.path != "/next") out.status = r.path == "/204" ? 204 : 304;
    return out;
  };
  tests::wire peer(echo.port);
  for (auto const* const path : {"/204", "/304"}) {
    auto const answer = peer.ask(get(path));
    BOOST_TEST(!answer.has("Content-Length"));
    BOOST_TEST(!answer.has("Content-Type"));
  }
  BOOST_TEST(peer.ask(get("/next")).status == 200U);
}

BOOST_AUTO_TEST_CASE(a_continue_is_sent_to_who_waits_for_it) {
  tests::echo_server echo;
  tests::wire peer(echo.port);
  std::string const head = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  auto const interim = peer.ask(head);
  BOOST_TEST(interim.status == 100U);
  BOOST_TEST(peer.ask("hello").body == "POST /a? hello");
  BOOST_TEST(peer.ask(head + "hello").status == 200U); // who has sent it already needs none
  peer.send("POST /a HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  peer.send("hello");
  BOOST_TEST(peer.read().status == 200U); // HTTP/1.0 knows no interim answer
}

BOOST_AUTO_TEST_CASE(who_waits_with_a_body_too_large_is_refused_before_he_sends_it) {
  tests::echo_server echo;
  tests::wire peer(echo.port);
  auto const answer =
      peer.ask("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\nExpect: 100-continue\r\n\r\n");
  BOOST_TEST(answer.status == 413U);
  BOOST_TEST(peer.read_to_end() == "");
}

BOOST_AUTO_TEST_CASE(a_large_answer_arrives_whole) {
  tests::echo_server echo;
  std::string large(3'000'000, 'x');
  for (std::size_t n = 0; n < large.size(); ++n) large[n] = static_cast<char>('a' + n % 23);
  echo.special = [&](http::request const&) { return tests::echo_server::plain(large); };
  tests::wire peer(echo.port);
  peer.send(get("/a") + get("/b"));
  BOOST_TEST((peer.read().body == large));
  BOOST_TEST((peer.read().body == large));
}

BOOST_AUTO_TEST_CASE(data_cannot_end_a_header_line) {
  tests::echo_server echo;
  echo.special = [](http::request const&) {
    auto out = tests::echo_server::plain("");
    out.headers = {{"Location", "/a\r\nSet-Cookie: evil=1"}, {"Bad Name", "x"}, {"Content-Length", "99"}};
    return out;
  };
  auto const answer = tests::wire(echo.port).ask(get("/a"));
  BOOST_TEST(answer.field("Location") == "/a  Set-Cookie: evil=1");
  BOOST_TEST(!answer.has("Set-Cookie"));
  BOOST_TEST(!answer.has("Bad Name"));
  BOOST_TEST(answer.field("Content-Length") == "0");
}

BOOST_AUTO_TEST_CASE(the_observer_is_told) {
  tests::echo_server echo;
  {
    tests::wire peer(echo.port);
    peer.ask(get("/a"));
    peer.ask("BREW /a HTTP/1.1\r\nHost: h\r\n\r\n");
    peer.send(get("/a", "Connection: close\r\n"));
    peer.read_to_end();
  }
  BOOST_TEST(echo.server.stop(10'000));
  auto& watch = *echo.watch;
  BOOST_TEST(watch.opened == 1);
  BOOST_TEST(watch.closed == 1);
  BOOST_TEST(watch.started == 3);
  BOOST_TEST_REQUIRE(watch.finished.size() == 3U);
  BOOST_TEST(watch.finished[0].method == "GET");
  BOOST_TEST(watch.finished[0].route == "/{any}");
  BOOST_TEST(watch.finished[0].status == 200U);
  BOOST_TEST(watch.finished[0].received_bytes == get("/a").size());
  BOOST_TEST(watch.finished[0].sent_bytes > 100U);
  BOOST_TEST(watch.finished[1].method == "OTHER");
}

BOOST_AUTO_TEST_SUITE_END()
