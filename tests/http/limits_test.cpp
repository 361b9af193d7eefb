#include "tests/http/echo_server.hpp"

#include <boost/test/unit_test.hpp>

using namespace alloy;

namespace {

std::string get(std::string const& path, std::string const& fields = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

std::string put(std::size_t body_bytes) {
  return "PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body_bytes) + "\r\n\r\n" +
         std::string(body_bytes, 'b');
}

// A head whose header section, without the empty line, is exactly so long.
std::string head_of(std::size_t section_bytes) {
  std::string const host = "Host: h\r\n", name = "X: ";
  return "GET /a HTTP/1.1\r\n" + host + name + std::string(section_bytes - host.size() - name.size() - 2, 'x') +
         "\r\n\r\n";
}

void expect_refusal(tests::echo_server& echo, std::string const& bytes, unsigned status, std::string const& code) {
  tests::wire peer(echo.port);
  peer.send(bytes + get("/next"));
  auto rest = peer.read_to_end();
  tests::answer only;
  BOOST_TEST_REQUIRE(tests::take_answer(rest, only), rest);
  BOOST_TEST(only.status == status);
  BOOST_TEST(only.body.find("\"code\":\"" + code + "\"") != only.body.npos, only.body);
  BOOST_TEST(rest == "");
}

} // namespace

BOOST_AUTO_TEST_SUITE(limits)

BOOST_AUTO_TEST_CASE(limits_hold_to_the_byte) {
  tests::echo_server echo;
  tests::wire peer(echo.port);
  auto const line = [](std::size_t bytes) { return get("/" + std::string(bytes - 14, 'x')); }; // GET SP / SP HTTP/1.1
  BOOST_TEST(peer.ask(line(8192)).status == 200U);
  BOOST_TEST(peer.ask(head_of(16 * 1024)).status == 200U);
  std::string fields;
  for (int n = 0; n < 99; ++n) fields += "X: y\r\n";
  BOOST_TEST(peer.ask(get("/a", fields)).status == 200U);
  BOOST_TEST(peer.ask(put(1024 * 1024)).body.size() == 1024U * 1024 + 8);

  expect_refusal(echo, line(8193), 414, "uri_too_long");
  expect_refusal(echo, line(20'000), 414, "uri_too_long");
  expect_refusal(echo, "GET /" + std::string(9000, 'x'), 414, "uri_too_long");
  expect_refusal(echo, head_of(16 * 1024 + 1), 431, "headers_too_large");
  expect_refusal(echo, "GET /a HTTP/1.1\r\nHost: h\r\nX: " + std::string(30'000, 'x'), 431, "headers_too_large");
  expect_refusal(echo, get("/a", fields + "X: y\r\n"), 431, "headers_too_large");
  expect_refusal(echo, put(1024 * 1024 + 1), 413, "body_too_large");
  BOOST_TEST(echo.served().size() == 4U);
}

BOOST_AUTO_TEST_CASE(chunks_add_up_to_the_same_limit) {
  http::settings with;
  with.body_bytes_max = 10;
  tests::echo_server echo(with);
  std::string const head = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
  BOOST_TEST(tests::wire(echo.port).ask(head + "5\r\nworld\r\n0\r\n\r\n").body == "POST /a? helloworld");
  expect_refusal(echo, head + "6\r\nworld!\r\n0\r\n\r\n", 413, "body_too_large");
}

BOOST_AUTO_TEST_SUITE_END()
