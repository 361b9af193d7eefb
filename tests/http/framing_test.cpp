#include "tests/http/echo_server.hpp"

#include <boost/test/unit_test.hpp>

#include <thread>

using namespace alloy;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

struct framing_case {
  std::string_view name;
  std::string bytes;
  unsigned status;                // 200: accepted, and the connection goes on; else refused, and it ends
  std::string_view expected = {}; // of an accepted one: what the handler has seen
};

std::string get(std::string_view fields) {
  return "GET /a HTTP/1.1\r\n" + std::string(fields) + "\r\n";
}
std::string post(std::string_view fields, std::string_view body = {}) {
  return "POST /a HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n" + std::string(body);
}
std::string target(std::string_view text) {
  return "GET " + std::string(text) + " HTTP/1.1\r\nHost: h\r\n\r\n";
}
std::string chunked(std::string_view body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}

std::vector<framing_case> const request_lines{
    {"plain", get("Host: h\r\n"), 200, "GET /a? "},
    {"query", target("/a?b=c&d=%20"), 200, "GET /a?b=c&d=%20 "},
    {"asterisk for OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 200, "OPTIONS *? "},
    {"unknown method is the handler's affair", "BREW /a HTTP/1.1\r\nHost: h\r\n\r\n", 200, "BREW /a? "},
    {"brackets in a query", target("/a?x[]=1"), 200, "GET /a?x[]=1 "},
    {"one empty line before", "\r\n" + get("Host: h\r\n"), 200, "GET /a? "},
    {"absolute form", target("http://h/a?b"), 200, "GET /a?b "},
    {"absolute form without path", target("http://h?b"), 200, "GET /?b "},
    {"absolute form, scheme and host in capitals", target("HTTP://H/a"), 200, "GET /a? "},
    {"absolute form, usual port named once", "GET http://h:80/a HTTP/1.1\r\nHost: h\r\n\r\n", 200, "GET /a? "},
    {"absolute form, other host", target("http://other/a"), 400},
    {"absolute form, other port", target("http://h:8080/a"), 400},
    {"absolute form, userinfo", target("http://h@other/a"), 400},
    {"absolute form, empty host", target("http:///a"), 400},
    {"absolute form, other scheme", target("ftp://h/a"), 400},
    {"asterisk for GET", target("*"), 400},
    {"relative target", target("a"), 400},
    {"empty target", target(""), 400},
    {"fragment", target("/a#b"), 400},
    {"raw e-acute", target("/\xe9"), 400},
    {"raw utf-8", target("/\xc3\xa9"), 400},
    {"control in target", target("/a\x01"), 400},
    {"NUL in target", target("/a\0b"sv), 400},
    {"DEL in target", target("/a\x7f"), 400},
    {"tab in target", target("/a\tb"), 400},
    {"space in target", target("/a b"), 400},
    {"backslash in target", target("/a\\b"), 400},
    {"quote in target", target("/a\"b"), 400},
    {"angle bracket in target", target("/<a>"), 400},
    {"half a percent sign", target("/a%2"), 400},
    {"wrong percent sign", target("/a%zz"), 400},
    {"two empty lines before", "\r\n\r\n" + get("Host: h\r\n"), 400},
    {"space before", " " + get("Host: h\r\n"), 400},
    {"no version (0.9)", "GET /a\r\n\r\n", 400},
    {"HTTP/1.2", "GET /a HTTP/1.2\r\nHost: h\r\n\r\n", 400},
    {"HTTP/2.0", "GET /a HTTP/2.0\r\nHost: h\r\n\r\n", 400},
    {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
    {"HTTP/01.1", "GET /a HTTP/01.1\r\nHost: h\r\n\r\n", 400},
    {"http/1.1 in small letters", "GET /a http/1.1\r\nHost: h\r\n\r\n", 400},
    {"space after the version", "GET /a HTTP/1.1 \r\nHost: h\r\n\r\n", 400},
    {"two spaces", "GET  /a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"tabs for spaces", "GET\t/a\tHTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"method with a slash", "G/T /a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"method with a colon", "GET: /a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"method of another alphabet", "G\xc3\x89T /a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"CONNECT", "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", 501},
    {"TLS hello on a plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, 400},
    {"bare LF", "GET /a HTTP/1.1\nHost: h\n\n", 400},
    {"bare LF after the request line", "GET /a HTTP/1.1\nHost: h\r\n\r\n", 400},
    {"bare CR in the request line", "GET /a\r HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"CR CR LF", "GET /a HTTP/1.1\r\r\nHost: h\r\n\r\n", 400},
};

std::vector<framing_case> const fields{
    {"value with tabs and obs-text", get("Host: h\r\nX: a\tb\xe9\r\n"), 200, "GET /a? "},
    {"empty value", get("Host: h\r\nX:\r\n"), 200, "GET /a? "},
    {"no space after the colon", get("Host:h\r\n"), 200, "GET /a? "},
    {"white space around the value", get("Host: \t h \t\r\n"), 200, "GET /a? "},
    {"host with port", get("Host: h:8080\r\n"), 200, "GET /a? "},
    {"IPv6 host", get("Host: [::1]:80\r\n"), 200, "GET /a? "},
    {"HTTP/1.0 with Host", "GET /a HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n", 200, "GET /a? "},
    {"no Host", get(""), 400},
    {"two Hosts", get("Host: h\r\nHost: other\r\n"), 400},
    {"two equal Hosts", get("Host: h\r\nhost: h\r\n"), 400},
    {"empty Host", get("Host:\r\n"), 400},
    {"Host with a path", get("Host: h/a\r\n"), 400},
    {"Host with userinfo", get("Host: u@h\r\n"), 400},
    {"Host list", get("Host: h, other\r\n"), 400},
    {"Host list without a space", get("Host: h,other\r\n"), 400},
    {"Host with a space", get("Host: h other\r\n"), 400},
    {"Host with a wrong port", get("Host: h:80a\r\n"), 400},
    {"Host with a port too long", get("Host: h:123456\r\n"), 400},
    {"Host with an open bracket", get("Host: [::1\r\n"), 400},
    {"Host with words in brackets", get("Host: [nonsense]\r\n"), 400},
    {"bad Host on HTTP/1.0", "GET /a HTTP/1.0\r\nHost: h h\r\n\r\n", 400},
    {"obs-fold", get("Host: h\r\nX: a\r\n b\r\n"), 400},
    {"obs-fold with a tab", get("Host: h\r\nX: a\r\n\tb\r\n"), 400},
    {"obs-fold of Transfer-Encoding", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), 400},
    {"obs-fold directly after the request line", get(" Host: h\r\n"), 400},
    {"space before the colon", get("Host : h\r\n"), 400},
    {"space before the colon of Content-Length", post("Content-Length : 5\r\n", "hello"), 400},
    {"tab before the colon", get("Host\t: h\r\n"), 400},
    {"space in a name", get("Host: h\r\nA B: c\r\n"), 400},
    {"empty name", get("Host: h\r\n: a\r\n"), 400},
    {"no colon", get("Host: h\r\nnonsense\r\n"), 400},
    {"name with parentheses", get("Host: h\r\nX(y): z\r\n"), 400},
    {"name of another alphabet", get("Host: h\r\nX\xe9: z\r\n"), 400},
    {"NUL in a name", get("Host: h\r\nX\0: z\r\n"sv), 400},
    {"NUL in a value", get("Host: h\r\nX: a\0b\r\n"sv), 400},
    {"control in a value", get("Host: h\r\nX: a\x0b\r\n"), 400},
    {"DEL in a value", get("Host: h\r\nX: a\x7f\r\n"), 400},
    {"bare CR in a value", get("Host: h\r\nX: a\rY: b\r\n"), 400},
    {"bare LF in a value", get("Host: h\r\nX: a\nY: b\r\n"), 400},
    {"bare LF hides Transfer-Encoding", post("X: a\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
};

std::vector<framing_case> const lengths{
    {"Content-Length", post("Content-Length: 5\r\n", "hello"), 200, "POST /a? hello"},
    {"Content-Length 0", post("Content-Length: 0\r\n"), 200, "POST /a? "},
    {"Content-Length with leading zeros", post("Content-Length: 005\r\n", "hello"), 200, "POST /a? hello"},
    {"GET with a body", "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", 200, "GET /a? hello"},
    {"POST without any length", post(""), 200, "POST /a? "},
    {"Content-Length on HTTP/1.0", "POST /a HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", 200,
     "POST /a? hello"},
    {"two equal Content-Lengths", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400},
    {"two different Content-Lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"), 400},
    {"list of equal Content-Lengths", post("Content-Length: 5, 5\r\n", "hello"), 400},
    {"list with a comma only", post("Content-Length: 5,\r\n", "hello"), 400},
    {"empty Content-Length", post("Content-Length:\r\n", "hello"), 400},
    {"negative", post("Content-Length: -5\r\n", "hello"), 400},
    {"plus sign", post("Content-Length: +5\r\n", "hello"), 400},
    {"hexadecimal", post("Content-Length: 0x5\r\n", "hello"), 400},
    {"with words", post("Content-Length: 5 bytes\r\n", "hello"), 400},
    {"decimal point", post("Content-Length: 5.0\r\n", "hello"), 400},
    {"beyond 64 bits", post("Content-Length: 18446744073709551621\r\n", "hello"), 413},
    {"CL and TE", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
    {"TE and CL", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400},
    {"CL 0 and TE", post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
    {"CL and unknown TE", post("Content-Length: 5\r\nTransfer-Encoding: cow\r\n", "hello"), 501},
    {"TE identity", post("Transfer-Encoding: identity\r\n", "0\r\n\r\n"), 400},
    {"TE xchunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501},
    {"TE gzip", post("Transfer-Encoding: gzip\r\n", "0\r\n\r\n"), 501},
    {"TE gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501},
    {"TE chunked, identity", post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), 400},
    {"TE identity, chunked", post("Transfer-Encoding: identity, chunked\r\n", "0\r\n\r\n"), 400},
    {"TE chunked, chunked", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 400},
    {"TE twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
    {"TE twice, other coding", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n", "0\r\n\r\n"), 400},
    {"TE with a parameter", post("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"), 400},
    {"TE in quotes", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 400},
    {"TE with a trailing comma", post("Transfer-Encoding: chunked,\r\n", "0\r\n\r\n"), 400},
    {"empty TE", post("Transfer-Encoding:\r\n", "0\r\n\r\n"), 400},
    {"vertical tab before chunked", post("Transfer-Encoding: \x0b"s + "chunked\r\n", "0\r\n\r\n"), 400},
    {"chunked on HTTP/1.0", "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
};

std::vector<framing_case> const chunks{
    {"one chunk", chunked("5\r\nhello\r\n0\r\n\r\n"), 200, "POST /a? hello"},
    {"CHUNKED in capitals", post("Transfer-Encoding: CHUNKED\r\n", "5\r\nhello\r\n0\r\n\r\n"), 200, "POST /a? hello"},
    {"two chunks", chunked("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"), 200, "POST /a? hello"},
    {"hexadecimal size", chunked("A\r\n0123456789\r\n0\r\n\r\n"), 200, "POST /a? 0123456789"},
    {"size with leading zeros", chunked("0005\r\nhello\r\n000\r\n\r\n"), 200, "POST /a? hello"},
    {"no chunk but the last", chunked("0\r\n\r\n"), 200, "POST /a? "},
    {"extension", chunked("5;a=b;c=\"d\"\r\nhello\r\n0\r\n\r\n"), 200, "POST /a? hello"},
    {"trailer", chunked("5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"), 200, "POST /a? hello"},
    {"size is no number", chunked("x\r\nhello\r\n0\r\n\r\n"), 400},
    {"empty size", chunked("\r\nhello\r\n0\r\n\r\n"), 400},
    {"size with 0x", chunked("0x5\r\nhello\r\n0\r\n\r\n"), 400},
    {"size with a minus", chunked("-5\r\nhello\r\n0\r\n\r\n"), 400},
    {"size with a plus", chunked("+5\r\nhello\r\n0\r\n\r\n"), 400},
    {"space before the size", chunked(" 5\r\nhello\r\n0\r\n\r\n"), 400},
    {"size with an underscore", chunked("0_5\r\nhello\r\n0\r\n\r\n"), 400},
    {"size beyond 64 bits", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n"), 400},
    {"size beyond the limit", chunked("fffffffffffffff\r\nhello\r\n0\r\n\r\n"), 413},
    {"chunk longer than its size", chunked("4\r\nhello\r\n0\r\n\r\n"), 400},
    {"chunk without its CRLF", chunked("5\r\nhello0\r\n\r\n"), 400},
    {"bare LF after the size", chunked("5\nhello\r\n0\r\n\r\n"), 400},
    {"bare LF after the chunk", chunked("5\r\nhello\n0\r\n\r\n"), 400},
    {"bare CR after the size", chunked("5\rhello\r\n0\r\n\r\n"), 400},
    {"bare LF in an extension", chunked("5;a\nb\r\nhello\r\n0\r\n\r\n"), 400},
    {"control in an extension", chunked("5;a=\x01\r\nhello\r\n0\r\n\r\n"), 400},
    {"extension too long", chunked("5;" + std::string(300, 'a') + "\r\nhello\r\n0\r\n\r\n"), 400},
    {"extension without end", chunked("5;" + std::string(9000, 'a')), 400},
    {"trailer without end", chunked("0\r\nX: " + std::string(9000, 'a')), 400},
    {"trailer with Content-Length", chunked("0\r\nContent-Length: 5\r\n\r\n"), 400},
    {"trailer with Transfer-Encoding", chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
    {"trailer with Host", chunked("0\r\nHost: other\r\n\r\n"), 400},
    {"trailer with Authorization", chunked("0\r\nAuthorization: Bearer x\r\n\r\n"), 400},
    {"trailer without colon", chunked("0\r\nnonsense\r\n\r\n"), 400},
    {"trailer with a bare LF", chunked("0\r\nX: a\nY: b\r\n\r\n"), 400},
};

constexpr auto next_request = "GET /next HTTP/1.1\r\nHost: h\r\n\r\n";

void expect_accepted(framing_case const& c) {
  tests::echo_server echo;
  tests::wire peer(echo.port);
  peer.send(c.bytes + next_request);
  auto const first = peer.read();
  BOOST_TEST(first.status == 200U);
  BOOST_TEST(first.body == c.expected);
  auto const second = peer.read();
  BOOST_TEST(second.status == 200U);
  BOOST_TEST(second.body == "GET /next? ");
}

void expect_refused(framing_case const& c) {
  tests::echo_server echo;
  tests::wire peer(echo.port);
  peer.send(c.bytes + next_request + next_request);
  auto rest = peer.read_to_end(); // that this returns is the proof that the server has closed
  tests::answer only;
  BOOST_TEST_REQUIRE(tests::take_answer(rest, only), rest);
  BOOST_TEST(only.status == c.status);
  BOOST_TEST(only.field("Connection") == "close");
  BOOST_TEST(only.field("Content-Type") == "application/problem+json");
  BOOST_TEST(only.body.find("\"request_id\":\"" + only.field("X-Request-Id") + "\"") != only.body.npos);
  BOOST_TEST(rest.empty(), "there was a second answer: " << rest);
  BOOST_TEST(echo.served().empty(), "the handler was asked");
  std::lock_guard const lock(echo.watch->mutex);
  BOOST_TEST(echo.watch->refused.size() == 1U);
}

void check(std::vector<framing_case> const& cases) {
  for (auto const& c : cases) {
    BOOST_TEST_CONTEXT(c.name) {
      if (c.status == 200)
        expect_accepted(c);
      else
        expect_refused(c);
    }
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(framing)

BOOST_AUTO_TEST_CASE(request_lines_are_read_strictly) {
  check(request_lines);
}
BOOST_AUTO_TEST_CASE(fields_are_read_strictly) {
  check(fields);
}
BOOST_AUTO_TEST_CASE(a_body_has_one_length) {
  check(lengths);
}
BOOST_AUTO_TEST_CASE(chunks_are_read_strictly) {
  check(chunks);
}

// However the bytes are cut into packets, the verdict is the same.
BOOST_AUTO_TEST_CASE(the_verdict_does_not_hang_on_packets) {
  for (auto const* cases : {&lengths, &chunks}) {
    for (auto const& c : *cases) {
      if (c.bytes.size() > 1000) continue;
      BOOST_TEST_CONTEXT(c.name) {
        tests::echo_server echo;
        tests::wire peer(echo.port);
        for (char const byte : c.bytes) {
          peer.send({&byte, 1});
          if (cases == &chunks) std::this_thread::sleep_for(std::chrono::microseconds(200)); // mostly read one by one
        }
        peer.send(next_request);
        auto const first = peer.read();
        BOOST_TEST(first.status == c.status);
        if (c.status == 200)
          BOOST_TEST(peer.read().body == "GET /next? ");
        else
          BOOST_TEST(peer.read_to_end() == "");
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
