// Who is taken for the client of a request that came through a proxy.
#include "core/crc.hpp"
#include "http/forwarded.hpp"
#include "http/proxy_header.hpp"
#include "tests/http/echo_server.hpp"

#include <boost/test/unit_test.hpp>

using namespace alloy;

namespace {

std::vector<ip_network> networks(std::vector<std::string> const& texts) {
  std::vector<ip_network> found(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) BOOST_REQUIRE(parse_network(texts[i], found[i]));
  return found;
}

std::string client(http::header_list const& headers) {
  auto const trusted = networks({"10.0.0.0/8", "127.0.0.0/8", "fd00::/8"});
  auto const found = http::client_of(headers, trusted);
  if (!found) return "nobody";
  return found->address + (found->is_first ? " first" : "");
}
std::string by_list(std::string const& value) {
  return client({{"x-forwarded-for", value}});
}
std::string by_standard(std::string const& value) {
  return client({{"forwarded", value}});
}

std::string header_of(char command, char family, std::string const& rest) {
  std::string all("\r\n\r\n\0\r\nQUIT\n", 12);
  all += command;
  all += family;
  all += static_cast<char>(rest.size() >> 8U);
  all += static_cast<char>(rest.size() & 0xffU);
  return all + rest;
}
std::string const v4_rest("\xc0\x00\x02\x07\x7f\x00\x00\x01\x30\x39\x0b\xb8", 12); // 192.0.2.7:12345 to 127.0.0.1:3000

std::string peer_of(std::string const& bytes) {
  auto const rest = http::proxy_header_rest(bytes.substr(0, 16));
  auto const found = http::read_proxy_header(bytes);
  BOOST_TEST((!found || rest.has_value()));
  if (!found) return "refused";
  return found->is_local ? "local" : found->address.empty() ? "unknown" : found->address;
}

std::string get(std::string const& fields = {}) {
  return "GET /a HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

struct peer_server : tests::echo_server {
  explicit peer_server(http::settings set) : echo_server(std::move(set)) {
    special = [](http::request const& r) {
      return plain(r.peer + (r.header("x-forwarded-for").empty() ? "" : " with its header"));
    };
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(forwarded)

BOOST_AUTO_TEST_CASE(the_client_is_the_rightmost_address_that_is_not_trusted) {
  BOOST_TEST(by_list("192.0.2.1") == "192.0.2.1 first");
  BOOST_TEST(by_list("203.0.113.9, 192.0.2.1") == "192.0.2.1"); // what stands left of it is its own word
  BOOST_TEST(by_list("192.0.2.1, 10.1.2.3,10.0.0.1") == "192.0.2.1 first");
  BOOST_TEST(by_list("nonsense \"',;, 192.0.2.1, 10.0.0.1") == "192.0.2.1");
  BOOST_TEST(by_list("2001:db8::1, fd00::1") == "2001:db8::1 first");
  BOOST_TEST(by_list("[2001:db8::1]:443") == "2001:db8::1 first");
  BOOST_TEST(by_list("192.0.2.1:5678") == "192.0.2.1 first");
  BOOST_TEST(by_list("::ffff:192.0.2.1") == "192.0.2.1 first");
  BOOST_TEST(by_standard("for=192.0.2.1;proto=https;by=10.0.0.1") == "192.0.2.1 first");
  BOOST_TEST(by_standard("for=192.0.2.1; ") == "192.0.2.1 first");
  BOOST_TEST(by_standard("For=\"[2001:DB8::17]:4711\"") == "2001:db8::17 first");
  BOOST_TEST(by_standard("for=192.0.2.43, for=\"198.51.100.17:80\";by=203.0.113.60 , for=10.9.9.9") == "198.51.100.17");
  BOOST_TEST(by_standard("proto=http;host=\"a,b;for=192.0.2.9\";FOR=192.0.2.1") == "192.0.2.1 first");
}

BOOST_AUTO_TEST_CASE(several_lines_are_one_list) {
  BOOST_TEST(client({{"x-forwarded-for", "192.0.2.1"}, {"a", "b"}, {"x-forwarded-for", "10.0.0.1"}}) ==
             "192.0.2.1 first");
  BOOST_TEST(client({{"forwarded", "for=\"broken"}, {"forwarded", "for=192.0.2.1, for=10.0.0.1"}}) == "192.0.2.1");
}

BOOST_AUTO_TEST_CASE(where_all_are_trusted_it_is_the_leftmost) {
  BOOST_TEST(by_list("10.0.0.7, 10.0.0.1") == "10.0.0.7");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_names_nobody) {
  for (auto const* const one : {"", "unknown", "_hidden", "192.0.2.1,", "192.0.2", "192.0.2.1:", "192.0.2.1:123456",
                                "[192.0.2.1]", "[2001:db8::1", "2001:db8::1]", "192.0.2.1, unknown, 10.0.0.1"})
    BOOST_TEST(by_list(one) == "nobody", one);
  for (auto const* const one :
       {"", "for", "for=", "for=unknown", "for=_gazonk", "for=\"_hidden:_port\"", "for=\"192.0.2.1", "proto=https",
        "for=192.0.2.1;for=192.0.2.2", "for=2001:db8::1", "for=192.0.2.1 for=192.0.2.2", "for=\"x, for=192.0.2.1",
        "for = 192.0.2.1", "192.0.2.1"})
    BOOST_TEST(by_standard(one) == "nobody", one);
}

BOOST_AUTO_TEST_CASE(two_headers_that_contradict_each_other_name_nobody) {
  // One of them is the client's own, which its proxy lets through.
  BOOST_TEST(client({{"forwarded", "for=203.0.113.9"}, {"x-forwarded-for", "192.0.2.1"}}) == "nobody");
  BOOST_TEST(client({{"x-forwarded-for", "192.0.2.1"}, {"forwarded", "for=\"broken"}}) == "nobody");
  BOOST_TEST(client({{"x-forwarded-for", "192.0.2.1"}, {"forwarded", "for=192.0.2.1"}}) == "192.0.2.1 first");
  BOOST_TEST(client({}) == "nobody");
}

BOOST_AUTO_TEST_CASE(only_a_trusted_proxy_is_believed) {
  for (bool const is_trusted : {true, false}) {
    http::settings with;
    with.trusted_proxies = {is_trusted ? "127.0.0.1" : "127.0.0.2"};
    peer_server echo(with);
    tests::wire peer(echo.port);
    auto const alone = peer.ask(get("X-Forwarded-For: 192.0.2.1\r\n")).body;
    BOOST_TEST(alone == (is_trusted ? "192.0.2.1" : "127.0.0.1 with its header"));
    auto const behind_another = peer.ask(get("X-Forwarded-For: 203.0.113.9, 192.0.2.1\r\n")).body;
    BOOST_TEST(behind_another == (is_trusted ? "192.0.2.1 with its header" : "127.0.0.1 with its header"));
    BOOST_TEST(peer.ask(get()).body == "127.0.0.1"); // and nobody's address stays for the next request
    BOOST_TEST(peer.ask(get("X-Forwarded-For: unknown\r\n")).body == "127.0.0.1 with its header");
  }
}

BOOST_AUTO_TEST_CASE(a_trusted_proxy_may_have_any_number_of_connections) {
  http::settings with;
  with.connections_per_peer_max = 2;
  with.trusted_proxies = {"127.0.0.0/8"};
  peer_server echo(with);
  std::vector<std::unique_ptr<tests::wire>> many;
  for (int n = 0; n < 5; ++n) {
    many.push_back(std::make_unique<tests::wire>(echo.port));
    BOOST_TEST(many.back()->ask(get("X-Forwarded-For: 192.0.2.1\r\n")).status == 200U);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(proxy_protocol)

BOOST_AUTO_TEST_CASE(the_header_names_the_client) {
  BOOST_TEST(peer_of(header_of(0x21, 0x11, v4_rest)) == "192.0.2.7");
  std::string v6("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x05", 16);
  v6 += std::string(20, '\0');
  BOOST_TEST(peer_of(header_of(0x21, 0x21, v6)) == "2001:db8::5");
  std::string const mapped = std::string(10, '\0') + "\xff\xff" + std::string("\xc0\x00\x02\x07", 4);
  BOOST_TEST(peer_of(header_of(0x21, 0x21, mapped + std::string(20, '\0'))) == "192.0.2.7");
  BOOST_TEST(peer_of(header_of(0x20, 0x00, "")) == "local");
  BOOST_TEST(peer_of(header_of(0x20, 0x11, v4_rest)) == "local");
  BOOST_TEST(peer_of(header_of(0x21, 0x00, "whatever")) == "unknown");
  BOOST_TEST(peer_of(header_of(0x21, 0x31, std::string(216, 'x'))) == "unknown");
}

BOOST_AUTO_TEST_CASE(what_breaks_its_form_is_refused) {
  auto const good = header_of(0x21, 0x11, v4_rest);
  for (std::size_t n = 0; n < good.size(); ++n) BOOST_TEST(peer_of(good.substr(0, n)) == "refused", n);
  BOOST_TEST(peer_of(good + "x") == "refused");
  BOOST_TEST(peer_of(header_of(0x11, 0x11, v4_rest)) == "refused"); // another version
  BOOST_TEST(peer_of(header_of(0x22, 0x11, v4_rest)) == "refused"); // another command
  BOOST_TEST(peer_of(header_of(0x21, 0x12, v4_rest)) == "refused"); // datagrams
  BOOST_TEST(peer_of(header_of(0x21, 0x21, v4_rest)) == "refused"); // too short for IPv6
  BOOST_TEST(peer_of("PROXY TCP4 192.0.2.7 127.0.0.1 12345 3000\r\n") == "refused");
  BOOST_TEST(peer_of(header_of(0x21, 0x11, v4_rest + std::string(5000, '\0'))) == "refused");
}

BOOST_AUTO_TEST_CASE(what_follows_the_addresses_must_fill_it) {
  std::string const nothing("\x04\x00\x02zz", 5);
  BOOST_TEST(peer_of(header_of(0x21, 0x11, v4_rest + nothing)) == "192.0.2.7");
  BOOST_TEST(peer_of(header_of(0x21, 0x11, v4_rest + nothing + "\x04")) == "refused");
  BOOST_TEST(peer_of(header_of(0x21, 0x11, v4_rest + std::string("\x04\x00\x09zz", 5))) == "refused");
}

BOOST_AUTO_TEST_CASE(a_checksum_must_fit) {
  auto all = header_of(0x21, 0x11, v4_rest + std::string("\x03\x00\x04\0\0\0\0", 7));
  auto const sum = crc32c(all);
  for (unsigned n = 0; n < 4; ++n) all[all.size() - 4 + n] = static_cast<char>(sum >> (24 - 8 * n) & 0xffU);
  BOOST_TEST(peer_of(all) == "192.0.2.7");
  all.back() = static_cast<char>(all.back() ^ 1);
  BOOST_TEST(peer_of(all) == "refused");
}

BOOST_AUTO_TEST_CASE(a_connection_is_its_clients) {
  http::settings with;
  with.proxy_protocol = true;
  with.trusted_proxies = {"127.0.0.1"};
  with.connections_per_peer_max = 1;
  peer_server echo(with);
  tests::wire first(echo.port), same(echo.port), other(echo.port), local(echo.port);
  first.send(header_of(0x21, 0x11, v4_rest));
  BOOST_TEST(first.ask(get("X-Forwarded-For: 203.0.113.9\r\n")).body == "192.0.2.7 with its header");
  BOOST_TEST(first.ask(get()).body == "192.0.2.7");
  auto const no = same.ask(header_of(0x21, 0x11, v4_rest));
  BOOST_TEST(no.status == 503U); // it has as many as it may
  BOOST_TEST(no.field("Retry-After") == "1");
  auto another = v4_rest;
  another[3] = 9;
  BOOST_TEST(other.ask(header_of(0x21, 0x11, another) + get()).body == "192.0.2.9");
  BOOST_TEST(local.ask(header_of(0x20, 0x00, "") + get()).body == "127.0.0.1");
  tests::wire unknown(echo.port), untold(echo.port);
  BOOST_TEST(unknown.ask(header_of(0x21, 0x00, "") + get()).body == "unknown");
  untold.send(get());
  BOOST_TEST(untold.read_to_end() == "");
}

BOOST_AUTO_TEST_CASE(a_header_that_does_not_come_is_not_waited_for) {
  http::settings with;
  with.proxy_protocol = true;
  with.trusted_proxies = {"127.0.0.1"};
  with.head_timeout_ms = 40;
  peer_server echo(with);
  tests::wire peer(echo.port);
  peer.send(header_of(0x21, 0x11, v4_rest).substr(0, 20));
  BOOST_TEST(peer.read_to_end() == "");
}

BOOST_AUTO_TEST_CASE(who_is_not_trusted_is_turned_away) {
  http::settings with;
  with.proxy_protocol = true;
  with.trusted_proxies = {"127.0.0.2"};
  peer_server echo(with);
  tests::wire peer(echo.port);
  peer.send(header_of(0x21, 0x11, v4_rest) + get());
  BOOST_TEST(peer.read_to_end() == "");
  std::lock_guard const lock(echo.watch->mutex);
  BOOST_TEST(echo.watch->refused["untrusted_proxy"] == 1);
}

BOOST_AUTO_TEST_SUITE_END()
