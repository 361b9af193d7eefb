#include "core/csv.hpp"

#include <algorithm>
#include <iterator>

namespace alloy {
namespace {

// What a spreadsheet skips before it looks whether a formula begins: blanks, marks without width, quotes.
constexpr std::string_view skipped[] = {
    " ",
    "\"",
    "'",
    "\xc2\xa0",     // no-break space
    "\xe3\x80\x80", // ideographic space
    "\xe2\x80\x8b", // zero-width space
    "\xe2\x80\x8e", // left-to-right mark
    "\xe2\x80\x8f", // right-to-left mark
    "\xe2\x81\xa0", // word joiner
    "\xef\xbb\xbf", // byte order mark
    "\xef\xbc\x82", // full-width quotation mark
    "\xef\xbc\x87", // full-width apostrophe
};

// What begins a formula, or a row or cell in which one might; spreadsheets for East Asian text take the wide and small
// forms for the plain ones.
constexpr std::string_view beginnings[] = {
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\xef\xbc\x9d", // full-width =
    "\xef\xbc\x8b", // full-width +
    "\xef\xbc\x8d", // full-width -
    "\xef\xbc\xa0", // full-width @
    "\xef\xb9\xa6", // small =
    "\xef\xb9\xa2", // small +
    "\xef\xb9\xa3", // small -
    "\xef\xb9\xab", // small @
    "\xe2\x88\x92", // minus sign
};

bool may_be_a_formula(std::string_view text) {
  auto const starts = [&](std::string_view with) { return text.starts_with(with); };
  for (;;) {
    if (std::any_of(std::begin(beginnings), std::end(beginnings), starts)) return true;
    auto const* const blank = std::find_if(std::begin(skipped), std::end(skipped), starts);
    if (blank == std::end(skipped)) return false;
    text.remove_prefix(blank->size());
  }
}

} // namespace

std::string csv_text(std::string_view text) {
  std::string cell = "\"";
  if (may_be_a_formula(text)) cell += '\'';
  for (char const c : text) {
    if (c == '"') cell += '"';
    cell += c;
  }
  return cell + '"';
}

} // namespace alloy
