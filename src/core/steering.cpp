#include "core/steering.hpp"

namespace alloy {

std::size_t character_size(std::string_view text) noexcept {
  auto const byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  auto const follows = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  auto const lead = byte(0);
  if (text.empty()) return 0;
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return follows(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if (lead == 0xe0 && byte(1) < 0xa0) return 0;
    if (lead == 0xed && byte(1) > 0x9f) return 0;
    return follows(1) && follows(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if (lead == 0xf0 && byte(1) < 0x90) return 0;
    if (lead == 0xf4 && byte(1) > 0x8f) return 0;
    return follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

char32_t decode_point(std::string_view character) noexcept {
  auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  auto const bits = [&](std::size_t i) { return static_cast<char32_t>(byte(i) & 0x3fU); };
  switch (character.size()) {
  case 1: return byte(0);
  case 2: return static_cast<char32_t>(byte(0) & 0x1fU) << 6U | bits(1);
  case 3: return static_cast<char32_t>(byte(0) & 0x0fU) << 12U | bits(1) << 6U | bits(2);
  default: return static_cast<char32_t>(byte(0) & 0x07U) << 18U | bits(1) << 12U | bits(2) << 6U | bits(3);
  }
}

bool steers(char32_t c) noexcept {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c || c == 0x200e || c == 0x200f ||
         (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

void append_escape(std::string& out, char32_t c) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u";
  for (unsigned shift = 16; shift > 0;) out += digits[c >> (shift -= 4) & 15U];
}

std::string without_steering(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    auto const size = character_size(text);
    auto const c = size == 0 ? U'\ufffd' : decode_point(text.substr(0, size));
    if (size == 0)
      out += "\xef\xbf\xbd";
    else if (steers(c) && c != '\n' && c != '\t' && !text.starts_with("\r\n"))
      append_escape(out, c);
    else
      out.append(text.substr(0, size));
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

} // namespace alloy
