#include "http/request_head_check.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <string>

using namespace alloy;

namespace {

constexpr http::head_limits limits{200, 400, 10};

constexpr std::string_view seeds[] = {
    "GET /a?b=%20c HTTP/1.1\r\nHost: h:80\r\nX: y\r\n\r\n",
    "POST http://[::1]:8080/a HTTP/1.1\r\nHost: [::1]:8080\r\nTransfer-Encoding: chunked\r\n\r\n",
    "PUT /a HTTP/1.0\r\nContent-Length: 17\r\nConnection: keep-alive\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: h\r\nOrigin: https://a.example\r\n\r\n",
};

// Cuts, doubles, swaps and overwrites, with a taste for the octets that frame.
std::string mutated(std::string text, std::mt19937& rng) {
  constexpr std::string_view spice = "\r\n\r\n \t:,;/?#%@[]\0\x7f\xff\x01"
                                     "05aHT-";
  auto const pick = [&](std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(rng); };
  for (auto rounds = 1 + pick(4); rounds > 0 && !text.empty(); --rounds) {
    auto const at = pick(text.size());
    auto const length = std::min(1 + pick(6), text.size() - at);
    switch (pick(4)) {
    case 0: text.erase(at, length); break;
    case 1: text.insert(at, text.substr(at, length)); break;
    case 2: text[at] = spice[pick(spice.size())]; break;
    default: text.insert(text.begin() + static_cast<std::ptrdiff_t>(at), spice[pick(spice.size())]); break;
    }
  }
  return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(guard)

BOOST_AUTO_TEST_CASE(the_seeds_are_acceptable) {
  for (auto const seed : seeds) {
    http::head_facts facts;
    auto const* const no = http::inspect_head(seed, limits, facts);
    BOOST_TEST(no == nullptr, seed);
  }
}

BOOST_AUTO_TEST_CASE(facts_are_what_the_head_says) {
  http::head_facts chunked, length;
  http::inspect_head(seeds[1], limits, chunked);
  http::inspect_head(seeds[2], limits, length);
  BOOST_TEST(chunked.chunked);
  BOOST_TEST(!chunked.length.has_value());
  BOOST_TEST(!length.chunked);
  BOOST_TEST(length.length.value() == "17");
}

// What is refused early must be refused late as well, or the verdict would hang on how the bytes were cut; and a head
// that passes must hold the few facts that all other readers rely on.
BOOST_AUTO_TEST_CASE(verdicts_hold_together_over_mutations) {
  std::mt19937 rng(20260401);
  std::size_t accepted = 0, refused = 0;
  for (int round = 0; round < 40'000; ++round) {
    auto const text = mutated(std::string(seeds[static_cast<std::size_t>(round) % std::size(seeds)]), rng);
    auto const end = text.find("\r\n\r\n");
    if (end == text.npos) continue;
    auto const head = std::string_view(text).substr(0, end + 4);
    http::head_facts facts;
    auto const* const verdict = http::inspect_head(head, limits, facts);
    ++(verdict == nullptr ? accepted : refused);
    if (verdict == nullptr) {
      for (std::size_t size = 1; size < head.size() - 1; ++size)
        BOOST_TEST_REQUIRE(http::inspect_partial(head.substr(0, size), size - 1, limits) == nullptr, text);
      BOOST_TEST_REQUIRE(!(facts.chunked && facts.length), text);
      BOOST_TEST_REQUIRE(head.find('\0') == head.npos, text);
      BOOST_TEST_REQUIRE(head.find("\r\n ") == head.npos, text);
      BOOST_TEST_REQUIRE((head.find(" HTTP/1.1\r\n") != head.npos || head.find(" HTTP/1.0\r\n") != head.npos), text);
    }
  }
  BOOST_TEST(accepted > 1000U); // else the loop proves nothing
  BOOST_TEST(refused > 1000U);
}

BOOST_AUTO_TEST_SUITE_END()
