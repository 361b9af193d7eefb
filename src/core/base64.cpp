#include "core/base64.hpp"

#include <algorithm>
#include <array>

namespace alloy {
namespace {

constexpr std::string_view standard_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

using value_table = std::array<signed char, 256>;

constexpr value_table values_of(std::string_view digits) {
  value_table values{};
  for (auto& value : values) value = -1;
  for (std::size_t i = 0; i < digits.size(); ++i)
    values[static_cast<unsigned char>(digits[i])] = static_cast<signed char>(i);
  return values;
}

constexpr value_table standard_values = values_of(standard_digits);
constexpr value_table url_values = values_of(url_digits);

std::string encode64(std::string_view bytes, std::string_view digits, bool padded) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (char const c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (held += 8; held >= 6;) text += digits[bits >> (held -= 6) & 63U];
  }
  if (held > 0) text += digits[bits << (6 - held) & 63U];
  while (padded && text.size() % 4 != 0) text += '=';
  return text;
}

std::optional<std::string> decode64(std::string_view text, value_table const& values) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (char const c : text) {
    auto const value = values[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held >= 8) bytes += static_cast<char>(bits >> (held -= 8) & 255U);
  }
  // Left-over bits that are not zero would be a second spelling of the same bytes.
  if ((bits & ((1U << held) - 1U)) != 0) return std::nullopt;
  return bytes;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

} // namespace

std::string encode_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (char const c : bytes) {
    auto const byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

std::optional<std::string> decode_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    int const high = hex_value(text[i]);
    int const low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::string encode_base64(std::string_view bytes) {
  return encode64(bytes, standard_digits, true);
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return decode64(text, standard_values);
}

std::string encode_base64url(std::string_view bytes) {
  return encode64(bytes, url_digits, false);
}

std::optional<std::string> decode_base64url(std::string_view text) {
  return decode64(text, url_values);
}

bool is_base62(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); });
}

std::string encode_base62(std::uint64_t value, std::size_t width) {
  std::string text(width, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, value /= 62) *digit = base62_digits[value % 62];
  return text;
}

} // namespace alloy
