#pragma once
// The binary header of the PROXY protocol, version 2 (haproxy.org, proxy-protocol.txt): what a proxy that passes on
// bytes writes before them about the connection that it passes on. Pure, any thread.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace alloy::http {

struct proxied_peer {
  bool is_local = false; // the proxy's own connection, to see whether we live
  std::string address;   // the client's; empty where it has none, or none that the proxy knows
};

constexpr std::size_t proxy_header_fixed_bytes = 16, proxy_header_rest_bytes_max = 4096;

// How many bytes follow the fixed part. Nothing where it begins no such header, or one that is too long.
std::optional<std::size_t> proxy_header_rest(std::string_view fixed) noexcept;

// Of the whole header. Nothing where it breaks the form, or its checksum does not fit. Stream connections only.
std::optional<proxied_peer> read_proxy_header(std::string_view whole);

} // namespace alloy::http
