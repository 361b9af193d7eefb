#include "auth/password.hpp"

#include "auth/common_passwords.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

using namespace alloy;
using namespace alloy::auth;

namespace {

// So cheap that a test may hash often; the real cost is tested once.
constexpr password_cost cheap{64, 1, 1};

std::string fault_of(std::string_view password, std::string_view email = "ada@example.com") {
  auto const checked = check_new_password(password, email);
  return checked ? "" : checked.error().faults.at(0).code;
}

std::string repeated(std::string const& character, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += character;
  return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(password)

BOOST_AUTO_TEST_CASE(a_hash_fits_its_password_alone) {
  auto const hash = hash_password("one two three", cheap);
  BOOST_TEST(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
  BOOST_TEST(verify_password("one two three", hash));
  for (auto const* wrong : {"", "one two thre", "one two threee", "One two three"})
    BOOST_TEST(!verify_password(wrong, hash), wrong);
  BOOST_TEST(hash_password("one two three", cheap) != hash);
  BOOST_TEST(
      verify_password(std::string_view("nul\0inside", 10), hash_password(std::string_view("nul\0inside", 10), cheap)));
  BOOST_TEST(!verify_password("nul", hash_password(std::string_view("nul\0inside", 10), cheap)));
}

BOOST_AUTO_TEST_CASE(hashes_of_the_reference_tool_verify) {
  // echo -n password | argon2 somesalt -id -t 2 -k 256 -p 1 -e
  std::string const reference = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
  BOOST_TEST(verify_password("password", reference));
  BOOST_TEST(!verify_password("Password", reference));
}

BOOST_AUTO_TEST_CASE(the_default_cost_is_the_one_promised) {
  auto const hash = hash_password("one two three");
  BOOST_TEST(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
  BOOST_TEST(verify_password("one two three", hash));
  BOOST_TEST(!needs_rehash(hash));
}

BOOST_AUTO_TEST_CASE(another_cost_needs_a_rehash) {
  BOOST_TEST(needs_rehash(hash_password("p", cheap)));
  BOOST_TEST(!needs_rehash(hash_password("p", cheap), cheap));
  BOOST_TEST(needs_rehash("nonsense"));
  BOOST_TEST(needs_rehash("$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$AAAA"));
}

BOOST_AUTO_TEST_CASE(what_is_no_hash_verifies_nothing_and_takes_no_memory) {
  auto const good = hash_password("p", cheap);
  for (std::string const& bad :
       {std::string(), std::string("$"), std::string("plain"), good.substr(0, good.size() / 2), good + "x", "x" + good,
        std::string("$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAA"),
        std::string("$argon2id$v=19$m=256,t=4294967295,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAA"),
        std::string("$argon2id$v=19$m=99999999999,t=2,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAA"),
        std::string("$argon2d$v=19$m=256,t=2,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAA")})
    BOOST_TEST(!verify_password("p", bad), bad);
}

BOOST_AUTO_TEST_CASE(verifying_nothing_does_not_throw) {
  BOOST_CHECK_NO_THROW(verify_nothing("whatever"));
}

BOOST_AUTO_TEST_CASE(the_length_is_counted_in_characters) {
  BOOST_TEST(fault_of("kzwqpml") == "too_short");
  BOOST_TEST(fault_of("kzwqpmlv") == "");
  for (auto const& character :
       {std::string("\xc3\xa9"), std::string("\xe2\x82\xac"), std::string("\xf0\x9f\x99\x82")}) {
    BOOST_TEST(fault_of(repeated(character, 7)) == "too_short");
    BOOST_TEST(fault_of(repeated(character, 8)) == "");
    BOOST_TEST(fault_of(repeated(character, 128)) == "");
    BOOST_TEST(fault_of(repeated(character, 129)) == "too_long");
  }
  BOOST_TEST(fault_of("") == "too_short");
  for (auto const* bad :
       {"abcdefgh\xff", "abcdefgh\xc0\x80", "abcdefgh\xed\xa0\x80", "abcdefgh\xf4\x90\x80\x80", "abcdefgh\xe2\x82"})
    BOOST_TEST(fault_of(bad) == "invalid_encoding");
}

BOOST_AUTO_TEST_CASE(common_passwords_are_refused_in_any_case) {
  for (auto const* common :
       {"password",  "Password1", "PASSWORD123", "12345678",   "123456789", "qwertyuiop", "1q2w3e4r",
        "iloveyou",  "sunshine",  "P@ssw0rd",    "letmein123", "football",  "11111111",   "Admin123",
        "trustno1",  "1qaz2wsx",  "baseball1",   "welcome1",   "princess",  "superman",   "changeme",
        "qwerty123", "abc12345",  "summer2024",  "!@#$%^&*"})
    BOOST_TEST(fault_of(common) == "too_common", common);
  for (auto const* rare : {"devops-auto-pass1", "prelude-pass1", "correct horse battery", "kzwqpmlv", "tr0ub4dor&3"})
    BOOST_TEST(fault_of(rare) == "", rare);
}

BOOST_AUTO_TEST_CASE(a_blank_password_is_refused) {
  std::string tags; // U+E0020, eight times
  for (int n = 0; n < 8; ++n) tags += "\U000e0020";
  BOOST_TEST(fault_of(tags) == "blank");
  for (auto const* blank :
       {"\u2061\u2061\u2061\u2061\u2061\u2061\u2061\u2061", "\u115f\u1160\u115f\u1160\u115f\u1160\u115f\u1160",
        "\ufe0f\ufe0f\ufe0f\ufe0f\u034f\u034f\u034f\u034f", "\uffa0\uffa0\uffa0\uffa0\uffa0\uffa0\uffa0\uffa0",
        "        ", "\t\n\v\f\r   ", "\u202e\u202d\u2066\u2069\u202e\u202d\u2066\u2069",
        "\u3000\u2003\u00a0\u200b\u2028\ufeff\u1680\u205f\u0085"})
    BOOST_TEST(fault_of(blank) == "blank", blank);
  for (auto const* good : {"       x", "\u3000\u3000seven\u3000more", "x\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0"})
    BOOST_TEST(fault_of(good) == "", good);
}

BOOST_AUTO_TEST_CASE(a_password_with_nul_is_refused) {
  BOOST_TEST(fault_of(std::string_view("nul\0is inside", 13)) == "control_character");
  BOOST_TEST(fault_of(std::string_view("\0\0\0\0\0\0\0\0", 8)) == "control_character");
  BOOST_TEST(fault_of(std::string_view("long enough\0", 12)) == "control_character");
}

BOOST_AUTO_TEST_CASE(the_persons_own_address_is_no_password) {
  auto const of = [](std::string_view password) { return fault_of(password, "mary.smith@example.com"); };
  for (auto const* bad : {"mary.smith@example.com", "MARY.SMITH@Example.COM", "my mary.smith@example.com here",
                          "mary.smith", "Mary.Smith1", "123mary.smith45", "mary.smithMARY.SMITH"})
    BOOST_TEST(of(bad) == "contains_email", bad);
  for (auto const* good : {"mary.smith sails", "example.com!", "mary smith!", "smith.mary"})
    BOOST_TEST(of(good) == "", good);
  BOOST_TEST(fault_of("devops-auto-pass1", "devops-auto@alloy.dev") == "");
  BOOST_TEST(fault_of("banana boat song", "a@example.com") == "");
  BOOST_TEST(fault_of("mary.smith", "") == "");
}

BOOST_AUTO_TEST_CASE(the_fault_names_its_field) {
  auto const fault = check_new_password("short", "ada@example.com", "/new_password").error().faults.at(0);
  BOOST_TEST(fault.pointer == "/new_password");
  BOOST_TEST(fault.detail == "must have at least 8 characters");
}

BOOST_AUTO_TEST_CASE(the_list_is_as_long_as_promised) {
  BOOST_TEST(common_password_count() >= 3000U);
}

BOOST_AUTO_TEST_SUITE_END()
