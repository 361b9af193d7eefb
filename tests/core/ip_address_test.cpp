#include "core/ip_address.hpp"

#include "core/settings.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy {

BOOST_AUTO_TEST_SUITE(addresses_and_networks)

BOOST_AUTO_TEST_CASE(hosts_that_a_setting_names) {
  for (char const* const good : {"hooks.internal", "10.0.0.0/8", "10.0.0.1", "::1", "fd00::/8", "FD00::/8", "0.0.0.0/0",
                                 "::/0", "a", "3com.example", "1.2.3.example", "x_y.example", "hooks.internal.",
                                 "10.1.0.0.example", "0xg", "deadbeef", "fd00"})
    BOOST_TEST(complaint_of_host(good).empty(), good);
  for (char const* const bad : {"",
                                "10.0.0.0/33",
                                "fd00::/129",
                                "Hooks",
                                "a b",
                                "10.0.0.0/x",
                                "10.1.0.0/99",
                                "10.1.0.0/",
                                "300.1.1.1",
                                "[::1",
                                "[::1]",
                                "fe80::1%eth0",
                                "0x7f.1",
                                "0x7f000001",
                                "1.2.3",
                                "127.1",
                                "2130706433",
                                "1.2.3.4.5",
                                "010.0.0.1",
                                "10.0.0.1.",
                                "10.0.0.0/08",
                                "10.0.0.0/+8",
                                "10.0.0.0/-1",
                                "10.0.0.0/8/8",
                                "/8",
                                "10.0.0.0 /8",
                                "hooks/8",
                                "hooks:443",
                                "::g",
                                "1::2::3",
                                ".",
                                "a..b",
                                ".a",
                                "-a",
                                "a-.example",
                                "a.0",
                                "a.0x1f",
                                "*.internal",
                                "10.1.*",
                                "10.0.0.1-10.0.0.9",
                                "0x",
                                "::ffff:1.2.3",
                                "10.0.0.0/255.0.0.0"})
    BOOST_TEST(!complaint_of_host(bad).empty(), bad);
  BOOST_TEST(!complaint_of_host(std::string(64, 'a')).empty());
}

BOOST_AUTO_TEST_CASE(a_complaint_says_what_is_wrong) {
  BOOST_TEST(complaint_of_host("10.1.0.0/99").ends_with("\"/99\" is no length of a network: /0 to /32"));
  BOOST_TEST(complaint_of_host("fd00::/129").ends_with("\"/129\" is no length of a network: /0 to /128"));
  BOOST_TEST(complaint_of_host("300.1.1.1").ends_with("\"300.1.1.1\" is no address"));
  BOOST_TEST(complaint_of_network("300.1.1.1/8").ends_with("\"300.1.1.1\" is no address"));
  BOOST_TEST(complaint_of_host("Hooks").ends_with("\"Hooks\" is none of them"));
}

// One parser: whatever takes an address takes the same texts, and whatever takes a network, too.
BOOST_AUTO_TEST_CASE(every_setting_reads_them_alike) {
  for (char const* const key :
       {"ALLOY_DETAILS_NETWORKS", "ALLOY_TRUSTED_PROXIES", "ALLOY_WEBHOOK_ALLOWED_TARGETS", "ALLOY_BIND"})
    for (char const* const bad :
         {"10.1.0.0/99", "10.1.0.0/", "300.1.1.1", "[::1", "fe80::1%eth0", "0x7f.1", "1.2.3", "010.0.0.1"})
      BOOST_TEST(!load_settings({}, {{key, bad}}), key << " = " << bad);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy
