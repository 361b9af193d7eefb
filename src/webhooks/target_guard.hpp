#pragma once
// Which targets may be connected to: decided on addresses, after resolution, at every attempt (RFC 6890 and the
// registries it leads to). An operator lets more through by name or by network. Pure, any thread.
#include "core/web_url.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace alloy::webhooks {

// An address, IPv4 as ::ffff:a.b.c.d.
struct ip_address {
  std::array<unsigned char, 16> bytes{};
  bool is_v4 = false; // it is one; not an IPv6 address that holds one
};

// Of dotted decimal or of IPv6; nothing else is read as an address here.
bool parse_address(std::string_view text, ip_address& out) noexcept;
std::string to_text(ip_address const& a);

// On the Internet at large: not loopback, private, link-local, shared, documentation, benchmarking, reserved or
// multicast, and of no form that carries another address in it.
bool is_public(ip_address const& a) noexcept;

class target_guard {
 public:
  // `allowed`: names (hooks.internal), addresses and networks (10.1.0.0/16). `schemes`: https, http. `ports`: empty:
  // any.
  target_guard(std::vector<std::string> const& allowed, std::vector<std::string> const& schemes,
               std::vector<std::string> const& ports);

  // Of the URL alone. Empty, or why not.
  std::string complaint(web_url const& u) const;
  // Of one address that its host resolved to.
  bool allows(web_url const& u, ip_address const& a) const noexcept;

  // For settings: what is wrong with an entry of `allowed`, or nothing.
  static std::string complaint_of_entry(std::string_view text);

 private:
  struct network {
    ip_address base;
    unsigned bits = 128; // of the 128
  };
  static bool parse_network(std::string_view text, network& out) noexcept;

  std::vector<std::string> hosts_, schemes_;
  std::vector<network> networks_;
  std::vector<std::uint16_t> ports_;
};

} // namespace alloy::webhooks
