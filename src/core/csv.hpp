#pragma once
// Cells of CSV (RFC 4180) for spreadsheets. Pure.
#include <string>
#include <string_view>

namespace alloy {

// Text is always in quotes. One that a spreadsheet could take for a formula gets an apostrophe at its beginning: it
// shows as text then, and calculates, links and starts nothing. Numbers are written as they are, without this.
std::string csv_text(std::string_view text);

} // namespace alloy
