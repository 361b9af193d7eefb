#include "auth/network.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <span>

namespace alloy::auth {

network network_of(std::string_view address) noexcept {
  constexpr std::array<std::uint8_t, 12> v4_in_v6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  address = address.substr(0, address.find('%')); // a link-local address names its interface
  char text[INET6_ADDRSTRLEN] = {};
  if (address.size() >= sizeof text) return {};
  std::ranges::copy(address, text);
  network found{};
  if (inet_pton(AF_INET, text, found.data() + v4_in_v6.size()) == 1) {
    std::ranges::copy(v4_in_v6, found.begin());
    return found;
  }
  if (inet_pton(AF_INET6, text, found.data()) != 1) return {};
  if (!std::ranges::equal(v4_in_v6, std::span(found).first<v4_in_v6.size()>()))
    std::fill(found.begin() + 8, found.end(), std::uint8_t{0});
  return found;
}

} // namespace alloy::auth
