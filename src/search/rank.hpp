#pragma once
// The place of a ticket in the order of creation within its tenant: created_at in milliseconds, then the ticket's id,
// as 24 bytes that compare as they are. Every index of tickets orders its rows by it, so indexes can be joined without
// a sort. Values, any thread.
#include "core/id.hpp"
#include "core/time.hpp"

#include <algorithm>

namespace alloy::projections {

struct rank {
  static constexpr std::size_t size = 24;
  std::array<std::uint8_t, size> bytes{};

  auto operator<=>(rank const&) const = default;
  std::string_view view() const noexcept { return {reinterpret_cast<char const*>(bytes.data()), size}; }
  uuid id() const noexcept { return uuid::from_view(view().substr(8)); }

  static rank of(timestamp created_at, uuid const& ticket) noexcept {
    rank r;
    auto const ms = static_cast<std::uint64_t>(created_at.ms);
    for (unsigned i = 0; i < 8; ++i) r.bytes[i] = static_cast<std::uint8_t>(ms >> (56 - 8 * i));
    std::copy(ticket.bytes.begin(), ticket.bytes.end(), r.bytes.begin() + 8);
    return r;
  }
  // REQUIRES: at least 24 bytes
  static rank from_view(std::string_view bytes) noexcept {
    rank r;
    std::copy_n(bytes.begin(), size, r.bytes.begin());
    return r;
  }
  static rank at_end_of(std::string_view key) noexcept { return from_view(key.substr(key.size() - size)); }
};

} // namespace alloy::projections
