#include "core/currencies.hpp"

#include "core/text.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy {
namespace {

BOOST_AUTO_TEST_CASE(a_currency_has_the_decimals_of_iso_4217) {
  for (auto const* none : {"JPY", "KRW", "ISK", "CLP", "VND", "XOF", "UGX"})
    BOOST_TEST(minor_digits_of(none).value() == 0);
  for (auto const* two : {"USD", "EUR", "MGA", "MRU", "HUF", "AED"}) BOOST_TEST(minor_digits_of(two).value() == 2);
  for (auto const* three : {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
    BOOST_TEST(minor_digits_of(three).value() == 3);
  BOOST_TEST(minor_digits_of("CLF").value() == 4);
  BOOST_TEST(minor_digits_of("UYW").value() == 4);
}

BOOST_AUTO_TEST_CASE(what_is_no_currency_in_use_has_none) {
  for (auto const* code : {"", "US", "USDX", "usd", "ZZZ", "DEM", "XAU", "XDR", "SD ", " US", "D A", "ED "}) {
    BOOST_TEST(!minor_digits_of(code).has_value());
    BOOST_TEST(currency::check(code).has_value());
  }
  BOOST_TEST(!currency::check("KWD").has_value());
}

} // namespace
} // namespace alloy
