#include "http/proxy_header.hpp"

#include "core/crc.hpp"
#include "core/ip_address.hpp"

#include <algorithm>

namespace alloy::http {
namespace {

constexpr std::string_view signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr unsigned version_bits = 0x20, local = 0x20, proxied = 0x21;
constexpr unsigned unspecified = 0x00, tcp4 = 0x11, tcp6 = 0x21, unix_stream = 0x31;
constexpr std::size_t tcp4_bytes = 12, tcp6_bytes = 36, unix_bytes = 216;
constexpr unsigned checksum_type = 0x03;

unsigned byte_at(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<unsigned char>(bytes[at]);
}
std::size_t u16_at(std::string_view bytes, std::size_t at) noexcept {
  return byte_at(bytes, at) << 8U | byte_at(bytes, at + 1);
}

// The checksum is of the whole header with its own four bytes as zeros.
bool has_sum(std::string_view whole, std::size_t at) {
  std::string zeroed(whole);
  std::fill_n(zeroed.begin() + static_cast<std::ptrdiff_t>(at), 4, '\0');
  return crc32c(zeroed) == (u16_at(whole, at) << 16U | u16_at(whole, at + 2));
}

// Type, length and value, until the end.
bool has_sound_extras(std::string_view whole, std::size_t at) {
  while (at < whole.size()) {
    if (whole.size() - at < 3) return false;
    auto const bytes = u16_at(whole, at + 1);
    if (whole.size() - at - 3 < bytes) return false;
    if (byte_at(whole, at) == checksum_type && (bytes != 4 || !has_sum(whole, at + 3))) return false;
    at += 3 + bytes;
  }
  return true;
}

std::string v4_text(std::string_view four) {
  ip_address a;
  a.is_v4 = true;
  a.bytes[10] = a.bytes[11] = 0xff;
  std::ranges::copy(four, a.bytes.begin() + 12);
  return to_text(a);
}

std::string v6_text(std::string_view sixteen) {
  constexpr std::string_view mapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  if (sixteen.starts_with(mapped)) return v4_text(sixteen.substr(mapped.size()));
  ip_address a;
  std::ranges::copy(sixteen, a.bytes.begin());
  return to_text(a);
}

} // namespace

std::optional<std::size_t> proxy_header_rest(std::string_view fixed) noexcept {
  if (fixed.size() != proxy_header_fixed_bytes || !fixed.starts_with(signature)) return {};
  if ((byte_at(fixed, 12) & 0xf0U) != version_bits) return {};
  auto const rest = u16_at(fixed, 14);
  if (rest > proxy_header_rest_bytes_max) return {};
  return rest;
}

std::optional<proxied_peer> read_proxy_header(std::string_view whole) {
  auto const rest = proxy_header_rest(whole.substr(0, proxy_header_fixed_bytes));
  if (!rest || whole.size() != proxy_header_fixed_bytes + *rest) return {};
  proxied_peer peer;
  auto const command = byte_at(whole, 12);
  if (command == local) { // what else it says is not to be looked at
    peer.is_local = true;
    return peer;
  }
  if (command != proxied) return {};
  auto const addresses = whole.substr(proxy_header_fixed_bytes);
  std::size_t taken = 0;
  switch (byte_at(whole, 13)) {
  case tcp4: taken = tcp4_bytes; break;
  case tcp6: taken = tcp6_bytes; break;
  case unix_stream: taken = unix_bytes; break;
  case unspecified: return peer; // then all that follows is of no known form
  default: return {};
  }
  if (addresses.size() < taken || !has_sound_extras(whole, proxy_header_fixed_bytes + taken)) return {};
  if (taken == tcp4_bytes) peer.address = v4_text(addresses.substr(0, 4));
  if (taken == tcp6_bytes) peer.address = v6_text(addresses.substr(0, 16));
  return peer;
}

} // namespace alloy::http
