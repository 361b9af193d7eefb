#include "webhooks/address_policy.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::webhooks {
namespace {

bool allowed(address_policy const& g, std::string const& url, std::string const& address) {
  ip_address a;
  BOOST_REQUIRE_MESSAGE(parse_address(address, a), address);
  return g.allows(parse_web_url(url).value(), a);
}

} // namespace

BOOST_AUTO_TEST_SUITE(targets)

BOOST_AUTO_TEST_CASE(addresses_that_are_not_on_the_internet_at_large) {
  address_policy const g({}, {"https"}, {});
  for (char const* const address : {"0.0.0.0",
                                    "0.1.2.3",
                                    "10.0.0.1",
                                    "10.255.255.255",
                                    "100.64.0.1",
                                    "100.127.255.255",
                                    "127.0.0.1",
                                    "127.255.255.254",
                                    "169.254.169.254",
                                    "172.16.0.1",
                                    "172.31.255.255",
                                    "192.0.0.1",
                                    "192.0.0.170",
                                    "192.0.2.1",
                                    "192.88.99.1",
                                    "192.168.0.1",
                                    "198.18.0.1",
                                    "198.19.255.255",
                                    "198.51.100.7",
                                    "203.0.113.9",
                                    "224.0.0.1",
                                    "239.255.255.255",
                                    "240.0.0.1",
                                    "255.255.255.255",
                                    "::",
                                    "::1",
                                    "::7f00:1",
                                    "::ffff:127.0.0.1",
                                    "::ffff:8.8.8.8",
                                    "::ffff:0:127.0.0.1",
                                    "64:ff9b::7f00:1",
                                    "64:ff9b::808:808",
                                    "64:ff9b:1::1",
                                    "100::1",
                                    "2001::1",
                                    "2001:0:7f00:1::",
                                    "2001:2::1",
                                    "2001:10::1",
                                    "2001:20::1",
                                    "2001:db8::1",
                                    "2002:7f00:1::1",
                                    "2002:808:808::1",
                                    "3fff::1",
                                    "5f00::1",
                                    "fc00::1",
                                    "fd12:3456::1",
                                    "fe80::1",
                                    "fec0::1",
                                    "ff02::1",
                                    "4000::1",
                                    "e000::1"})
    BOOST_TEST(!allowed(g, "https://a.example/", address), address);
}

BOOST_AUTO_TEST_CASE(addresses_beside_them) {
  address_policy const g({}, {"https"}, {});
  for (char const* const address : {"1.0.0.1",         "9.255.255.255",        "11.0.0.0",        "100.63.255.255",
                                    "100.128.0.0",     "126.255.255.255",      "128.0.0.1",       "169.253.255.255",
                                    "169.255.0.0",     "172.15.255.255",       "172.32.0.0",      "192.0.1.1",
                                    "192.167.255.255", "192.169.0.0",          "198.17.255.255",  "198.20.0.0",
                                    "223.255.255.255", "2001:4860:4860::8888", "2606:4700::1111", "2a00:1450::1"})
    BOOST_TEST(allowed(g, "https://a.example/", address), address);
}

BOOST_AUTO_TEST_CASE(an_operator_lets_more_through) {
  address_policy const g({"hooks.internal", "10.1.0.0/16", "127.0.0.1", "fd00::/8"}, {"https", "http"}, {});
  BOOST_TEST(allowed(g, "http://hooks.internal/", "192.168.3.4"));
  BOOST_TEST(allowed(g, "http://HOOKS.internal:8080/x", "192.168.3.4"));
  BOOST_TEST(!allowed(g, "http://other.internal/", "192.168.3.4"));
  BOOST_TEST(!allowed(g, "http://hooks.internal.evil.example/", "192.168.3.4"));
  BOOST_TEST(allowed(g, "http://a.example/", "10.1.255.255"));
  BOOST_TEST(!allowed(g, "http://a.example/", "10.2.0.0"));
  BOOST_TEST(allowed(g, "http://a.example/", "127.0.0.1"));
  BOOST_TEST(!allowed(g, "http://a.example/", "127.0.0.2"));
  BOOST_TEST(!allowed(g, "http://a.example/", "::ffff:127.0.0.1")); // another form of it is another address
  BOOST_TEST(allowed(g, "http://a.example/", "fd12::1"));
}

BOOST_AUTO_TEST_CASE(schemes_and_ports) {
  address_policy const g({}, {"https"}, {"443", "8443"});
  BOOST_TEST(g.complaint(parse_web_url("https://a.example/").value()).empty());
  BOOST_TEST(g.complaint(parse_web_url("https://a.example:8443/").value()).empty());
  BOOST_TEST(!g.complaint(parse_web_url("https://a.example:22/").value()).empty());
  BOOST_TEST(!g.complaint(parse_web_url("http://a.example:443/").value()).empty());
}

BOOST_AUTO_TEST_CASE(ports_are_given_one_by_one_and_as_ranges) {
  address_policy const g({}, {"https"}, {"80", "443", "8443", "1024-65535"});
  for (char const* const open : {"80", "443", "8443", "1024", "3000", "65535"})
    BOOST_TEST(g.complaint(parse_web_url("https://a.example:" + std::string(open) + "/").value()).empty(), open);
  for (char const* const closed : {"1", "22", "25", "79", "81", "442", "444", "993", "1023"})
    BOOST_TEST(!g.complaint(parse_web_url("https://a.example:" + std::string(closed) + "/").value()).empty(), closed);
  address_policy const none({}, {"https"}, {"9-8"});
  BOOST_TEST(!none.complaint(parse_web_url("https://a.example/").value()).empty());
  address_policy const any({}, {"https"}, {});
  BOOST_TEST(any.complaint(parse_web_url("https://a.example:1/").value()).empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::webhooks
