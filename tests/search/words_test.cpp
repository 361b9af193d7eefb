#include "search/words.hpp"

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
  BOOST_TEST(fold_words("Łódź Ångström naïve") == "lodz angstrom naive");
  BOOST_TEST(fold_words("e\u0301t\u00e9") == "ete"); // composed or not
  BOOST_TEST(fold_words("STRASSE Straße") == "strasse strasse");
  BOOST_TEST(fold_words("ΣΊΣΥΦΟΣ Σίσυφος") == "σισυφοσ σισυφοσ");
  BOOST_TEST(fold_words("ЁЛКА ёлка") == "елка елка");
  BOOST_TEST(fold_words("İstanbul") == "istanbul");
}

BOOST_AUTO_TEST_CASE(strokes_and_ligatures_make_no_difference) {
  struct {
    char const *one, *other, *folded;
  } const same[] = {
      {"Łódź", "LODZ", "lodz"},
      {"ŁÓDŹ", "łódź", "lodz"},
      {"Ørsted", "orsted", "orsted"},
      {"Đorđe", "DORDE", "dorde"},
      {"Ħamrun", "hamrun", "hamrun"},
      {"Æther", "aether", "aether"},
      {"Ǽ", "ǣ", "ae"},
      {"cœur", "CŒUR", "coeur"},
      {"ISPARTA ılık", "isparta ILIK", "isparta ilik"},
      {"Straße", "STRASSE", "strasse"},
      {"STRAẞE", "strasse", "strasse"},
      {"Þór", "thor", "thor"},
      {"Guðrún", "GUDRUN", "gudrun"},
      {"Ŋŧ", "nt", "nt"},
      {"Ǿ", "ø", "o"},
      {"ĳs", "IJS", "ijs"},
      {"ｌ\u0338", "l", "l"},
      {"ɓƙɗ", "bkd", "bkd"},
  };
  for (auto const& [one, other, folded] : same) {
    BOOST_TEST(fold_words(one) == folded, one);
    BOOST_TEST(fold_words(other) == folded, other);
    BOOST_TEST(fold_asked(one) == folded, one);
  }
}

BOOST_AUTO_TEST_CASE(a_letter_of_a_script_without_spaces_is_a_word_with_its_signs) {
  BOOST_TEST(fold_words("ภาษาไทยง่าย") == "ภ า ษ า ไ ท ย ง า ย");
  BOOST_TEST(fold_words("จุด จด") == "จุ ด จ ด"); // a vowel below is no accent
  BOOST_TEST(fold_words("ພາສາລາວ") == "ພ າ ສ າ ລ າ ວ");
  BOOST_TEST(fold_words("ភាសាខ្មែរ") == "ភា សា ខ្ មែ រ");
  BOOST_TEST(fold_words("မြန်မာ") == "မြ န် မာ");
  BOOST_TEST(fold_words("รุ่น๒๓v4ใหม่") == "รุ น ๒๓v4 ใ ห ม"); // digits go together
  BOOST_TEST(fold_words("สวัสดี\u200bครับ") == "ส วั ส ดี ค รั บ");
}

BOOST_AUTO_TEST_CASE(signs_make_another_form_of_a_word) {
  BOOST_TEST(fold_words("C++ and C# or F#.") == "c\nc++ and c\nc# or f\nf#");
  BOOST_TEST(fold_words(".NET, ASP.NET; (.net)") == "net\n.net asp net\n.net net\n.net");
  BOOST_TEST(fold_words("C++17 C#7") == "c\nc++ 17 c\nc# 7");
  BOOST_TEST(fold_words("Ｃ＋＋ C♯") == "c\nc++ c\nc#");
  BOOST_TEST(fold_words("é++ é.ñ") == "e\ne++ e n\n.n");
  BOOST_TEST(fold_words("1.2.3 .5 v1... x..y # ## + ++ . a - b") == "1 2 3 5 v1 x y a b"); // no word, or no letter
  BOOST_TEST(fold_words("end. Next") == "end next");
  BOOST_TEST(fold_words("x+++++ rest") == "x rest");
  std::string const longest(word_bytes_max, 'x');
  BOOST_TEST(fold_words(longest + "++ ." + longest) == longest + " " + longest);
}

BOOST_AUTO_TEST_CASE(what_is_asked_for_is_the_form_that_is_meant) {
  BOOST_TEST(fold_asked("C++ C# F# g++") == "c++ c# f# g++");
  BOOST_TEST(fold_asked(".NET x (.net") == ".net x .net");
  BOOST_TEST(fold_asked("ASP.NET Node.js 1.2.3 report.csv") == "asp net node js 1 2 3 report csv");
  BOOST_TEST(fold_asked("c++17 C#7 C#/F#") == "c++ 17 c# 7 c# f#");
  BOOST_TEST(fold_asked("a+b PR#12 C+") == "a b pr 12 c+");
  BOOST_TEST(fold_asked("Ｃ＋＋ é.ñ .ñ") == "c++ e n .n");
  for (char const* text : {"C++ .NET C#7 a+b", "👩🏽\u200d💻 1️⃣ ไทย"})
    BOOST_TEST(fold_asked(fold_asked(text)) == fold_asked(text), text);
}

BOOST_AUTO_TEST_CASE(an_emoji_is_a_word) {
  BOOST_TEST(fold_words("🚀ship it✅🚀") == "🚀 ship it ✅ 🚀");
  BOOST_TEST(fold_words("👍 👍🏽 👍🏿🏿") == "👍 👍 👍"); // its tone is left out,
  BOOST_TEST(fold_words("🏽") == "🏽");                        // but where it stands alone
  BOOST_TEST(fold_words("❤ ❤\ufe0f ‼\ufe0f") == "❤ ❤ ❗");
  BOOST_TEST(fold_words("👩🏽\u200d💻👩\u200d💻") == "👩\u200d💻 👩\u200d💻");
  BOOST_TEST(fold_words("👨\u200d👩\u200d👧\u200d👦x") == "👨\u200d👩\u200d👧\u200d👦 x");
  BOOST_TEST(fold_words("🏃🏾\u200d♀\ufe0f ❤\ufe0f\u200d🔥") == "🏃\u200d♀ ❤\u200d🔥");
  BOOST_TEST(fold_words("👩\u200d x") == "👩 x"); // joined to nothing
  BOOST_TEST(fold_words("🇩🇪🇫🇷 🇩") == "🇩🇪 🇫🇷 🇩");
  std::string const scotland = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f";
  BOOST_TEST(fold_words(scotland + scotland) == scotland + " " + scotland);
  BOOST_TEST(fold_words("1\ufe0f\u20e3 #\ufe0f\u20e3*\u20e3 🔟") == "1\u20e3 #\u20e3 *\u20e3 🔟");
  BOOST_TEST(fold_words("a\u200db \U000e0067x") == "ab x"); // what holds no emoji together is left out
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
  BOOST_TEST(fold_words("हिन्दी, ไทย") == "हिन्दी ไ ท ย");
  BOOST_TEST(fold_words("مُحَمَّد") == "محمد"); // those of Arabic are left out in most texts
}

BOOST_AUTO_TEST_CASE(symbols_and_marks_alone_are_no_words) {
  BOOST_TEST(fold_words("→ ship it ∑ $5 ±") == "ship it 5");
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
  for_each_word("one two three", [&](std::string_view word, std::uint32_t place) {
    all.append("<").append(word).append(std::to_string(place)).append(">");
  });
  BOOST_TEST(all == "<one0><two1><three2>");
  for_each_word("", [](std::string_view, std::uint32_t) { BOOST_ERROR("there is none"); });
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::projections
