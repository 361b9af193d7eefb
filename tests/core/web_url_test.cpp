#include "core/web_url.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy {

BOOST_AUTO_TEST_SUITE(web_urls)

BOOST_AUTO_TEST_CASE(parts) {
  auto const a = parse_web_url("https://Hooks.Example.com/in?x=1").value();
  BOOST_TEST(a.is_tls);
  BOOST_TEST(a.host == "hooks.example.com");
  BOOST_TEST(a.port == 443);
  BOOST_TEST(a.target == "/in?x=1");
  BOOST_TEST(a.host_header() == "hooks.example.com");
  auto const b = parse_web_url("http://[::1]:8080?q").value();
  BOOST_TEST(!b.is_tls);
  BOOST_TEST(b.host == "::1");
  BOOST_TEST(b.target == "/?q");
  BOOST_TEST(b.host_header() == "[::1]:8080");
}

BOOST_AUTO_TEST_CASE(what_two_readers_could_take_in_two_ways) {
  for (char const* const bad : {"",
                                "https://",
                                "https:///x",
                                "ftp://a.example/",
                                "HTTPS://a.example/",
                                "https://user@a.example/",
                                "https://a.example@evil.example/",
                                "https://a.example:0/",
                                "https://a.example:99999/",
                                "https://a.example:/",
                                "https://a.example:8o/",
                                "https://a.example/#f",
                                "https://a.example/a b",
                                "https://a.example/\\\\b",
                                "https://a.example\\\\@b.example/",
                                "https://a%2eexample/",
                                "https://[fe80::1%25eth0]/",
                                "https://[::1/",
                                "https://::1/",
                                "https://.example/",
                                "https://-a.example/",
                                "https://a.example/\r\nX: y",
                                "https://b\xc3\xbc"
                                "cher.example/",
                                "https://a.example/\xc3\xa9",
                                "https://a,b.example/"})
    BOOST_TEST(!parse_web_url(bad).has_value(), bad);
}

// Forms of addresses that only a look-up unmasks: names to this parser.
BOOST_AUTO_TEST_CASE(numbers_are_names_here) {
  for (char const* const url : {"http://2130706433/", "http://127.1/", "http://0x7f000001/", "http://0177.0.0.1/"})
    BOOST_TEST(parse_web_url(url).has_value(), url);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy
