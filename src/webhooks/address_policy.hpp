#pragma once
// Which targets may be connected to: decided on addresses, after resolution, at every attempt (RFC 6890 and the
// registries it leads to). An operator lets more through by name or by network. Pure, any thread.
#include "core/ip_address.hpp"
#include "core/web_url.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace alloy::webhooks {

// On the Internet at large: not loopback, private, link-local, shared, documentation, benchmarking, reserved or
// multicast, and of no form that carries another address in it.
bool is_public(ip_address const& a) noexcept;

class address_policy {
 public:
  // `allowed`: names (hooks.internal), addresses and networks (10.1.0.0/16). `schemes`: https, http. `ports`: numbers
  // and ranges (1024-65535); empty: any.
  address_policy(std::vector<std::string> const& allowed, std::vector<std::string> const& schemes,
                 std::vector<std::string> const& ports);

  // Of the URL alone. Empty, or why not.
  std::string complaint(web_url const& u) const;
  // Of one address that its host resolved to.
  bool allows(web_url const& u, ip_address const& a) const noexcept;

 private:
  std::vector<std::string> hosts_, schemes_;
  std::vector<ip_network> networks_;
  std::vector<std::pair<unsigned, unsigned>> ports_; // first and last of each range
};

} // namespace alloy::webhooks
