#pragma once
// Classes of octets in HTTP and URIs (RFC 9110 section 5.6, RFC 3986), one table lookup each. Pure, any thread.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace alloy::http {

enum class char_class : std::uint8_t {
  token = 1,       // tchar
  field_value = 2, // VCHAR, SP, HTAB, obs-text
  target = 4,      // RFC 3986 without '#', and the brackets that many clients send in a query
  reg_name = 8,    // host name: unreserved and '%'
  ip_literal = 16, // between the brackets of an IPv6 host
  digit = 32,
  request_id = 64, // what we echo, log and store: no space, no quote, nothing that starts a format
};

namespace detail {
constexpr std::array<std::uint8_t, 256> octet_table = [] {
  std::array<std::uint8_t, 256> table{};
  auto const add = [&](char_class what, std::string_view characters) {
    for (unsigned char const c : characters)
      table[c] = static_cast<std::uint8_t>(table[c] | static_cast<std::uint8_t>(what));
  };
  constexpr std::string_view digits = "0123456789";
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (auto const what : {char_class::token, char_class::target, char_class::reg_name, char_class::request_id}) {
    add(what, digits);
    add(what, letters);
  }
  add(char_class::digit, digits);
  add(char_class::token, "!#$%&'*+-.^_`|~");
  add(char_class::target, "-._~:/?[]@!$&'()*+,;=%");
  add(char_class::reg_name,
      "-._~%"); // not the sub-delims RFC 3986 allows: no host has them, a joined list of hosts does
  add(char_class::ip_literal, "0123456789abcdefABCDEF:.");
  add(char_class::request_id, "-._~:/+=@");
  for (unsigned c = 0; c < 256; ++c)
    if (c == '\t' || (c >= 0x20 && c != 0x7f)) table[c] |= static_cast<std::uint8_t>(char_class::field_value);
  return table;
}();
} // namespace detail

constexpr bool is(char c, char_class what) noexcept {
  return (detail::octet_table[static_cast<unsigned char>(c)] & static_cast<std::uint8_t>(what)) != 0;
}

constexpr bool all_of(std::string_view text, char_class what) noexcept {
  return std::all_of(text.begin(), text.end(), [what](char c) { return is(c, what); });
}

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr bool same_letters(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

// Without the optional white space around a field's value.
constexpr std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

constexpr bool percent_signs_are_sound(std::string_view text) noexcept {
  constexpr std::string_view hex = "0123456789abcdefABCDEF";
  for (auto at = text.find('%'); at != text.npos; at = text.find('%', at + 3)) {
    if (at + 2 >= text.size() || hex.find(text[at + 1]) == hex.npos || hex.find(text[at + 2]) == hex.npos) return false;
  }
  return true;
}

// Calls `each` with every trimmed element of a comma-separated list (RFC 9110 section 5.6.1), empty ones left out.
template <class F> constexpr void for_each_element(std::string_view list, F&& each) {
  while (!list.empty()) {
    auto const comma = std::min(list.find(','), list.size());
    if (auto const element = trimmed(list.substr(0, comma)); !element.empty()) each(element);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

} // namespace alloy::http
