#include "core/ip_address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace alloy {
namespace {

constexpr unsigned v4_begin_bits = 96;                            // where an IPv4 address begins in its mapped form
constexpr std::size_t name_bytes_max = 253, label_bytes_max = 63; // RFC 1035

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// As resolvers read numbers, which take them for addresses: decimal, octal or 0x and hexadecimal digits.
bool is_number(std::string_view label) noexcept {
  if (label.size() >= 2 && label[0] == '0' && (label[1] == 'x' || label[1] == 'X'))
    return std::ranges::all_of(label.substr(2),
                               [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
  return !label.empty() && std::ranges::all_of(label, is_digit);
}

std::string_view last_label(std::string_view text) noexcept {
  if (text.ends_with('.')) text.remove_suffix(1);
  auto const dot = text.rfind('.');
  return dot == text.npos ? text : text.substr(dot + 1);
}

bool looks_like_address(std::string_view text) noexcept {
  return text.find_first_of(":/[]%") != text.npos || is_number(last_label(text));
}

bool is_host_name(std::string_view text) noexcept {
  if (text.ends_with('.')) text.remove_suffix(1); // the root
  if (text.empty() || text.size() > name_bytes_max) return false;
  for (;;) {
    auto const label = text.substr(0, text.find('.'));
    bool const good = !label.empty() && label.size() <= label_bytes_max && !label.starts_with('-') &&
                      !label.ends_with('-') && std::ranges::all_of(label, [](char c) {
                        return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_';
                      });
    if (!good) return false;
    if (label.size() == text.size()) return true;
    text.remove_prefix(label.size() + 1);
  }
}

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

// Why a text that looks like a network is none.
std::string why_no_network(std::string_view text) {
  ip_address a;
  auto const slash = text.find('/');
  if (slash == text.npos) return quoted(text) + " is no address";
  if (!parse_address(text.substr(0, slash), a)) return quoted(text.substr(0, slash)) + " is no address";
  return quoted(text.substr(slash)) + " is no length of a network: /0 to " + (a.is_v4 ? "/32" : "/128");
}

} // namespace

bool parse_address(std::string_view text, ip_address& out) noexcept {
  char copy[INET6_ADDRSTRLEN] = {};
  if (text.size() >= sizeof copy || text.find('\0') != text.npos) return false;
  std::ranges::copy(text, copy);
  out = {};
  if (inet_pton(AF_INET, copy, out.bytes.data() + 12) == 1) {
    out.bytes[10] = out.bytes[11] = 0xff;
    out.is_v4 = true;
    return true;
  }
  return inet_pton(AF_INET6, copy, out.bytes.data()) == 1;
}

std::string to_text(ip_address const& a) {
  char text[INET6_ADDRSTRLEN] = {};
  if (a.is_v4)
    inet_ntop(AF_INET, a.bytes.data() + 12, text, sizeof text);
  else
    inet_ntop(AF_INET6, a.bytes.data(), text, sizeof text);
  return text;
}

bool ip_network::contains(ip_address const& a) const noexcept {
  if (base.is_v4 != a.is_v4) return false;
  auto const whole = bits / 8, rest = bits % 8;
  if (!std::equal(a.bytes.begin(), a.bytes.begin() + whole, base.bytes.begin())) return false;
  if (rest == 0) return true;
  auto const mask = static_cast<unsigned char>(0xff00u >> rest);
  return (a.bytes[whole] & mask) == (base.bytes[whole] & mask);
}

bool parse_network(std::string_view text, ip_network& out) noexcept {
  auto const slash = std::min(text.find('/'), text.size());
  if (!parse_address(text.substr(0, slash), out.base)) return false;
  unsigned const most = out.base.is_v4 ? 32 : 128;
  unsigned bits = most;
  if (slash < text.size()) {
    auto const digits = text.substr(slash + 1);
    auto const [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (failed != std::errc() || end != digits.data() + digits.size() || bits > most) return false;
    if (digits.size() > 1 && digits.front() == '0') return false; // octal to some
  }
  out.bits = out.base.is_v4 ? bits + v4_begin_bits : bits;
  return true;
}

std::string complaint_of_address(std::string_view text) {
  ip_address a;
  return parse_address(text, a) ? "" : "must be an IPv4 or IPv6 address, as 127.0.0.1, 0.0.0.0 or ::";
}

std::string complaint_of_network(std::string_view text) {
  ip_network n;
  if (parse_network(text, n)) return "";
  return "must be addresses or networks, as 127.0.0.1, 10.0.0.0/8, fd00::/8; " + why_no_network(text);
}

std::string complaint_of_host(std::string_view text) {
  ip_network n;
  if (parse_network(text, n)) return "";
  std::string const rule = "must be host names in lower case, addresses or networks, as hooks.internal, 10.1.0.0/16";
  if (looks_like_address(text)) return rule + "; " + why_no_network(text);
  return is_host_name(text) ? "" : rule + "; " + quoted(text) + " is none of them";
}

bool lies_in(std::string_view address, std::span<std::string const> networks) noexcept {
  ip_address a;
  if (!parse_address(address, a)) return false;
  return std::ranges::any_of(networks, [&](std::string const& text) {
    ip_network n;
    return parse_network(text, n) && n.contains(a);
  });
}

} // namespace alloy
