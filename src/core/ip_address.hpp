#pragma once
// IP addresses and networks as text and as bytes: the one parser that settings, guards and limits share. Dotted decimal
// or IPv6 (RFC 4291), with `/bits` for a network (RFC 4632); nothing else is read as an address. Pure, any thread.
#include <array>
#include <span>
#include <string>
#include <string_view>

namespace alloy {

// An address, IPv4 as ::ffff:a.b.c.d.
struct ip_address {
  std::array<unsigned char, 16> bytes{};
  bool is_v4 = false; // it is one; not an IPv6 address that holds one
};

bool parse_address(std::string_view text, ip_address& out) noexcept;
std::string to_text(ip_address const& a);

struct ip_network {
  ip_address base;
  unsigned bits = 128; // of the 128: those of an IPv4 network count from 96 on

  bool contains(ip_address const& a) const noexcept;
};

// For settings: what is wrong with a text that is to be an address; an address or a network; or either or the name of a
// host. Empty where nothing is. What looks like an address or a network and is none is no name: with a colon, slash,
// bracket or percent sign, or a last label that is a number (10.1.0.0/99, 1.2.3, 0x7f.1, [::1, fe80::1%eth0).
std::string complaint_of_address(std::string_view text);
std::string complaint_of_network(std::string_view text);
std::string complaint_of_host(std::string_view text);

// `10.1.0.0/16`, `fd00::/8`, or one address. False where it is none, or has more bits than the address.
bool parse_network(std::string_view text, ip_network& out) noexcept;

// Whether the address, as text, lies in one of the networks, as text. What cannot be read lies in none.
bool lies_in(std::string_view address, std::span<std::string const> networks) noexcept;

} // namespace alloy
