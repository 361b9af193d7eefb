#include "http/encoding.hpp"
#include "tests/http/echo_server.hpp"

#include <boost/test/unit_test.hpp>
#include <zlib.h>

using namespace alloy;

namespace {

std::string unzip(std::string const& bytes) {
  z_stream z{};
  inflateInit2(&z, 15 + 16);
  std::string out(1'000'000, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  auto const verdict = inflate(&z, Z_FINISH);
  out.resize(out.size() - z.avail_out);
  inflateEnd(&z);
  return verdict == Z_STREAM_END ? out : "not gzip";
}

std::string get(std::string const& fields) {
  return "GET /a HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

struct json_server : tests::echo_server {
  explicit json_server(http::response with, http::settings set = {}) : echo_server(std::move(set)) {
    special = [answer = std::move(with)](http::request const&) { return answer; };
  }
};

http::response json(std::size_t bytes) {
  http::response out;
  out.body = std::string(bytes, ' ');
  for (std::size_t n = 0; n < bytes; ++n) out.body[n] = static_cast<char>('a' + n % 7);
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(encoding)

BOOST_AUTO_TEST_CASE(what_accept_encoding_means) {
  for (auto const* const yes :
       {"gzip", "GZIP", "deflate, gzip;q=1.0, *;q=0.5", "*", "gzip;q=0.001", "br,x-gzip", "gzip ; q=0.5"})
    BOOST_TEST(http::accepts_gzip(yes), yes);
  for (auto const* const no :
       {"", "identity", "br", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip; q=0, *", "gzipp", "deflate"})
    BOOST_TEST(!http::accepts_gzip(no), no);
}

BOOST_AUTO_TEST_CASE(what_shrinks) {
  for (auto const* const yes : {"application/json", "application/problem+json", "text/csv; charset=utf-8",
                                "image/svg+xml", "application/x-ndjson", "application/openapi+json"})
    BOOST_TEST(http::is_compressible(yes), yes);
  for (auto const* const no : {"image/png", "application/gzip", "application/octet-stream", "application/zip", ""})
    BOOST_TEST(!http::is_compressible(no), no);
}

BOOST_AUTO_TEST_CASE(a_long_answer_is_gzipped_for_who_asks) {
  auto const plain = json(1024);
  json_server echo(plain);
  tests::wire peer(echo.port);
  for (int round = 0; round < 3; ++round) { // the compressor is used again
    auto const zipped = peer.ask(get("Accept-Encoding: gzip\r\n"));
    BOOST_TEST(zipped.field("Content-Encoding") == "gzip");
    BOOST_TEST(zipped.field("Vary") == "Accept-Encoding");
    BOOST_TEST(zipped.body.size() < 1024U);
    BOOST_TEST((unzip(zipped.body) == plain.body));
  }
  for (auto const* const fields : {"", "Accept-Encoding: gzip;q=0\r\n", "Accept-Encoding: br\r\n"}) {
    auto const as_is = peer.ask(get(fields));
    BOOST_TEST(!as_is.has("Content-Encoding"));
    BOOST_TEST(as_is.field("Vary") == "Accept-Encoding");
    BOOST_TEST((as_is.body == plain.body));
  }
}

BOOST_AUTO_TEST_CASE(a_short_answer_goes_as_it_is) {
  json_server echo(json(1023));
  auto const answer = tests::wire(echo.port).ask(get("Accept-Encoding: gzip\r\n"));
  BOOST_TEST(!answer.has("Content-Encoding"));
  BOOST_TEST(!answer.has("Vary"));
}

BOOST_AUTO_TEST_CASE(what_is_compressed_already_goes_as_it_is) {
  auto image = json(5000);
  image.content_type = "image/png";
  auto coded = json(5000);
  coded.headers = {{"Content-Encoding", "br"}};
  auto secret = json(5000);
  secret.headers = {{"Content-Encoding", "identity"}};
  for (auto const& answer : {image, coded, secret}) {
    json_server echo(answer);
    auto const seen = tests::wire(echo.port).ask(get("Accept-Encoding: gzip\r\n"));
    BOOST_TEST(seen.field("Content-Encoding") != "gzip");
    BOOST_TEST(seen.field("Content-Encoding") != "identity");
    BOOST_TEST((seen.body == answer.body));
  }
}

BOOST_AUTO_TEST_CASE(bytes_that_do_not_shrink_go_as_they_are) {
  auto noise = json(2000);
  unsigned state = 1;
  for (auto& c : noise.body) c = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24U);
  json_server echo(noise);
  auto const seen = tests::wire(echo.port).ask(get("Accept-Encoding: gzip\r\n"));
  BOOST_TEST(!seen.has("Content-Encoding"));
  BOOST_TEST((seen.body == noise.body));
}

BOOST_AUTO_TEST_CASE(the_tag_of_encoded_bytes_is_weak) {
  auto tagged = json(5000);
  tagged.headers = {{"ETag", "\"3\""}};
  json_server echo(tagged);
  tests::wire peer(echo.port);
  BOOST_TEST(peer.ask(get("Accept-Encoding: gzip\r\n")).field("ETag") == "W/\"3\"");
  BOOST_TEST(peer.ask(get("")).field("ETag") == "\"3\"");
}

BOOST_AUTO_TEST_CASE(it_can_be_switched_off) {
  http::settings with;
  with.gzip_level = 0;
  json_server echo(json(5000), with);
  auto const seen = tests::wire(echo.port).ask(get("Accept-Encoding: gzip\r\n"));
  BOOST_TEST(!seen.has("Content-Encoding"));
  BOOST_TEST(!seen.has("Vary"));
}

BOOST_AUTO_TEST_CASE(a_handlers_cache_control_stays) {
  auto cached = json(10);
  cached.headers = {{"cache-control", "max-age=60"}};
  json_server echo(cached);
  auto const seen = tests::wire(echo.port).ask(get(""));
  BOOST_TEST(seen.field("cache-control") == "max-age=60");
  BOOST_TEST(!seen.has("Cache-Control"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cors)

BOOST_AUTO_TEST_CASE(it_is_off_unless_an_origin_is_allowed) {
  tests::echo_server echo;
  tests::wire peer(echo.port);
  auto const seen = peer.ask(get("Origin: https://a.example\r\n"));
  BOOST_TEST(!seen.has("Access-Control-Allow-Origin"));
  BOOST_TEST(!seen.has("Vary"));
  peer.ask("OPTIONS /a HTTP/1.1\r\nHost: h\r\nOrigin: https://a.example\r\nAccess-Control-Request-Method: PUT\r\n\r\n");
  BOOST_TEST(echo.served().size() == 2U); // the preflight is the handler's like any request
}

BOOST_AUTO_TEST_CASE(an_allowed_origin_is_answered_another_one_not) {
  http::settings with;
  with.cors_allowed_origins = {"https://a.example", "https://b.example"};
  tests::echo_server echo(with);
  tests::wire peer(echo.port);
  auto const seen = peer.ask(get("Origin: https://b.example\r\n"));
  BOOST_TEST(seen.field("Access-Control-Allow-Origin") == "https://b.example");
  BOOST_TEST(seen.field("Vary") == "Origin");
  for (auto const* const name : {"ETag", "Location", "Alloy-Position", "RateLimit", "Retry-After", "X-Request-Id"})
    BOOST_TEST(seen.field("Access-Control-Expose-Headers").find(name) != std::string::npos, name);
  for (auto const* const other : {"https://c.example", "https://a.example.evil", "http://a.example", "null"}) {
    auto const no = peer.ask(get("Origin: " + std::string(other) + "\r\n"));
    BOOST_TEST(!no.has("Access-Control-Allow-Origin"), other);
    BOOST_TEST(no.field("Vary") == "Origin");
  }
}

BOOST_AUTO_TEST_CASE(a_preflight_is_answered_here) {
  http::settings with;
  with.cors_allowed_origins = {"*"};
  tests::echo_server echo(with);
  tests::wire peer(echo.port);
  auto const seen = peer.ask(
      "OPTIONS /a HTTP/1.1\r\nHost: h\r\nOrigin: https://x.example\r\nAccess-Control-Request-Method: PATCH\r\n\r\n");
  BOOST_TEST(seen.status == 204U);
  BOOST_TEST(seen.field("Access-Control-Allow-Origin") == "*");
  BOOST_TEST(seen.field("Access-Control-Allow-Methods").find("PATCH") != std::string::npos);
  BOOST_TEST(seen.field("Access-Control-Allow-Headers").find("Idempotency-Key") != std::string::npos);
  BOOST_TEST(echo.served().empty());
  peer.ask("OPTIONS /a HTTP/1.1\r\nHost: h\r\n\r\n"); // no preflight without an origin
  BOOST_TEST(echo.served().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
