#include "core/steering.hpp"

#include "core/log.hpp"

#include <boost/test/unit_test.hpp>

using namespace alloy;

BOOST_AUTO_TEST_SUITE(steering_suite)

BOOST_AUTO_TEST_CASE(what_steers_is_told_by_its_code_point) {
  for (char32_t const c : {U'\0', U'\x1b', U'\x7f', U'\u0080', U'\u009b', U'\u009f', U'\u061c', U'\u200e', U'\u200f',
                           U'\u202a', U'\u202e', U'\u2066', U'\u2069'})
    BOOST_TEST(steers(c), static_cast<unsigned>(c));
  for (char32_t const c : {U' ', U'~', U'\u00a0', U'\u00e9', U'\u0627', U'\u200d', U'\u2029', U'\u202f', U'\u2065',
                           U'\u206a', U'\U0001f980'})
    BOOST_TEST(!steers(c), static_cast<unsigned>(c));
}

BOOST_AUTO_TEST_CASE(it_is_escaped_and_all_else_stays) {
  BOOST_TEST(without_steering("caf\xc3\xa9 \xf0\x9f\xa6\x80\n\tx") == "caf\xc3\xa9 \xf0\x9f\xa6\x80\n\tx");
  BOOST_TEST(without_steering("a\x1b[31m\x7f\xc2\x9b\xe2\x80\xae\xd8\x9c\xe2\x81\xa9z") ==
             "a\\u001b[31m\\u007f\\u009b\\u202e\\u061c\\u2069z");
  BOOST_TEST(without_steering("a\r\nb\rc") == "a\r\nb\\u000dc"); // a return alone writes over the line
  BOOST_TEST(without_steering("\x9b\xff\xe2\x80") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

BOOST_AUTO_TEST_CASE(json_stays_the_same_json) {
  BOOST_TEST(without_steering("{\n  \"a\": \"\xe2\x80\xaex\\n\"\n}") == "{\n  \"a\": \"\\u202ex\\n\"\n}");
}

BOOST_AUTO_TEST_CASE(log_lines_are_steered_by_nothing) {
  std::string quoted;
  log::append_quoted(quoted, "a\xe2\x80\xae\xe2\x81\xa6\xd8\x9c\xe2\x80\x8f\xc2\x9bz");
  BOOST_TEST(quoted == "\"a\\u202e\\u2066\\u061c\\u200f\\u009bz\"");
}

BOOST_AUTO_TEST_SUITE_END()
