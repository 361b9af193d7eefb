#pragma once
// Editors of some systems begin a file of UTF-8 with U+FEFF. It says nothing about the text and is no part of it
// (Unicode, section 23.8; RFC 8259, section 8.1, lets readers of JSON skip it).
#include <string_view>

namespace alloy {

inline constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

constexpr std::string_view without_byte_order_mark(std::string_view text) noexcept {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  return text;
}

} // namespace alloy
