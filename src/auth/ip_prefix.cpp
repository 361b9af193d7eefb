#include "auth/ip_prefix.hpp"

#include "core/ip_address.hpp"

#include <algorithm>
#include <span>

namespace alloy::auth {

namespace {

constexpr std::array<std::uint8_t, 12> v4_in_v6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_v4(ip_prefix const& n) noexcept {
  return std::ranges::equal(v4_in_v6, std::span(n).first<v4_in_v6.size()>());
}

} // namespace

ip_prefix network_of(std::string_view address) noexcept {
  address = address.substr(0, address.find('%')); // a link-local address names its interface
  ip_address parsed;
  if (!parse_address(address, parsed)) return {};
  ip_prefix found = parsed.bytes;
  if (!is_v4(found)) std::fill(found.begin() + 8, found.end(), std::uint8_t{0});
  return found;
}

ip_prefix login_network_of(std::string_view address) noexcept {
  auto found = network_of(address);
  if (is_v4(found)) found.back() = 0;
  return found;
}

} // namespace alloy::auth
