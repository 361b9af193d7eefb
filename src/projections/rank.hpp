#pragma once
// The place of a ticket in the order of creation: created_at, then the ticket's id, as 24 bytes that compare as they
// are. Indexes of tickets that end in it can be joined without a sort. Values, any thread.
#include "core/id.hpp"
#include "core/time.hpp"

#include <algorithm>

namespace alloy::projections {

struct rank {
  std::array<std::uint8_t, 24> bytes{};

  auto operator<=>(rank const&) const = default;
  std::string_view view() const noexcept { return {reinterpret_cast<char const*>(bytes.data()), bytes.size()}; }
  uuid ticket() const noexcept { return uuid::from_view(view().substr(8)); }

  static rank of(timestamp created_at, uuid const& ticket) noexcept {
    rank r;
    auto const ms = static_cast<std::uint64_t>(created_at.ms);
    for (unsigned i = 0; i < 8; ++i) r.bytes[i] = static_cast<std::uint8_t>(ms >> (56 - 8 * i));
    std::copy(ticket.bytes.begin(), ticket.bytes.end(), r.bytes.begin() + 8);
    return r;
  }
  // REQUIRES: 24 bytes
  static rank from_view(std::string_view bytes) noexcept {
    rank r;
    std::copy_n(bytes.begin(), r.bytes.size(), r.bytes.begin());
    return r;
  }
};

} // namespace alloy::projections
