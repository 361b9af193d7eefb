#include "projections/words.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::projections {

BOOST_AUTO_TEST_SUITE(words_of_text)

BOOST_AUTO_TEST_CASE(words_are_letters_and_digits_in_lower_case) {
  BOOST_TEST(fold_words("Deploy the API-gateway, twice!") == "deploy the api gateway twice");
  BOOST_TEST(fold_words("V42 and 1.2.3") == "v42 and 1 2 3");
  BOOST_TEST(fold_words("  snake_case/path\\to\tfile\n") == "snake case path to file");
  BOOST_TEST(fold_words("") == "");
  BOOST_TEST(fold_words(" -- !? ") == "");
}

BOOST_AUTO_TEST_CASE(accents_and_case_make_no_difference) {
  BOOST_TEST(fold_words("Łódź Ångström naïve") == "łodz angstrom naive"); // a stroke is no accent to Unicode
  BOOST_TEST(fold_words("e\u0301t\u00e9") == "ete");                      // composed or not
  BOOST_TEST(fold_words("STRASSE Straße") == "strasse strasse");
  BOOST_TEST(fold_words("ΣΊΣΥΦΟΣ Σίσυφος") == "σισυφοσ σισυφοσ");
  BOOST_TEST(fold_words("ЁЛКА ёлка") == "елка елка");
  BOOST_TEST(fold_words("İstanbul") == "istanbul");
}

BOOST_AUTO_TEST_CASE(compatible_forms_are_one) {
  BOOST_TEST(fold_words("ｆｕｌｌ ｗｉｄｔｈ") == "full width");
  BOOST_TEST(fold_words("ﬁle №5 ①") == "file no5 1");
  BOOST_TEST(fold_words("soft\u00adhyphen zero\u200dwidth") == "softhyphen zerowidth");
}

BOOST_AUTO_TEST_CASE(an_ideograph_is_a_word) {
  BOOST_TEST(fold_words("東京都v2へ") == "東 京 都 v2 へ");
  BOOST_TEST(fold_words("カ\u3099ス ガス ｶﾞｽ") == "ガ ス ガ ス ガ ス");
  BOOST_TEST(fold_words("\u1112\u1161\u11ab글") == "한 글"); // syllables, however they are written
}

BOOST_AUTO_TEST_CASE(vowel_signs_belong_to_their_word) {
  BOOST_TEST(fold_words("हिन्दी, ไทย") == "हिन्दी ไทย");
  BOOST_TEST(fold_words("مُحَمَّد") == "محمد"); // those of Arabic are left out in most texts
}

BOOST_AUTO_TEST_CASE(symbols_and_marks_alone_are_no_words) {
  BOOST_TEST(fold_words("🚀 ship it ✅") == "ship it");
  BOOST_TEST(fold_words("\u0301 \u0915") == "\u0915");
}

BOOST_AUTO_TEST_CASE(long_words_are_cut_at_a_code_point) {
  std::string const exact(word_bytes_max, 'x');
  BOOST_TEST(fold_words(exact) == exact);
  BOOST_TEST(fold_words(exact + "y z") == exact + " z");
  std::string greek;
  for (std::size_t i = 0; i < word_bytes_max; ++i) greek += "λ";
  BOOST_TEST(fold_words("x" + greek) == "x" + greek.substr(0, word_bytes_max - 2));
}

BOOST_AUTO_TEST_CASE(what_is_no_utf8_ends_a_word) {
  BOOST_TEST(fold_words("one\xfftwo") == "one two");
  BOOST_TEST(fold_words("é\xc3") == "e");
  BOOST_TEST(fold_words("\xed\xa0\x80 x") == "x"); // a surrogate
}

BOOST_AUTO_TEST_CASE(folding_twice_changes_nothing) {
  for (char const* text : {"Straße ﬁle ①", "東京 カ\u3099ス 한글", "हिन्दी İ ΣΊΣΥΦΟΣ", "plain ascii 1.2.3"})
    BOOST_TEST(fold_words(fold_words(text)) == fold_words(text), text);
}

BOOST_AUTO_TEST_CASE(words_are_visited_in_order) {
  std::string all;
  for_each_word("one two three", [&](std::string_view word) { all.append("<").append(word).append(">"); });
  BOOST_TEST(all == "<one><two><three>");
  for_each_word("", [](std::string_view) { BOOST_ERROR("there is none"); });
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::projections
