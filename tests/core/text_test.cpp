#include "core/json.hpp"
#include "core/text.hpp"

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

namespace alloy {
namespace {

std::string code_of(std::optional<text_fault> const& f) {
  return f ? f->code : "ok";
}

template <class Rule> void takes(std::initializer_list<std::string_view> all) {
  for (auto const t : all) BOOST_TEST(Rule::ok(t), "refused: " << t);
}
template <class Rule> void refuses(std::initializer_list<std::string_view> all) {
  for (auto const t : all) BOOST_TEST(!Rule::ok(t), "taken: " << t);
}

std::string points_fault(std::string const& json) {
  auto const read = json::read<points>(json);
  return read ? "ok" : read.error().faults.empty() ? "invalid_json" : read.error().faults.front().code;
}

} // namespace

BOOST_AUTO_TEST_SUITE(text_rules)

BOOST_AUTO_TEST_CASE(length_is_counted_in_code_points) {
  BOOST_TEST(code_points("") == 0U);
  BOOST_TEST(code_points("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80") == 4U);
  using name = text<2, 3>;
  BOOST_TEST(code_of(name::check("\xf0\x9f\x98\x80")) == "too_short");
  BOOST_TEST(code_of(name::check("\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80")) == "ok");
  BOOST_TEST(code_of(name::check("abcd")) == "too_long");
  BOOST_TEST(name::check("abcd")->detail == "it must have 2 to 3 characters, it has 4");
}

BOOST_AUTO_TEST_CASE(a_line_has_no_control_characters_and_prose_has_breaks_and_tabs) {
  using line = text<1, 20>;
  using lines = prose<1, 20>;
  for (std::string const bad : {"a\nb", "a\tb", "a\rb", "a\x7f", "a\x1b[0m"})
    BOOST_TEST(code_of(line::check(bad)) == "control_character", bad);
  BOOST_TEST(code_of(line::check(std::string("a\0b", 3))) == "control_character");
  BOOST_TEST(code_of(lines::check("a\n\r\tb")) == "ok");
  BOOST_TEST(code_of(lines::check("a\x07")) == "control_character");
  BOOST_TEST(code_of(lines::check(std::string("a\0b", 3))) == "control_character");
}

BOOST_AUTO_TEST_CASE(text_that_must_be_there_is_not_blank) {
  BOOST_TEST(code_of(text<1, 20>::check("   ")) == "blank");
  BOOST_TEST(code_of(prose<1, 20>::check(" \n\t ")) == "blank");
  BOOST_TEST(code_of(text<1, 20>::check(" a ")) == "ok");
  BOOST_TEST(code_of(text<0, 20>::check("   ")) == "ok");
  BOOST_TEST(code_of(text<0, 20>::check("")) == "ok");
}

BOOST_AUTO_TEST_CASE(a_line_is_one_line_to_every_reader) {
  using line = text<1, 20>;
  for (std::string const bad : {"a\u2028b", "a\u2029b"}) BOOST_TEST(code_of(line::check(bad)) == "line_break", bad);
  for (std::string const bad : {"a\u0085b", "a\u009bb"})
    BOOST_TEST(code_of(line::check(bad)) == "control_character", bad);
  for (std::string const good : {"a\u2028b", "a\u0085b", "a\u2029b"})
    BOOST_TEST(code_of(prose<1, 20>::check(good)) == "ok");
}

BOOST_AUTO_TEST_CASE(text_of_nothing_that_is_seen_is_blank) {
  for (std::string const bad : {"\u3164", "\u200b", "\ufeff", "\u00a0", "\u2800", "\u115f\u1160", "\uffa0", "\u00ad",
                                "\u202e\u202c", "\u200d", "\u2060 \u3000", "\ufe0f", "\U000e0020"}) {
    BOOST_TEST(code_of(text<1, 20>::check(bad)) == "blank", bad);
    BOOST_TEST(code_of(prose<1, 20>::check(bad)) == "blank", bad);
  }
  for (std::string const good :
       {"\u3164x", "\u0645\u06cc\u200c\u062e", "\U0001f468\u200d\U0001f4bb", "\u202eabc", "\u0301", "."})
    BOOST_TEST(code_of(text<1, 20>::check(good)) == "ok", good);
}

BOOST_AUTO_TEST_CASE(emails) {
  takes<email_rule>({"a@b", "ada@example.com", "Ada.L+tag@Sub.Example.com", "o'hara@x.io", "\xc3\xbc@\xc3\xbc.de"});
  refuses<email_rule>({"",         "a",        "@b.c",        "a@",        "a@@b.c",      "a@b@c.d", ".a@b.c",
                       "a.@b.c",   "a..b@c.d", "a@.b",        "a@b.",      "a@b..c",      "a@-b.c",  "a b@c.d",
                       "a@b c",    "<a@b.c>",  "a@b.c,d@e.f", "\"a\"@b.c", "a@[1.2.3.4]", "a:b@c.d", "a\n@b.c",
                       "a\x7f@b.c"});
  std::string const local(64, 'l'), domain = "@" + std::string(189, 'd');
  BOOST_TEST(email_rule::ok(local + domain));
  BOOST_TEST(!email_rule::ok(local + domain + "d")); // 255
  BOOST_TEST(!email_rule::ok("l" + local + "@d"));
  BOOST_TEST(email::normal("Ada@EXAMPLE.com") == "ada@example.com");
}

BOOST_AUTO_TEST_CASE(slugs_keys_colors_and_currencies) {
  takes<slug_rule>({"ab", "a-b", "0-9", "acme-2-inc"});
  refuses<slug_rule>({"", "a", "-a", "a-", "a--b", "A-b", "a_b", "a b", "\xc3\xa9\xc3\xa9"});
  BOOST_TEST(slug_rule::ok(std::string(63, 'a')));
  BOOST_TEST(!slug_rule::ok(std::string(64, 'a')));

  takes<project_key_rule>({"AB", "A1", "ALLOY", "ABCDEFGHIJ"});
  refuses<project_key_rule>({"", "A", "1A", "ab", "A-B", "A B", "ABCDEFGHIJK", "\xc3\x84\xc3\x84"});

  takes<color_rule>({"#000000", "#a1B2c3", "#FFFFFF"});
  refuses<color_rule>({"", "#fff", "000000#", "#00000g", "#0000000", "red", "0000000"});

  takes<currency_rule>({"USD", "EUR", "AED", "ZWG", "JPY"});
  refuses<currency_rule>({"", "usd", "US", "USDX", "XXX", "ZZZ", "SD ", "D E", "DEM"});

  takes<time_zone_rule>({"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"});
  refuses<time_zone_rule>({"", "Mars/Olympus", "europe/berlin", "../../etc/passwd", "+01:00"});
  BOOST_TEST(!time_zone_rule::ok(std::string(65, 'A')));
}

BOOST_AUTO_TEST_CASE(a_formed_text_is_refused_with_the_words_of_its_rule) {
  auto const f = color::check("red");
  BOOST_TEST_REQUIRE(f.has_value());
  BOOST_TEST(f->code == "malformed");
  BOOST_TEST(f->detail == "it must be a color, as #6366f1");
}

BOOST_AUTO_TEST_CASE(points_have_at_most_two_decimals) {
  for (std::string const good : {"0", "0.5", "0.29", "1.15", "10000", "9999.99", "1e3", "0.07", "4.35"})
    BOOST_TEST(points_fault(good) == "ok", good);
  for (std::string const bad : {"0.001", "1.005", "2.999", "0.12345"})
    BOOST_TEST(points_fault(bad) == "too_precise", bad);
  for (std::string const bad : {"-1", "-0.01", "10000.01", "1e300", "-1e300", "18446744073709551615"})
    BOOST_TEST(points_fault(bad) == "out_of_range", bad);
  for (std::string const bad : {"\"1\"", "true", "null", "[]"}) BOOST_TEST(points_fault(bad) == "wrong_type", bad);
}

BOOST_AUTO_TEST_CASE(every_estimate_is_exact) {
  std::string before;
  for (std::int64_t n = 0; n <= points::max_hundredths; ++n) {
    points const p{n};
    auto const text = json::to_string(p);
    auto const again = json::read<points>(text);
    if (!again || again->hundredths != n || text == before) BOOST_FAIL("lost: " << text);
    before = text;
  }
  BOOST_TEST(json::to_string(points{250}) == "2.5");
  BOOST_TEST(json::to_string(points{205}) == "2.05");
  BOOST_TEST(json::to_string(points{200}) == "2");
  BOOST_TEST(json::to_string(points{7}) == "0.07");
}

RC_BOOST_PROP(a_text_that_passed_has_the_length_it_may_have, (std::string const& t)) {
  auto const passed = !text<1, 8>::check(t);
  if (passed) RC_ASSERT(code_points(t) >= 1 && code_points(t) <= 8);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy
