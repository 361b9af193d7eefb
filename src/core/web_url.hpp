#pragma once
// A URL that a program may be told to connect to: http or https, a host, nothing that two readers could take in two
// ways. No user information, fragment, zone or percent-encoded host; an international name comes in its ASCII form.
// Whether `127.1` is an address only its resolution shows, so nobody judges a target by this alone. Pure.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace alloy {

struct web_url {
  bool is_tls = false;
  std::string host; // in lower case; of an IPv6 address without the brackets
  bool is_v6 = false;
  std::uint16_t port = 0;
  std::string target; // path and query, at least "/"

  std::string host_header() const; // with the port where it is not the scheme's
};

std::optional<web_url> parse_web_url(std::string_view text);

// RFC 3986: what is not unreserved is escaped, so that it means itself in a path and in a query.
std::string percent_encoded(std::string_view text);

} // namespace alloy
