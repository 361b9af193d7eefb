#pragma once
// Who counts as one where addresses are counted: an IPv4 address by itself, IPv6 by its /64, which is what one
// subscriber has. An IPv4 address that a socket of both families saw (::ffff:192.0.2.1) is the IPv4 address. Pure, any
// thread.
#include <array>
#include <cstdint>
#include <string_view>

namespace alloy::auth {

using ip_prefix = std::array<std::uint8_t, 16>;

// Of the text of a socket's address; all that is no address is one network.
ip_prefix network_of(std::string_view address) noexcept;

// What somebody logs in from again and again, though the address changes: IPv4 by its /24, IPv6 by its /64.
ip_prefix login_network_of(std::string_view address) noexcept;

} // namespace alloy::auth
