#pragma once
// How many columns a terminal takes for a text, and texts of so many. What is drawn as one character, a grapheme
// cluster of UAX #29, is never parted: a letter with its marks, a flag, a family of emoji. Pure.
#include <cstddef>
#include <string>
#include <string_view>

namespace alloy::cli {

std::size_t columns_of(std::string_view text) noexcept;
std::string cut_to(std::string_view text, std::size_t columns); // with an ellipsis where something is left out
std::string padded(std::string_view text, std::size_t columns);

} // namespace alloy::cli
