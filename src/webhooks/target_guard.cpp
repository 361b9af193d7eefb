#include "webhooks/target_guard.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace alloy::webhooks {
namespace {

constexpr unsigned v4_bits = 96; // where an IPv4 address begins in its mapped form

struct range {
  std::string_view base;
  unsigned bits;
};

constexpr range closed_v4[] = {
    {"0.0.0.0", 8},       // this network
    {"10.0.0.0", 8},      // private
    {"100.64.0.0", 10},   // shared, of carriers
    {"127.0.0.0", 8},     // loopback
    {"169.254.0.0", 16},  // link-local, and where clouds keep their metadata
    {"172.16.0.0", 12},   // private
    {"192.0.0.0", 24},    // protocol assignments
    {"192.0.2.0", 24},    // documentation
    {"192.31.196.0", 24}, // AS112
    {"192.52.193.0", 24}, // AMT
    {"192.88.99.0", 24},  // 6to4 relays, as they were
    {"192.168.0.0", 16},  // private
    {"192.175.48.0", 24}, // AS112
    {"198.18.0.0", 15},   // benchmarking
    {"198.51.100.0", 24}, // documentation
    {"203.0.113.0", 24},  // documentation
    {"224.0.0.0", 4},     // multicast
    {"240.0.0.0", 4},     // reserved, broadcast
};

// Within 2000::/3, outside of which nothing is global unicast.
constexpr range closed_v6[] = {
    {"2001::", 23},         // protocol assignments: Teredo, ORCHID, benchmarking
    {"2001:db8::", 32},     // documentation
    {"2002::", 16},         // 6to4: carries an IPv4 address
    {"2620:4f:8000::", 48}, // AS112
    {"3fff::", 20},         // documentation
};

bool within(std::array<unsigned char, 16> const& address, std::array<unsigned char, 16> const& base,
            unsigned bits) noexcept {
  auto const whole = bits / 8, rest = bits % 8;
  if (!std::equal(address.begin(), address.begin() + whole, base.begin())) return false;
  if (rest == 0) return true;
  auto const mask = static_cast<unsigned char>(0xff00u >> rest);
  return (address[whole] & mask) == (base[whole] & mask);
}

bool within(ip_address const& a, range const& r) noexcept {
  ip_address base;
  parse_address(r.base, base);
  return within(a.bytes, base.bytes, base.is_v4 ? r.bits + v4_bits : r.bits);
}

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

bool is_public(ip_address const& a) noexcept {
  auto const in = [&](range const& r) { return within(a, r); };
  if (a.is_v4) return std::ranges::none_of(closed_v4, in);
  return within(a, {"2000::", 3}) && std::ranges::none_of(closed_v6, in);
}

bool target_guard::parse_network(std::string_view text, network& out) noexcept {
  auto const slash = std::min(text.find('/'), text.size());
  if (!parse_address(text.substr(0, slash), out.base)) return false;
  unsigned const most = out.base.is_v4 ? 32 : 128;
  unsigned bits = most;
  if (slash < text.size()) {
    auto const digits = text.substr(slash + 1);
    auto const [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (failed != std::errc() || end != digits.data() + digits.size() || bits > most) return false;
  }
  out.bits = out.base.is_v4 ? bits + v4_bits : bits;
  return true;
}

std::string target_guard::complaint_of_entry(std::string_view text) {
  network n;
  if (parse_network(text, n)) return {};
  bool const name = !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
  return name ? std::string()
              : "must be host names in lower case, addresses or networks, as hooks.internal, 10.1.0.0/16";
}

target_guard::target_guard(std::vector<std::string> const& allowed, std::vector<std::string> const& schemes,
                           std::vector<std::string> const& ports)
    : schemes_(schemes) {
  for (auto const& one : allowed) {
    network n;
    if (parse_network(one, n))
      networks_.push_back(n);
    else
      hosts_.push_back(one);
  }
  for (auto const& one : ports) ports_.push_back(static_cast<std::uint16_t>(std::stoul(one)));
}

std::string target_guard::complaint(web_url const& u) const {
  if (std::ranges::find(schemes_, u.is_tls ? "https" : "http") == schemes_.end())
    return std::string(u.is_tls ? "https" : "http") + " is not allowed here";
  if (!ports_.empty() && std::ranges::find(ports_, u.port) == ports_.end())
    return "the port " + std::to_string(u.port) + " is not allowed here";
  return {};
}

bool target_guard::allows(web_url const& u, ip_address const& a) const noexcept {
  if (is_public(a) || std::ranges::find(hosts_, u.host) != hosts_.end()) return true;
  return std::ranges::any_of(
      networks_, [&](network const& n) { return n.base.is_v4 == a.is_v4 && within(a.bytes, n.base.bytes, n.bits); });
}

} // namespace alloy::webhooks
