#pragma once
// Who is behind a trusted proxy, as its headers say: `Forwarded` (RFC 7239) and `X-Forwarded-For`. Each hop adds at the
// right, so they are read from there: the first address that is in no trusted network is the client, and what stands to
// the left of it is the client's own word and not looked at. Pure, any thread.
#include "core/ip_address.hpp"
#include "http/message.hpp"

#include <optional>
#include <span>
#include <string>

namespace alloy::http {

struct forwarded_client {
  std::string address;
  bool is_first = false; // nothing stands to the left of it: it does not say that it passes anything on itself
};

// Nothing where no header says it: none is there, a hop hides who it is (`unknown`, `_hidden`), what is read breaks the
// grammar, or both headers are there and do not agree, for then one of them is not the proxy's. The caller takes the
// proxy itself for the client then, so that nobody gains an address by writing nonsense. Where all hops are trusted the
// client is the leftmost of them.
std::optional<forwarded_client> client_of(header_list const& headers, std::span<ip_network const> trusted);

// Those that a proxy writes about the client it found there.
bool tells_of_client(std::string_view lower_name) noexcept;

} // namespace alloy::http
