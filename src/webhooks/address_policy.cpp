#include "webhooks/address_policy.hpp"

#include <algorithm>

namespace alloy::webhooks {
namespace {

constexpr std::string_view closed_v4[] = {
    "0.0.0.0/8",       // this network
    "10.0.0.0/8",      // private
    "100.64.0.0/10",   // shared, of carriers
    "127.0.0.0/8",     // loopback
    "169.254.0.0/16",  // link-local, and where clouds keep their metadata
    "172.16.0.0/12",   // private
    "192.0.0.0/24",    // protocol assignments
    "192.0.2.0/24",    // documentation
    "192.31.196.0/24", // AS112
    "192.52.193.0/24", // AMT
    "192.88.99.0/24",  // 6to4 relays, as they were
    "192.168.0.0/16",  // private
    "192.175.48.0/24", // AS112
    "198.18.0.0/15",   // benchmarking
    "198.51.100.0/24", // documentation
    "203.0.113.0/24",  // documentation
    "224.0.0.0/4",     // multicast
    "240.0.0.0/4",     // reserved, broadcast
};

// Within 2000::/3, outside of which nothing is global unicast.
constexpr std::string_view closed_v6[] = {
    "2001::/23",         // protocol assignments: Teredo, ORCHID, benchmarking
    "2001:db8::/32",     // documentation
    "2002::/16",         // 6to4: carries an IPv4 address
    "2620:4f:8000::/48", // AS112
    "3fff::/20",         // documentation
};

bool within(ip_address const& a, std::string_view network) noexcept {
  ip_network n;
  return parse_network(network, n) && n.contains(a);
}

} // namespace

bool is_public(ip_address const& a) noexcept {
  auto const in = [&](std::string_view network) { return within(a, network); };
  if (a.is_v4) return std::ranges::none_of(closed_v4, in);
  return within(a, "2000::/3") && std::ranges::none_of(closed_v6, in);
}

address_policy::address_policy(std::vector<std::string> const& allowed, std::vector<std::string> const& schemes,
                               std::vector<std::string> const& ports)
    : schemes_(schemes) {
  for (auto const& one : allowed) {
    ip_network n;
    if (parse_network(one, n))
      networks_.push_back(n);
    else
      hosts_.push_back(one);
  }
  for (auto const& one : ports) {
    auto const dash = one.find('-');
    auto const first = static_cast<unsigned>(std::stoul(one));
    ports_.emplace_back(first, dash == one.npos ? first : static_cast<unsigned>(std::stoul(one.substr(dash + 1))));
  }
}

std::string address_policy::complaint(web_url const& u) const {
  if (std::ranges::find(schemes_, u.is_tls ? "https" : "http") == schemes_.end())
    return std::string(u.is_tls ? "https" : "http") + " is not allowed here";
  auto const has = [&](auto const& range) { return range.first <= u.port && u.port <= range.second; };
  if (!ports_.empty() && std::ranges::none_of(ports_, has))
    return "the port " + std::to_string(u.port) + " is not allowed here";
  return {};
}

bool address_policy::allows(web_url const& u, ip_address const& a) const noexcept {
  if (is_public(a) || std::ranges::find(hosts_, u.host) != hosts_.end()) return true;
  return std::ranges::any_of(networks_, [&](ip_network const& n) { return n.contains(a); });
}

} // namespace alloy::webhooks
