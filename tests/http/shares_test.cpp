// What one connection or address may take of what all have in common.
#include "http/encoding.hpp"
#include "http/turns.hpp"
#include "http/unsent_bytes.hpp"
#include "tests/http/echo_server.hpp"

#include <boost/test/unit_test.hpp>
#include <zlib.h>

#include <algorithm>
#include <thread>

using namespace alloy;

namespace {

std::string get(std::string const& path, std::string const& fields = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

auth::ip_prefix from(std::string_view address) {
  return auth::network_of(address);
}

// As a feed whose filter lets nothing through: there is always more to look at, and never anything to send.
class empty_pieces final : public body_source {
 public:
  explicit empty_pieces(std::atomic<int>& pulls) : pulls_(pulls) {}
  void on_ready(std::function<void()>) override {}
  state pull(std::string&) override {
    ++pulls_;
    return is_over_ ? state::end : state::piece;
  }
  std::int64_t patience_ms() const override { return 0; }
  void hurry() override { is_over_ = true; }

 private:
  std::atomic<int>& pulls_;
  bool is_over_ = false;
};

int refused(tests::echo_server& echo, std::string const& reason) {
  std::lock_guard const lock(echo.watch->mutex);
  return echo.watch->refused[reason];
}

std::string text_of(std::size_t bytes) {
  std::string text(bytes, ' ');
  std::uint32_t rng = 1;
  for (auto& c : text) {
    rng = rng * 1664525 + 1013904223;
    c = static_cast<char>('a' + (rng >> 24U) % 16);
  }
  return text;
}

std::string unzip(std::string const& bytes, std::size_t most) {
  z_stream z{};
  inflateInit2(&z, 15 + 16);
  std::string out(most, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  auto const verdict = inflate(&z, Z_FINISH);
  out.resize(out.size() - z.avail_out);
  inflateEnd(&z);
  return verdict == Z_STREAM_END ? out : "not gzip";
}

} // namespace

BOOST_AUTO_TEST_SUITE(turns_of_long_work)

BOOST_AUTO_TEST_CASE(an_address_with_many_gets_no_more_turns_than_one_with_one) {
  http::turns<int> line;
  for (int n = 0; n < 100; ++n) line.put(from("192.0.2.1"), n);
  line.put(from("192.0.2.2"), 1000);
  BOOST_TEST(line.take() == 0);
  BOOST_TEST(line.take() == 1000); // behind one of the hundred
  line.put(from("192.0.2.2"), 1001);
  BOOST_TEST(line.take() == 1);
  BOOST_TEST(line.take() == 1001);
}

BOOST_AUTO_TEST_CASE(who_has_gone_waits_no_more) {
  http::turns<int> line;
  line.put(from("192.0.2.1"), 1);
  line.put(from("192.0.2.1"), 2);
  line.put(from("192.0.2.2"), 3);
  line.drop(from("192.0.2.1"), 1);
  line.drop(from("192.0.2.2"), 3);
  line.drop(from("192.0.2.3"), 4);
  BOOST_TEST(line.take() == 2);
  BOOST_TEST(line.empty());
}

BOOST_AUTO_TEST_CASE(a_stream_with_nothing_to_send_lets_others_be_served) {
  http::settings with;
  with.io_threads = 1;
  tests::echo_server echo(with);
  std::atomic<int> pulls{0};
  echo.special = [&](http::request const& r) {
    auto answer = tests::echo_server::plain("here");
    if (r.path == "/feed") answer.source = std::make_shared<empty_pieces>(pulls);
    return answer;
  };
  std::vector<std::unique_ptr<tests::wire>> feeds;
  for (int n = 0; n < 8; ++n) {
    feeds.push_back(std::make_unique<tests::wire>(echo.port));
    feeds.back()->send(get("/feed"));
  }
  while (pulls < 100) std::this_thread::yield();
  BOOST_TEST(tests::wire(echo.port).ask(get("/a")).body == "here");
  auto const before = pulls.load();
  while (pulls < before + 100) std::this_thread::yield(); // and they go on
  feeds.clear();
  BOOST_TEST(echo.server.stop(20'000));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(compression_in_steps)

BOOST_AUTO_TEST_CASE(a_step_takes_so_many_bytes_and_no_more) {
  auto const body = text_of(5 * http::gzip_steps::step_bytes + 1);
  std::string_view rest = body;
  std::string out;
  http::gzip_steps steps(3);
  int count = 1;
  while (!steps.step(rest, out)) BOOST_TEST(rest.size() == body.size() - http::gzip_steps::step_bytes * count++);
  BOOST_TEST(count == 6);
  BOOST_TEST((unzip(out, body.size() + 1) == body));
}

BOOST_AUTO_TEST_CASE(a_large_answer_is_what_it_was) {
  http::settings with;
  with.gzip_at_once_bytes_max = 100'000;
  for (std::size_t const bytes : {99'999U, 100'001U, 700'000U}) {
    tests::echo_server echo(with);
    auto const body = text_of(bytes);
    echo.special = [&](http::request const&) {
      auto answer = tests::echo_server::plain(body);
      answer.headers.emplace_back("ETag", "\"1\"");
      return answer;
    };
    tests::wire peer(echo.port);
    auto const zipped = peer.ask(get("/a", "Accept-Encoding: gzip\r\n"));
    BOOST_TEST(zipped.field("Content-Encoding") == "gzip");
    BOOST_TEST(zipped.field("ETag") == "W/\"1\"");
    BOOST_TEST(zipped.field("Vary") == "Accept-Encoding");
    BOOST_TEST(zipped.body.size() < bytes);
    BOOST_TEST((unzip(zipped.body, bytes + 1) == body));
    auto const head = peer.ask("HEAD /a HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n", true);
    BOOST_TEST(head.field("Content-Length") == zipped.field("Content-Length"));
    BOOST_TEST((peer.ask(get("/a")).body == body));
    peer.send(get("/a", "Accept-Encoding: gzip\r\n") + get("/a")); // in a row
    BOOST_TEST((unzip(peer.read().body, bytes + 1) == body));
    BOOST_TEST((peer.read().body == body));
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(unsent)

BOOST_AUTO_TEST_CASE(an_address_holds_what_it_may_and_no_more) {
  http::unsent_bytes bytes(1000, 100);
  http::holders const a{from("192.0.2.1")}, b{from("192.0.2.2")};
  BOOST_TEST(bytes.take(a, 60));
  BOOST_TEST(!bytes.take(a, 60));
  BOOST_TEST(bytes.take(a, 40));
  BOOST_TEST(!bytes.has_room(a));
  BOOST_TEST(bytes.has_room(b));
  BOOST_TEST(bytes.take(b, 80));
  BOOST_TEST(bytes.total() == 180U);
  bytes.give_back(a, 100);
  BOOST_TEST(bytes.of(a.address) == 0U);
  BOOST_TEST(bytes.take(a, 1));
}

BOOST_AUTO_TEST_CASE(those_who_hold_much_leave_room_for_who_holds_little) {
  http::unsent_bytes bytes(1000, 400);
  http::holders const a{from("192.0.2.1")}, b{from("192.0.2.2")}, c{from("192.0.2.3")};
  BOOST_TEST(bytes.take(a, 300));
  BOOST_TEST(bytes.take(b, 190)); // 400 * 0.7 * 0.7
  BOOST_TEST(!bytes.take(a, 1));
  BOOST_TEST(!bytes.take(b, 10));
  BOOST_TEST(bytes.take(c, 100));
  BOOST_TEST(!bytes.take(c, 50));
}

BOOST_AUTO_TEST_CASE(what_is_small_is_never_refused_to_who_holds_nothing) {
  http::unsent_bytes bytes(16 << 20, 4 << 20);
  for (unsigned char n = 0; n < 200; ++n)
    while (bytes.take({from("198.51.100." + std::to_string(n))}, 1 << 10)) {
    }
  bytes.add({from("192.0.2.1")}, 64 << 20); // that had to be
  BOOST_TEST(bytes.has_room({from("192.0.2.2")}));
  BOOST_TEST(bytes.take({from("192.0.2.2")}, 8 << 10));
  BOOST_TEST(!bytes.take({from("192.0.2.2")}, 1 << 10));
  BOOST_TEST(!bytes.has_room({from("192.0.2.1")}));
}

BOOST_AUTO_TEST_CASE(a_user_and_an_organization_hold_no_more_from_many_addresses) {
  std::array<std::uint8_t, 16> const user{1}, other{2}, org{3};
  http::unsent_bytes bytes(1000, 100);
  BOOST_TEST(bytes.take({from("192.0.2.1"), user, org}, 60));
  BOOST_TEST(!bytes.take({from("192.0.2.2"), user, {}}, 60));
  BOOST_TEST(bytes.take({from("192.0.2.3"), other, org}, 60)); // of the same organization
  bytes.give_back({from("192.0.2.3"), other, org}, 60);
  BOOST_TEST(bytes.take({from("192.0.2.2"), other, {}}, 60));
  BOOST_TEST(bytes.take({from("192.0.2.3"), user, {}}, 29)); // 100 * 0.94 * 0.94 in all
  BOOST_TEST(!bytes.has_room({from("192.0.2.4"), user, {}}));
  bytes.give_back({from("192.0.2.1"), user, org}, 60);
  BOOST_TEST(bytes.take({from("192.0.2.5"), user, org}, 60));
  BOOST_TEST(bytes.total() == 149U);
}

BOOST_AUTO_TEST_CASE(an_organization_holds_what_four_users_may) {
  std::array<std::uint8_t, 16> const org{9};
  http::unsent_bytes bytes(1'000'000, 1000);
  std::size_t held = 0;
  for (unsigned char n = 1; n <= 20; ++n)
    for (std::array<std::uint8_t, 16> const user{n};
         bytes.take({from("192.0.2." + std::to_string(n)), user, org}, 100);)
      held += 100;
  BOOST_TEST(held >= 3900U);
  BOOST_TEST(held <= 4000U);
}

BOOST_AUTO_TEST_CASE(one_answer_may_be_larger_than_all_limits) {
  http::unsent_bytes bytes(1000, 100);
  BOOST_TEST(bytes.take({from("192.0.2.1")}, 5000));
  BOOST_TEST(!bytes.take({from("192.0.2.1")}, 1));
}

BOOST_AUTO_TEST_CASE(an_address_that_reads_nothing_gets_no_more_large_answers) {
  http::settings with;
  with.unsent_per_address_bytes_max = 30'000'000;
  tests::echo_server echo(with);
  echo.special = [](http::request const& r) {
    auto answer = tests::echo_server::plain(std::string(r.path == "/large" ? 20'000'000 : 10, 'x'));
    answer.headers.emplace_back("RateLimit", "\"address\";r=1;t=1");
    return answer;
  };
  auto deaf = std::make_unique<tests::wire>(echo.port);
  deaf->send(get("/large"));
  while (echo.served().empty()) std::this_thread::yield();
  tests::wire peer(echo.port);
  auto const no = peer.ask(get("/large"));
  BOOST_TEST(no.status == 503U);
  BOOST_TEST(no.field("Retry-After") == "1");
  BOOST_TEST(no.field("RateLimit") == "\"address\";r=1;t=1");
  BOOST_TEST(no.body.find("\"code\":\"overloaded\"") != no.body.npos);
  BOOST_TEST(peer.ask(get("/small")).body == "xxxxxxxxxx");
  deaf.reset();
  while (echo.server.connections() > 1) std::this_thread::yield();
  BOOST_TEST(peer.ask(get("/large")).status == 200U);
}

BOOST_AUTO_TEST_CASE(what_is_compressed_is_counted_though_all_before_it_is_sent) {
  constexpr std::size_t bytes = 5'000'000;
  tests::echo_server echo;
  echo.special = [](http::request const& r) {
    return tests::echo_server::plain(r.path == "/large" ? text_of(bytes) : "small");
  };
  tests::wire peer(echo.port);
  peer.send(get("/small") + get("/large", "Accept-Encoding: gzip\r\n"));
  BOOST_TEST(peer.read().body == "small");
  BOOST_TEST((unzip(peer.read().body, bytes + 1) == text_of(bytes)));
  while (echo.watch->unsent_now() > 0) std::this_thread::yield();
  std::lock_guard const lock(echo.watch->mutex);
  auto const& counts = echo.watch->unsent;
  BOOST_TEST(*std::ranges::max_element(counts) >= static_cast<std::int64_t>(bytes));
  BOOST_TEST(std::ranges::count(counts, 0) == 1); // when the last byte is on its way, and not before
}

BOOST_AUTO_TEST_CASE(a_request_says_whether_its_answer_could_be_held) {
  http::settings with;
  with.unsent_per_address_bytes_max = 10'000'000;
  tests::echo_server echo(with);
  answer_room const* room = nullptr;
  echo.special = [&room](http::request const& r) {
    room = r.room;
    auto answer = tests::echo_server::plain(std::string(20'000'000, 'x'));
    answer.user = {7};
    return answer;
  };
  tests::wire deaf(echo.port);
  deaf.send(get("/large"));
  while (echo.watch->unsent_now() == 0) std::this_thread::yield();
  auto const elsewhere = from("192.0.2.1");
  BOOST_TEST(room->has_room_for(elsewhere, {8}, {}));
  BOOST_TEST(!room->has_room_for(elsewhere, {7}, {})); // from wherever they ask
  BOOST_TEST(!room->has_room_for(from("127.0.0.1"), {8}, {}));
}

BOOST_AUTO_TEST_CASE(a_write_is_refused_before_it_is_done_where_its_answer_could_not_be_held) {
  http::settings with;
  with.unsent_per_address_bytes_max = 10'000'000;
  tests::echo_server echo(with);
  echo.special = [](http::request const&) { return tests::echo_server::plain(std::string(20'000'000, 'x')); };
  tests::wire deaf(echo.port);
  deaf.send(get("/large"));
  while (echo.served().empty()) std::this_thread::yield();
  tests::wire peer(echo.port);
  BOOST_TEST(peer.ask("POST /write HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").status == 503U);
  BOOST_TEST(echo.served().size() == 1U);
}

BOOST_AUTO_TEST_CASE(who_reads_slower_than_the_floor_is_cut_though_something_is_always_taken) {
  http::settings with;
  with.write_timeout_ms = 200;
  with.answer_bytes_per_s_min = 1'000'000'000;
  tests::echo_server echo(with);
  echo.special = [](http::request const&) { return tests::echo_server::plain(std::string(200'000'000, 'x')); };
  tests::wire peer(echo.port);
  peer.send(get("/large"));
  std::size_t taken = 0;
  std::string room(64 * 1024, ' ');
  for (;;) {
    auto const n = ::recv(peer.descriptor(), room.data(), room.size(), 0);
    if (n <= 0) break;
    taken += static_cast<std::size_t>(n);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  BOOST_TEST(taken < 200'000'000U);
  BOOST_TEST(refused(echo, "slow_reader") == 1);
}

BOOST_AUTO_TEST_CASE(who_reads_fast_enough_gets_all) {
  http::settings with;
  with.write_timeout_ms = 2000; // a peer that is slow for want of a processor is no slow reader
  with.answer_bytes_per_s_min = 1024;
  tests::echo_server echo(with);
  echo.special = [](http::request const&) { return tests::echo_server::plain(std::string(20'000'000, 'x')); };
  tests::wire peer(echo.port);
  peer.send(get("/large"));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  BOOST_TEST(peer.read().body.size() == 20'000'000U);
  BOOST_TEST(refused(echo, "slow_reader") == 0);
}

BOOST_AUTO_TEST_SUITE_END()
