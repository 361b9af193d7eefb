#include "core/csv.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy {

BOOST_AUTO_TEST_SUITE(csv)

BOOST_AUTO_TEST_CASE(text_is_in_quotes_whatever_it_is) {
  BOOST_TEST(csv_text("plain") == "\"plain\"");
  BOOST_TEST(csv_text("") == "\"\"");
  BOOST_TEST(csv_text("a,b") == "\"a,b\"");
  BOOST_TEST(csv_text("007") == "\"007\"");
  BOOST_TEST(csv_text("say \"hi\"") == "\"say \"\"hi\"\"\"");
  BOOST_TEST(csv_text("two\nlines") == "\"two\nlines\"");
}

BOOST_AUTO_TEST_CASE(a_cell_never_begins_a_formula) {
  for (std::string const text : {"=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", "\n=1", " =1", "   +1", "\xc2\xa0=1",
                                 "\xe3\x80\x80=1", "'=1", "\xef\xbb\xbf=1", "\xe2\x80\x8b@x"})
    BOOST_TEST(csv_text(text) == "\"'" + text + "\"", text);
  BOOST_TEST(csv_text("=HYPERLINK(\"x\",\"y\")") == "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"");
  BOOST_TEST(csv_text("\"=1") == "\"'\"\"=1\"");
}

BOOST_AUTO_TEST_CASE(wide_and_small_forms_of_what_begins_a_formula_are_guarded_as_well) {
  for (std::string const text : {"\xef\xbc\x9d"
                                 "1",
                                 "\xef\xbc\x8b"
                                 "1",
                                 "\xef\xbc\x8d"
                                 "1",
                                 "\xef\xbc\xa0SUM", "\xef\xb9\xa6x", "\xef\xb9\xa2x", "\xef\xb9\xa3x", "\xef\xb9\xabx",
                                 "\xe2\x88\x92x", " \xef\xbc\x9dx", "\xef\xbc\x82\xef\xbc\x9dx"})
    BOOST_TEST(csv_text(text) == "\"'" + text + "\"", text);
}

BOOST_AUTO_TEST_CASE(what_begins_no_formula_stays_as_it_is) {
  for (std::string const text : {"a=b", "1-2", "x@y.example", " blank", "\xc3\xa9=1", "#1", "\xef\xbd\x81"})
    BOOST_TEST(csv_text(text) == "\"" + text + "\"", text);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy
