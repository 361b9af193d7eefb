#include "cli/render.hpp"
#include "cli/width.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::cli {
namespace {

// Joined from pieces, as a C++ compiler takes hex digits for a part of the escape before them.
std::string of(std::initializer_list<std::string_view> pieces) {
  std::string all;
  for (auto const one : pieces) all += one;
  return all;
}

constexpr std::string_view ellipsis = "\xe2\x80\xa6", joiner = "\xe2\x80\x8d", emoji_style = "\xef\xb8\x8f",
                           acute = "\xcc\x81", ni = "\xe6\x97\xa5", hon = "\xe6\x9c\xac", go = "\xe8\xaa\x9e",
                           man = "\xf0\x9f\x91\xa8", woman = "\xf0\x9f\x91\xa9", girl = "\xf0\x9f\x91\xa7",
                           flag_g = "\xf0\x9f\x87\xac", flag_b = "\xf0\x9f\x87\xa7", heart = "\xe2\x9d\xa4",
                           brown = "\xf0\x9f\x8f\xbe", hand = "\xe2\x98\x9d";

} // namespace

BOOST_AUTO_TEST_SUITE(width)

BOOST_AUTO_TEST_CASE(a_text_takes_as_many_columns_as_a_terminal_gives_it) {
  BOOST_TEST(columns_of("") == 0U);
  BOOST_TEST(columns_of("plain ASCII") == 11U);
  BOOST_TEST(columns_of("\xc3\xa9t\xc3\xa9") == 3U);
  BOOST_TEST(columns_of(of({ni, hon, go})) == 6U);
  BOOST_TEST(columns_of("\xef\xbc\xa1") == 2U);                         // full-width A
  BOOST_TEST(columns_of("\xef\xbd\xb1") == 1U);                         // half-width katakana A
  BOOST_TEST(columns_of("\xed\x95\x9c") == 2U);                         // a Hangul syllable,
  BOOST_TEST(columns_of("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab") == 2U); // and the same of three letters
  BOOST_TEST(columns_of(of({"e", acute, "a", acute, acute})) == 2U);
  BOOST_TEST(columns_of("\xe2\x80\x8b\xef\xbb\xbf\xe2\x81\xa0") == 0U); // without width
  BOOST_TEST(columns_of("\xe0\xb8\x97\xe0\xb8\xb3") == 2U);             // Thai: a vowel with a column of its own,
  BOOST_TEST(columns_of("\xe0\xb8\x97\xe0\xb8\xb1") == 1U);             // and one above its consonant
}

BOOST_AUTO_TEST_CASE(an_emoji_takes_two_columns_of_however_many_characters_it_is) {
  BOOST_TEST(columns_of(man) == 2U);
  BOOST_TEST(columns_of(of({man, joiner, woman, joiner, girl})) == 2U);
  BOOST_TEST(columns_of(of({flag_g, flag_b})) == 2U);
  BOOST_TEST(columns_of(of({flag_g, flag_b, flag_b, flag_g})) == 4U);
  BOOST_TEST(columns_of(heart) == 1U); // as text
  BOOST_TEST(columns_of(of({heart, emoji_style})) == 2U);
  BOOST_TEST(columns_of(of({heart, emoji_style, joiner, "\xf0\x9f\x94\xa5"})) == 2U);
  BOOST_TEST(columns_of(of({hand, brown})) == 2U);
  BOOST_TEST(columns_of(of({"1", emoji_style, "\xe2\x83\xa3"})) == 2U); // a key
  BOOST_TEST(columns_of(of({man, man})) == 4U);
  BOOST_TEST(columns_of(of({"a", emoji_style})) == 1U); // means nothing there
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_text_take_a_column_each) {
  BOOST_TEST(columns_of("\xff\xfe") == 2U);
  BOOST_TEST(columns_of("a\xe6\x97") == 3U);
}

BOOST_AUTO_TEST_CASE(a_text_is_cut_between_what_is_drawn_as_one) {
  BOOST_TEST(cut_to("short", 5) == "short");
  BOOST_TEST(cut_to("longer", 5) == of({"long", ellipsis}));
  BOOST_TEST(cut_to(of({ni, hon, go}), 6) == of({ni, hon, go}));
  BOOST_TEST(cut_to(of({ni, hon, go}), 5) == of({ni, hon, ellipsis}));
  BOOST_TEST(cut_to(of({ni, hon, go}), 4) == of({ni, ellipsis})); // a half one is none
  BOOST_TEST(cut_to(of({"e", acute, "e", acute, "e", acute}), 2) == of({"e", acute, ellipsis}));
  BOOST_TEST(cut_to(of({"a", man, joiner, woman, "bc"}), 4) == of({"a", man, joiner, woman, ellipsis}));
  BOOST_TEST(cut_to(of({"a", man, joiner, woman, "bc"}), 3) == of({"a", ellipsis}));
  BOOST_TEST(cut_to(of({flag_g, flag_b, flag_g, flag_b}), 3) == of({flag_g, flag_b, ellipsis}));
  BOOST_TEST(cut_to(ni, 1) == ellipsis);
  BOOST_TEST(cut_to("long", 0) == "");
}

BOOST_AUTO_TEST_CASE(columns_of_every_script_stand_below_each_other) {
  auto const answer = boost::json::parse(
      of({R"({"items":[{"title":")", ni, hon, go, R"(","n":1},{"title":"e)", acute, R"(","n":2},{"title":")", flag_g,
          flag_b, R"(","n":3},{"title":")", man, joiner, woman, R"( x","n":4}]})"}));
  BOOST_TEST(as_table(answer, {"title", "n"}, terminal(true)) ==
             of({"TITLE   N\n", ni, hon, go, "  1\n", "e", acute, "       2\n", flag_g, flag_b, "      3\n", man,
                 joiner, woman, " x    4\n"}));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::cli
