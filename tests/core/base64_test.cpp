#include "core/base64.hpp"

#include <boost/test/unit_test.hpp>
#include <random>

using namespace alloy;

BOOST_AUTO_TEST_SUITE(base64)

struct pair {
  std::string bytes, text;
};

BOOST_AUTO_TEST_CASE(the_vectors_of_rfc_4648) {
  pair const vectors[] = {{"", ""},
                          {"f", "Zg=="},
                          {"fo", "Zm8="},
                          {"foo", "Zm9v"},
                          {"foob", "Zm9vYg=="},
                          {"fooba", "Zm9vYmE="},
                          {"foobar", "Zm9vYmFy"}};
  for (auto const& [bytes, text] : vectors) {
    BOOST_TEST(encode_base64(bytes) == text);
    BOOST_TEST(decode_base64(text).value() == bytes);
    auto unpadded = text.substr(0, text.find('='));
    BOOST_TEST(encode_base64url(bytes) == unpadded);
    BOOST_TEST(decode_base64url(unpadded).value() == bytes);
  }
  BOOST_TEST(encode_hex("foobar") == "666f6f626172");
  BOOST_TEST(decode_hex("666F6f626172").value() == "foobar");
}

BOOST_AUTO_TEST_CASE(the_two_alphabets_differ_in_two_digits) {
  std::string const bytes("\xfb\xff\xbf", 3);
  BOOST_TEST(encode_base64(bytes) == "+/+/");
  BOOST_TEST(encode_base64url(bytes) == "-_-_");
  BOOST_TEST(!decode_base64("-_-_"));
  BOOST_TEST(!decode_base64url("+/+/"));
}

BOOST_AUTO_TEST_CASE(every_other_spelling_is_refused) {
  // Canonical: Zg== and Zg. A different last digit would decode to the same byte.
  for (auto const* text : {"Zh==", "Zg=", "Zg", "Z", "Zg== ", " Zg==", "Zg\n==", "Zm9=", "====", "=", "Zg=a",
                           "Zm9v=", "Zm9v====", "Z===", "Zm 9v"})
    BOOST_TEST(!decode_base64(text), text);
  for (auto const* text : {"Zh", "Zg==", "Zm8=", "Z", "Zm9", "Zg ", "Zg\n", "Zm9vY", "Zm9v.", "Zm9v\t"})
    BOOST_TEST(!decode_base64url(text), text);
  for (auto const* text : {"0", "0g", "0x", " 00", "00 "}) BOOST_TEST(!decode_hex(text), text);
  BOOST_TEST(!decode_base64url(std::string_view("Zm9\0", 4)));
}

BOOST_AUTO_TEST_CASE(any_bytes_come_back_and_no_two_texts_mean_the_same) {
  std::mt19937 rng(7);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(rng() % 70, '\0');
    for (auto& c : bytes) c = static_cast<char>(rng());
    BOOST_REQUIRE(decode_base64(encode_base64(bytes)) == bytes);
    BOOST_REQUIRE(decode_base64url(encode_base64url(bytes)) == bytes);
    BOOST_REQUIRE(decode_hex(encode_hex(bytes)) == bytes);
    auto text = encode_base64url(bytes);
    if (text.empty()) continue;
    text[rng() % text.size()] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ "[rng() % 68];
    if (auto const decoded = decode_base64url(text)) BOOST_REQUIRE(encode_base64url(*decoded) == text);
  }
}

BOOST_AUTO_TEST_CASE(base62_digits_are_written_at_a_fixed_width) {
  BOOST_TEST(encode_base62(0, 6) == "000000");
  BOOST_TEST(encode_base62(61, 2) == "0z");
  BOOST_TEST(encode_base62(62, 2) == "10");
  BOOST_TEST(encode_base62(0xffffffffU, 6) == "4gfFC3");
  BOOST_TEST(is_base62("09AZaz"));
  for (auto const* text : {"-", "a b", "\xc3\xa9", "_", "a\n", "@", "[", "`", "{", "/", ":"})
    BOOST_TEST(!is_base62(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
