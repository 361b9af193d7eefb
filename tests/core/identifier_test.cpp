#include "core/identifier.hpp"

#include "core/characters.hpp"
#include "core/json.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <random>
#include <utf8proc.h>

namespace alloy {
namespace {

using name = identifier<1, 20>;

std::string code_of(std::optional<text_fault> const& f) {
  return f ? f->code : "ok";
}

} // namespace

BOOST_AUTO_TEST_SUITE(identifiers)

BOOST_AUTO_TEST_CASE(a_name_is_kept_without_spaces_at_its_ends_and_composed) {
  BOOST_TEST(name::normal("  Done ") == "Done");
  BOOST_TEST(name::normal("\u00a0\u3000Done\u2003") == "Done");
  BOOST_TEST(name::normal("Cafe\u0301") == "Caf\u00e9");
  BOOST_TEST(name::normal("In  Progress") == "In  Progress");
  BOOST_TEST(name::normal("\u1100\u1161") == "\uac00"); // Hangul
  BOOST_TEST(name::normal("") == "");
}

BOOST_AUTO_TEST_CASE(names_that_nobody_can_tell_apart_are_the_same) {
  for (auto const& [one, other] : std::initializer_list<std::pair<std::string, std::string>>{
           {"Done", "Done "},
           {"Done", "done"},
           {"Done", "DONE"},
           {"Caf\u00e9", "Cafe\u0301"},
           {"In Progress", "In\u00a0Progress"},
           {"In Progress", "In  Progress"},
           {"In Progress", "In\u3000Progress"},
           {"Done", "Do\u200bne"},
           {"Done", "\ufeffDone"},
           {"Done", "Do\u00adne"},
           {"Done", "Done\u200e"},
           {"Done", "\u202eDone"},
           {"Done", "Do\u2060ne"},
           {"Done", "Do\u200dne"},
           {"Done", "Done\u3164"},
           {"Done", "\uff24\uff4f\uff4e\uff45"},
           {"stra\u00dfe", "STRASSE"},
           {"\u03a3\u0399\u0393\u039c\u0391\u03a3", "\u03c3\u03b9\u03b3\u03bc\u03b1\u03c2"},
           {"\u2764\ufe0f", "\u2764"},
           {"\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u062e\u0648\u0627\u0647\u0645"},
           {"a\nb", "a b"},
           {"a\u2028b", "a b"}}) {
    BOOST_TEST(same_name(one, other), quoted_name(one) << " is not " << quoted_name(other));
    BOOST_TEST(fold_name(one) == fold_name(other));
  }
}

BOOST_AUTO_TEST_CASE(names_that_differ_to_the_eye_are_different) {
  for (auto const& [one, other] :
       std::initializer_list<std::pair<std::string, std::string>>{{"Done", "Dome"},
                                                                  {"resume", "r\u00e9sum\u00e9"},
                                                                  {"In Progress", "InProgress"},
                                                                  {"a-b", "a_b"},
                                                                  {"\u0430", "a"},
                                                                  {"C", "C#"}})
    BOOST_TEST(!same_name(one, other), quoted_name(one) << " is " << quoted_name(other));
}

BOOST_AUTO_TEST_CASE(a_second_dot_on_an_i_or_a_j_is_no_difference) {
  BOOST_TEST(same_name("Fi\u0307le", "File"));
  BOOST_TEST(same_name("\u0131\u0307", "i"));
  BOOST_TEST(same_name("\u0237\u0307x", "jx"));
  BOOST_TEST(same_name("\u0130stanbul", "istanbul"));
  BOOST_TEST(same_name("F\u1ecb\u0307le", "F\u1ecble")); // another mark, below it, stands between
  BOOST_TEST(same_name("\u012f\u0307", "\u012f"));
  BOOST_TEST(same_name("\u0456\u0307\u0307", "\u0456")); // of the Cyrillic letter
  BOOST_TEST(same_name("i\u0307\u0301", "\u00ed"));
  BOOST_TEST(!same_name("\u00ed\u0307", "\u00ed")); // the dot stands above the acute
  BOOST_TEST(!same_name("\u0131", "i"));
  BOOST_TEST(!same_name("a\u0307", "a"));
}

BOOST_AUTO_TEST_CASE(folding_twice_is_folding_once) {
  for (std::string const t : {"  Stra\u00dfe \u00a0 x", "\u1e9e\u0130I\u0131", "\ufb01 \u2460 \u00b2", "a\u0345\u0301",
                              "\u0130\u0301", "\u1ecb\u0307\u0301", "i\u0307\u0323", "\u0131\u0307\u0301\u0307",
                              "\u0390", "\uff21\u3164", "\U0001f468\u200d\U0001f4bb"})
    BOOST_TEST(fold_name(fold_name(t)) == fold_name(t), quoted_name(t));
}

// It would not end otherwise: sorting marks by insertion takes hours for so many.
BOOST_AUTO_TEST_CASE(marks_without_end_are_put_in_order_and_refused) {
  std::string marks = "a", ordered = "a";
  for (int i = 0; i < 200'000; ++i) marks += "\u0301\u0316";
  for (int i = 0; i < 200'000; ++i) ordered += "\u0316";
  ordered.replace(0, 1, "\u00e1"); // the first acute goes with its letter: none of another class stands between
  for (int i = 1; i < 200'000; ++i) ordered += "\u0301";
  BOOST_TEST((composed(marks) == ordered));
  BOOST_TEST((fold_name(marks) == fold_name(ordered)));
  BOOST_TEST(code_of(name::check(marks)) == "too_long");
  BOOST_TEST((name::normal(marks) == marks)); // it is no name in any form
  BOOST_TEST(!email_rule::ok(marks + "@example.com"));
}

BOOST_AUTO_TEST_CASE(marks_come_in_the_order_that_unicode_says) {
  std::mt19937 rng(4711); // NOLINT: the same each time
  std::vector<std::string> const parts{"a",      "\u00e9", "\u1e69", "\u0323", "\u0307", "\u0301", "\u0345", "\u0f71",
                                       "\u0f73", "\u05b4", "\uac01", "\u11a8", "\u3099", "\u304b", " ",      "\u0344"};
  for (int run = 0; run < 2000; ++run) {
    std::string text;
    for (auto n = rng() % 12; n > 0; --n) text += parts[rng() % parts.size()];
    auto* const by_library = utf8proc_NFC(reinterpret_cast<utf8proc_uint8_t const*>(text.c_str()));
    BOOST_TEST(composed(text) == reinterpret_cast<char const*>(by_library), quoted_name(text));
    std::free(by_library); // NOLINT: it is the library's
  }
}

BOOST_AUTO_TEST_CASE(a_name_holds_nothing_that_nobody_sees) {
  for (std::string const bad :
       {"Do\u200bne",  "\ufeffDone",   "Done\ufeff", "Do\u00adne",  "Do\u2060ne", "\u202eDone", "Done\u200e",
        "a\u200fb",    "a\u061cb",     "a\u2066b",   "a\u2069b",    "x\u3164",    "x\u115f",    "x\u1160",
        "x\uffa0",     "a\u034fb",     "a\u180eb",   "Do\u200dne",  "Do\u200cne", "a\ufe0f",    "a\u2800b",
        "a\ufff9b",    "a\ufffeb",     "a\ufdd0b",   "a\U000e0041", "a\u2065b",   "a\ufff0b",   "a\U000e0ffe",
        "a\U0001d159", "a\U00016fe4b", "a\U00013441"})
    BOOST_TEST(code_of(name::check(bad)) == "invisible_character", quoted_name(bad));
  BOOST_TEST(name::check("Do\u200bne")->detail == "it must not hold characters that nobody sees; there is a U+200B");
}

BOOST_AUTO_TEST_CASE(a_name_is_one_line_without_controls_and_not_blank) {
  for (std::string const bad : {"a\nb", "Done\n", "\tDone", "a\x7f", "a\u009bb"})
    BOOST_TEST(code_of(name::check(bad)) == "control_character", quoted_name(bad));
  for (std::string const bad : {"a\u0085b", "a\u2028b", "a\u2029b", "Done\u2028"})
    BOOST_TEST(code_of(name::check(bad)) == "line_break", quoted_name(bad));
  for (std::string const bad : {" ", "\u00a0\u3000", "\u2003", "\u2800"})
    BOOST_TEST(code_of(name::check(bad)) == "blank", quoted_name(bad));
  for (std::string const bad : {"\u3164", "\u200b", "\ufeff", "\u200d"})
    BOOST_TEST(code_of(name::check(bad)) == "invisible_character", quoted_name(bad));
  BOOST_TEST(code_of(name::check("")) == "too_short");
  using maybe = identifier<0, 5>;
  BOOST_TEST(code_of(maybe::check("")) == "ok");
  BOOST_TEST(code_of(maybe::check("  ")) == "ok");
  BOOST_TEST(maybe::normal("  ") == "");
}

BOOST_AUTO_TEST_CASE(what_scripts_and_emoji_need_stays_in_a_name) {
  for (std::string const good :
       {"\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", // Persian, with a ZWNJ
        "\u0915\u094d\u200d\u0937",                         // Devanagari, with a ZWJ
        "\U0001f468\u200d\U0001f4bb",                       // technologist
        "\U0001f3f3\ufe0f\u200d\U0001f308",                 // rainbow flag
        "\u2764\ufe0f fix", "1\ufe0f\u20e3", "\U0001f44d\U0001f3fd",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "\U0001f1e9\U0001f1ea",
        "\u845b\U000e0100", "\u1820\u180b", "\u05e9\u05b8\u05dc\u05d5\u05dd", "\u0e17\u0e33", "m\u00b2", "C++", ".NET",
        "\u00c5ngstr\u00f6m", "\ue000"}) {
    BOOST_TEST(code_of(name::check(good)) == "ok", quoted_name(good));
    BOOST_TEST(name::normal(good) == composed(good));
  }
}

BOOST_AUTO_TEST_CASE(the_length_of_a_name_is_that_of_what_is_kept) {
  using four = identifier<1, 4>;
  BOOST_TEST(code_of(four::check("  Done  ")) == "ok");
  BOOST_TEST(code_of(four::check("Cafe\u0301")) == "ok");
  BOOST_TEST(code_of(four::check("Done!")) == "too_long");
  BOOST_TEST(json::read<four>("\" Done \"").value().value == "Done");
}

BOOST_AUTO_TEST_CASE(addresses_are_the_same_without_regard_to_case_and_to_what_is_not_seen) {
  for (auto const& [one, other] : std::initializer_list<std::pair<std::string, std::string>>{
           {"J\u00d6RG@example.com", "j\u00f6rg@example.com"},
           {"jo\u0308rg@example.com", "J\u00d6RG@EXAMPLE.COM"},
           {" ada@example.com ", "Ada@Example.com"},
           {"a\u200bda@example.com", "ada@example.com"},
           {"ada@b\u00dccher.de", "ada@b\u00fccher.de"},
           {"\u039d\u0399\u039a\u039f\u03a3@x.gr", "\u03bd\u03b9\u03ba\u03bf\u03c2@x.gr"},
           {"\uff41da@x.io", "ada@x.io"},
           {"ada\u200e@x.io", "ada@x.io"},
           {"ada@xn--bcher-kva.de", "ada@b\u00fccher.de"},
           {"fi\u0307n@example.com", "fin@example.com"},
           {"\u0432\u0456\u0307@exampl\u0456\u0307.com", "\u0432\u0456@exampl\u0456.com"},
           {"ada@XN--BCHER-KVA.DE", "ada@B\u00dcCHER.de"},
           {"ada@mail.xn--fsqu00a.xn--0zwm56d", "ada@mail\u3002\u4f8b\u5b50.\u6d4b\u8bd5"}})
    BOOST_TEST(fold_address(one) == fold_address(other), quoted_name(one) << " is not " << quoted_name(other));
  for (std::string const odd :
       {"a@xn--", "a@xn--!", "a@xn--99999999999999999999", "a@xn--a-", "a@", "a", "", "a@.", "a@x..y"})
    BOOST_TEST(fold_address(fold_address(odd)) == fold_address(odd), odd); // no form is a fault
  BOOST_TEST(fold_address("stra\u00dfe@x.de") != fold_address("strasse@x.de"));
  BOOST_TEST(fold_address("jorg@x.de") != fold_address("j\u00f6rg@x.de"));
}

BOOST_AUTO_TEST_CASE(an_address_is_kept_in_one_way_and_holds_nothing_unseen) {
  BOOST_TEST(email::normal(" J\u00d6RG@Example.COM ") == "j\u00f6rg@example.com");
  BOOST_TEST(email::normal("jo\u0308rg@x.de") == "j\u00f6rg@x.de");
  BOOST_TEST(email_rule::ok(" ada@example.com\u00a0"));
  for (std::string const bad : {"a\u200bda@x.io", "ada\u202e@x.io",
                                "\ufeff"
                                "ada@x.io",
                                "ada@x\u2028.io", "ada@x.io\u200f", "a\u00adda@x.io", "a\u00a0b@x.io", "a\u3164@x.io",
                                "a\u200d@x.io", "a\u0085@x.io"}) {
    BOOST_TEST(!email_rule::ok(bad), quoted_name(bad));
  }
}

BOOST_AUTO_TEST_CASE(who_has_an_account_logs_in_with_what_was_registered) {
  for (std::string const old : {"a\u200bda@x.io", "J\u00d6RG@x.io", "ada\u202e@x.io"}) {
    BOOST_TEST(known_address_rule::ok(old), quoted_name(old));
    BOOST_TEST(was_address(old));
  }
  BOOST_TEST(known_address::normal(" ADA\u00d6@x.io ") == "ada\u00d6@x.io");
}

BOOST_AUTO_TEST_CASE(what_older_versions_took_is_known) {
  for (std::string const was : {"Done ", "\u3164", "a\u2028b", "a\u0085", "\ufeffx", "\u202e"})
    BOOST_TEST(code_of(check_former_text(was, 1, 20, false)) == "ok", quoted_name(was));
  BOOST_TEST(code_of(check_former_text("a\nb", 1, 20, false)) == "control_character");
  BOOST_TEST(code_of(check_former_text("a\nb", 1, 20, true)) == "ok");
  BOOST_TEST(code_of(check_former_text("  ", 1, 20, false)) == "blank");
}

BOOST_AUTO_TEST_CASE(a_quoted_name_shows_what_is_not_seen) {
  BOOST_TEST(quoted_name("Done ") == "\"Done \"");
  BOOST_TEST(quoted_name("Do\u200bne\u00a0") == "\"Do\\u{200b}ne\\u{a0}\"");
  BOOST_TEST(quoted_name("e\u0301") == "\"e\\u{301}\"");
  BOOST_TEST(quoted_name("\u00e9") == "\"\u00e9\"");
  BOOST_TEST(quoted_name("a\x1b[2J\"\\") == "\"a\\u{1b}[2J\\\"\\\\\"");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy
