#include "core/web_url.hpp"

#include "core/ip_address.hpp"

#include <algorithm>
#include <charconv>

namespace alloy {
namespace {

constexpr std::size_t host_bytes_max = 253; // RFC 1035

bool is_name(std::string_view host) noexcept {
  return !host.empty() && host.size() <= host_bytes_max && host.front() != '.' && host.front() != '-' &&
         std::ranges::all_of(host, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
         });
}

bool is_target(std::string_view text) noexcept {
  constexpr std::string_view refused = "#\"<>\\^`{|}";
  return std::ranges::all_of(text, [&](char c) {
    auto const u = static_cast<unsigned char>(c);
    return u > 0x20 && u < 0x7f && refused.find(c) == refused.npos;
  });
}

bool read_port(std::string_view text, std::uint16_t& port) noexcept {
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  return failed == std::errc() && end == text.data() + text.size() && port != 0;
}

} // namespace

std::optional<web_url> parse_web_url(std::string_view text) {
  web_url u;
  if (text.starts_with("https://"))
    u.is_tls = true;
  else if (!text.starts_with("http://"))
    return std::nullopt;
  text.remove_prefix(u.is_tls ? 8 : 7);
  u.port = u.is_tls ? 443 : 80;
  auto const end = std::min(text.find_first_of("/?"), text.size());
  auto authority = text.substr(0, end);
  u.target = text.substr(end);
  if (!u.target.starts_with('/')) u.target.insert(0, "/");
  if (!is_target(u.target)) return std::nullopt;
  std::string_view port;
  if (authority.starts_with('[')) {
    auto const close = authority.find(']');
    if (close == authority.npos) return std::nullopt;
    u.host = authority.substr(1, close - 1);
    u.is_v6 = true;
    ip_address address;
    if (!parse_address(u.host, address) || address.is_v4) return std::nullopt; // knows no zones
    port = authority.substr(close + 1);
  } else {
    auto const colon = std::min(authority.find(':'), authority.size());
    u.host = authority.substr(0, colon);
    std::ranges::transform(u.host, u.host.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (!is_name(u.host)) return std::nullopt;
    port = authority.substr(colon);
  }
  if (!port.empty() && (port.front() != ':' || !read_port(port.substr(1), u.port))) return std::nullopt;
  return u;
}

std::string web_url::host_header() const {
  std::string header = is_v6 ? "[" + host + "]" : host;
  if (port != (is_tls ? 443 : 80)) header += ":" + std::to_string(port);
  return header;
}

std::string percent_encoded(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (char const c : text)
    if (('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '-' || c == '.' ||
        c == '_' || c == '~')
      out += c;
    else {
      out += '%';
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
    }
  return out;
}

} // namespace alloy
