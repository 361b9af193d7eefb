#include "core/ip_address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace alloy {
namespace {

constexpr unsigned v4_begin_bits = 96; // where an IPv4 address begins in its mapped form

} // namespace

bool parse_address(std::string_view text, ip_address& out) noexcept {
  char copy[INET6_ADDRSTRLEN] = {};
  if (text.size() >= sizeof copy) return false;
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
  }
  out.bits = out.base.is_v4 ? bits + v4_begin_bits : bits;
  return true;
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
