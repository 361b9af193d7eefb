#include "core/log.hpp"

#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <limits>
#include <random>
#include <simdjson.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace alloy;

namespace {

// A pipe as the log's descriptor; what was written is read once its writing end is closed.
struct captured {
  captured() {
    BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    // Room for all a test writes, so that nobody must read at the same time.
    ::fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
  }
  ~captured() {
    ::close(ends[0]);
    if (ends[1] >= 0) ::close(ends[1]);
  }
  std::string text() {
    ::close(ends[1]);
    ends[1] = -1;
    std::string all;
    char part[4096];
    for (ssize_t got = 0; (got = ::read(ends[0], part, sizeof part)) > 0;)
      all.append(part, static_cast<std::size_t>(got));
    return all;
  }
  int ends[2] = {-1, -1};
};

std::vector<std::string> lines_of(std::string const& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    auto const end = text.find('\n', at);
    BOOST_REQUIRE(end != text.npos);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

struct level_kept {
  log::level before = log::detail::least.load();
  ~level_kept() { log::set_level(before); }
};

} // namespace

BOOST_AUTO_TEST_SUITE(log_lines)

BOOST_AUTO_TEST_CASE(a_line_is_one_json_object_with_a_utc_time) {
  BOOST_TEST(
      log::render(log::level::info, "listening", {{"port", 3000}, {"tls", false}, {"name", "a"}}, 1767323045678) ==
      "{\"ts\":\"2026-01-02T03:04:05.678Z\",\"level\":\"info\",\"msg\":\"listening\",\"port\":3000,\"tls\":false,"
      "\"name\":\"a\"}\n");
  BOOST_TEST(log::render(log::level::error, "x", {}, 0).find("1970-01-01T00:00:00.000Z") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_kind_of_value_is_valid_json) {
  auto const line = log::render(log::level::warn, "kinds",
                                {{"least", std::numeric_limits<std::int64_t>::min()},
                                 {"most", std::numeric_limits<std::uint64_t>::max()},
                                 {"half", 0.5},
                                 {"nan", std::numeric_limits<double>::quiet_NaN()},
                                 {"infinite", std::numeric_limits<double>::infinity()},
                                 {"text", std::string("s")},
                                 {"view", std::string_view("v")},
                                 {"yes", true}},
                                1);
  simdjson::dom::parser parser;
  auto const parsed = parser.parse(line).get_object();
  BOOST_REQUIRE(parsed.error() == simdjson::SUCCESS);
  BOOST_TEST(parsed["least"].get_int64().value() == std::numeric_limits<std::int64_t>::min());
  BOOST_TEST(parsed["most"].get_uint64().value() == std::numeric_limits<std::uint64_t>::max());
  BOOST_TEST(parsed["half"].get_double().value() == 0.5);
  BOOST_TEST(parsed["nan"].is_null());
  BOOST_TEST(parsed["infinite"].is_null());
}

BOOST_AUTO_TEST_CASE(no_value_can_forge_a_line_or_a_field) {
  std::string quoted;
  log::append_quoted(quoted, "a\"b\\c\nd\re\tf\x1b[31m\x7f"
                             "\xc2\x9b"
                             "1m\0g");
  BOOST_TEST(quoted == "\"a\\\"b\\\\c\\nd\\u000de\\tf\\u001b[31m\\u007f\\u009b1m\"");
  quoted.clear();
  log::append_quoted(quoted, std::string_view("\0", 1));
  BOOST_TEST(quoted == "\"\\u0000\"");
}

BOOST_AUTO_TEST_CASE(bytes_that_are_not_utf_8_are_replaced) {
  std::string const replaced = "\xef\xbf\xbd";
  for (std::string const& bad :
       {std::string("\xff"), std::string("\xc0\xaf"), std::string("\xed\xa0\x80"), std::string("\xf4\x90\x80\x80"),
        std::string("\xe2\x82"), std::string("\xf0\x80\x80\x80"), std::string("\x80")}) {
    std::string quoted;
    log::append_quoted(quoted, bad);
    BOOST_TEST(quoted.substr(1, 3) == replaced);
  }
  std::string good;
  log::append_quoted(good, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82");
  BOOST_TEST(good == "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82\"");
}

BOOST_AUTO_TEST_CASE(random_bytes_in_every_place_still_parse) {
  std::mt19937 rng(11);
  simdjson::dom::parser parser;
  for (int round = 0; round < 3000; ++round) {
    std::string message(rng() % 40, '\0'), value(rng() % 40, '\0');
    for (auto& c : message) c = static_cast<char>(rng());
    for (auto& c : value) c = "\"\\\n\r\x1b\xc2\x85\xe2\xff{},:"[rng() % 13];
    auto const line = log::render(log::level::info, message, {{"k", value}, {value, message}}, 5);
    BOOST_REQUIRE(line.find('\n') == line.size() - 1);
    BOOST_REQUIRE(parser.parse(line).error() == simdjson::SUCCESS);
  }
}

BOOST_AUTO_TEST_CASE(a_long_value_is_cut_between_characters) {
  for (std::size_t shift = 0; shift < 4; ++shift) {
    std::string text(shift, 'x');
    while (text.size() < 20000) text += "\xf0\x9f\x99\x82";
    std::string quoted;
    log::append_quoted(quoted, text);
    BOOST_TEST(quoted.size() < 8300U);
    BOOST_TEST(quoted.find("\xef\xbf\xbd") == std::string::npos);
    BOOST_TEST(quoted.ends_with("\xe2\x80\xa6\""));
  }
}

BOOST_AUTO_TEST_CASE(a_level_that_is_off_writes_nothing) {
  level_kept const kept;
  captured out;
  log::start(out.ends[1]);
  log::set_level(log::level::warn);
  log::info("not this");
  log::debug("nor this");
  log::warn("this");
  log::set_level(log::level::off);
  log::error("nor that");
  log::stop();
  auto const lines = lines_of(out.text());
  BOOST_REQUIRE(lines.size() == 1U);
  BOOST_TEST(lines[0].find("\"msg\":\"this\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(lines_of_many_threads_stay_whole_and_none_is_lost) {
  level_kept const kept;
  log::set_level(log::level::info);
  captured out;
  auto const before = log::dropped_lines();
  log::start(out.ends[1]);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      for (int i = 0; i < 500; ++i) log::info("line", {{"thread", t}, {"number", i}});
    });
  for (auto& thread : threads) thread.join();
  log::flush();
  log::stop();
  auto const lines = lines_of(out.text());
  BOOST_TEST(lines.size() == 2000U);
  BOOST_TEST(log::dropped_lines() == before);
  simdjson::dom::parser parser;
  for (auto const& line : lines) BOOST_REQUIRE(parser.parse(line).error() == simdjson::SUCCESS);
}

BOOST_AUTO_TEST_CASE(a_full_buffer_drops_lines_and_says_how_many) {
  level_kept const kept;
  log::set_level(log::level::info);
  captured out;
  auto const before = log::dropped_lines();
  log::start(out.ends[1], 10); // no line fits
  for (int i = 0; i < 5; ++i) log::info("lost");
  log::flush();
  log::stop();
  BOOST_TEST(log::dropped_lines() == before + 5);
  std::int64_t said = 0;
  simdjson::dom::parser parser;
  for (auto const& line : lines_of(out.text())) said += parser.parse(line)["dropped"].get_int64().value();
  BOOST_TEST(said == 5);
}

BOOST_AUTO_TEST_CASE(stop_writes_what_waits) {
  level_kept const kept;
  log::set_level(log::level::info);
  captured out;
  log::start(out.ends[1]);
  for (int i = 0; i < 100; ++i) log::info("waits");
  log::stop();
  BOOST_TEST(lines_of(out.text()).size() == 100U);
}

BOOST_AUTO_TEST_SUITE_END()
