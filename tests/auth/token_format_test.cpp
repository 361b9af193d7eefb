#include "auth/token_format.hpp"

#include "core/base64.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

using namespace alloy::auth;

BOOST_AUTO_TEST_SUITE(token_format)

BOOST_AUTO_TEST_CASE(secrets_have_the_shape_they_promise) {
  for (int i = 0; i < 200; ++i) {
    auto const key = make_api_key();
    BOOST_REQUIRE(key.size() == 49U);
    BOOST_REQUIRE(key.starts_with("alloy_live_"));
    BOOST_REQUIRE(is_api_key(key));
    BOOST_REQUIRE(!is_refresh_token(key));
    auto const refresh = make_refresh_token();
    BOOST_REQUIRE(refresh.starts_with("alloy_rt_"));
    BOOST_REQUIRE(is_refresh_token(refresh));
    BOOST_REQUIRE(!is_api_key(refresh));
    auto const invite = make_invite_code();
    BOOST_REQUIRE(invite.size() == 28U);
    BOOST_REQUIRE(is_invite_code(invite));
    auto const secret = make_webhook_secret();
    BOOST_REQUIRE(webhook_secret_bytes(secret).value().size() == 32U);
  }
}

BOOST_AUTO_TEST_CASE(check_digits_are_crc_32_in_base62) {
  // crc32 of the first 43 characters is 0x2c5b498f, checked with zlib.
  BOOST_TEST(is_api_key("alloy_live_0123456789ABCDEFGHIJKLMNOPQRSTUV0oMVF1"));
}

BOOST_AUTO_TEST_CASE(any_changed_character_is_noticed) {
  for (auto const& [secret, good] :
       {std::pair(make_api_key(), &is_api_key), std::pair(make_refresh_token(), &is_refresh_token)}) {
    for (std::size_t i = 0; i < secret.size(); ++i) {
      for (char const c : {'0', 'x', '_', '\0', '\n', '\xc3'}) {
        auto wrong = secret;
        if (wrong[i] == c) continue;
        wrong[i] = c;
        BOOST_REQUIRE(!good(wrong));
      }
      BOOST_REQUIRE(!good(secret.substr(0, i)));
    }
    BOOST_TEST(!good(secret + "0"));
    BOOST_TEST(!good(" " + secret));
  }
  BOOST_TEST(!is_invite_code("inv_short"));
  BOOST_TEST(!is_invite_code("INV_" + make_invite_code().substr(4)));
}

BOOST_AUTO_TEST_CASE(webhook_secrets_may_be_brought_along_if_long_enough) {
  auto const of = [](std::size_t size) { return "whsec_" + alloy::encode_base64(std::string(size, 'k')); };
  BOOST_TEST(!webhook_secret_bytes(of(23)));
  BOOST_TEST(webhook_secret_bytes(of(24)).value() == std::string(24, 'k'));
  BOOST_TEST(webhook_secret_bytes(of(64)).has_value());
  BOOST_TEST(!webhook_secret_bytes(of(65)));
  BOOST_TEST(!webhook_secret_bytes(of(32).substr(6)));
  BOOST_TEST(!webhook_secret_bytes("whsec_not base64!"));
}

BOOST_AUTO_TEST_CASE(secrets_do_not_repeat_and_use_every_digit) {
  std::set<std::string> seen;
  std::set<char> digits;
  for (int i = 0; i < 2000; ++i) {
    auto const key = make_api_key();
    seen.insert(key);
    digits.insert(key.begin() + 11, key.begin() + 43);
  }
  BOOST_TEST(seen.size() == 2000U);
  BOOST_TEST(digits.size() == 62U);
}

BOOST_AUTO_TEST_CASE(what_is_stored_and_shown) {
  BOOST_TEST(key_prefix("alloy_live_0123456789") == "alloy_live_01234");
  BOOST_TEST(secret_digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(looks_like_api_key("alloy_live_x"));
  BOOST_TEST(!looks_like_api_key("eyJhbGciOiJFZERTQSJ9.e.s"));
}

BOOST_AUTO_TEST_SUITE_END()
