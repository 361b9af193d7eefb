#include "search/text_query.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::projections {
namespace {

// "word follows*" for a term; its reference in front of a colon.
std::string parsed(std::string_view q) {
  auto const query = parse_query(q);
  if (!query) {
    auto const faults = query.error().faults;
    BOOST_TEST_REQUIRE(faults.size() == 1U);
    auto const& f = faults.front();
    BOOST_TEST(f.pointer == "/q");
    return f.code + ": " + f.detail;
  }
  std::string all;
  for (auto const& t : query->terms) {
    all += all.empty() ? "" : " + ";
    if (!t.reference.empty()) all += t.reference + ":";
    for (auto const& w : t.words) all += (&w == &t.words.front() ? "" : " ") + w;
    if (t.is_prefix) all += '*';
  }
  return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(text_queries)

BOOST_AUTO_TEST_CASE(a_bare_word_may_go_on) {
  BOOST_TEST(parsed("Depl") == "depl*");
  BOOST_TEST(parsed("depl*") == "depl*");
  BOOST_TEST(parsed(" blue\tgreen ") == "blue* + green*");
}

BOOST_AUTO_TEST_CASE(a_phrase_is_whole_words_in_order) {
  BOOST_TEST(parsed("\"Blue Green\"") == "blue green");
  BOOST_TEST(parsed("\"exact\"") == "exact");
  BOOST_TEST(parsed("x\"a b\"y\"c\"") == "x* + a b + y* + c");
  BOOST_TEST(parsed("\"KEY-17\"") == "key 17"); // what is quoted is text
}

BOOST_AUTO_TEST_CASE(what_holds_more_than_letters_is_a_phrase_that_may_go_on) {
  BOOST_TEST(parsed("1.2.3") == "1 2 3*");
  BOOST_TEST(parsed("foo-bar") == "foo bar*");
  BOOST_TEST(parsed("東京") == "東 京*");
  BOOST_TEST(parsed("東京\u3000大阪\u00a0x") == "東 京* + 大 阪* + x*"); // spaces of other scripts
}

BOOST_AUTO_TEST_CASE(a_reference_is_known_by_its_form) {
  BOOST_TEST(parsed("PIER-17") == "PIER-17:pier 17");
  BOOST_TEST(parsed("pier-17 tide") == "PIER-17:pier 17 + tide*");
  BOOST_TEST(parsed("PIER-17*") == "pier 17*");
  BOOST_TEST(parsed("P-17") == "p 17*"); // a key has two letters at least,
  BOOST_TEST(parsed("2P-17") == "2p 17*");
  BOOST_TEST(parsed("ABCDEFGHIJK-1") == "abcdefghijk 1*"); // and ten at most
  BOOST_TEST(parsed("PIER-") == "pier*");
  BOOST_TEST(parsed("PIER-1.2") == "pier 1 2*");
  BOOST_TEST(parsed("PIER-1234567890123456789") == "pier 1234567890123456789*");
}

BOOST_AUTO_TEST_CASE(pieces_without_words_are_passed_over) {
  BOOST_TEST(parsed("blue - \"!\" green") == "blue* + green*");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_searched_is_refused_with_words) {
  std::string const none = "no_words: it must hold a word: a letter, a digit or an emoji";
  BOOST_TEST(parsed("") == none);
  BOOST_TEST(parsed("  ") == none);
  BOOST_TEST(parsed("?! \"--\"") == none);
  std::string const unbalanced = "unbalanced_quotes: a phrase begins with a quotation mark and must end with one";
  BOOST_TEST(parsed("\"blue green") == unbalanced);
  BOOST_TEST(parsed("blue \"green\" \"") == unbalanced);
}

BOOST_AUTO_TEST_CASE(words_and_characters_are_bounded) {
  std::string words;
  for (int n = 1; n <= 20; ++n) words += "w" + std::to_string(n) + (n % 2 ? " " : "-");
  BOOST_TEST(parse_query(words).has_value());
  BOOST_TEST(parsed(words + "more") == "too_many_words: it must have at most 20 words, it has 21");
  std::string characters = "ä";
  for (int n = 1; n < 500; ++n) characters += "ä";
  BOOST_TEST(parse_query(characters).has_value());
  BOOST_TEST(parsed(characters + "ä") == "too_long: it must have at most 500 characters, it has 501");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::projections
