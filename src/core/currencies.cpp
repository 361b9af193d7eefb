#include "core/currencies.hpp"

namespace alloy {
namespace {

// ISO 4217, list one, funds among them, without what has no minor unit at all (metals, XDR and the like). Where the
// minor unit is a fifth (MGA, MRU) the standard says two decimals.
constexpr struct {
  int digits;
  std::string_view codes;
} decimals[] = {
    {0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF "},
    {2,
     "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF "
     "CHW "
     "CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR "
     "ILS "
     "INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR "
     "MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD "
     "SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG "},
    {3, "BHD IQD JOD KWD LYD OMR TND "},
    {4, "CLF UYW "},
};

} // namespace

std::optional<int> minor_digits_of(std::string_view currency) noexcept {
  if (currency.size() != 3) return std::nullopt;
  for (auto const& [digits, codes] : decimals)
    for (std::size_t at = 0; at < codes.size(); at += 4)
      if (codes.substr(at, 3) == currency) return digits;
  return std::nullopt;
}

} // namespace alloy
