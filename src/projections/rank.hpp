#pragma once
// A ticket's place in the order of creation within its tenant: created_at in milliseconds, u64be, then its id. Every
// index of tickets orders its rows by it, so that indexes can be joined. Values.
#include "core/key.hpp"
#include "core/time.hpp"

#include <algorithm>
#include <array>

namespace alloy::projections {

struct rank {
  static constexpr std::size_t size = 24;
  std::array<char, size> bytes{};

  static rank of(timestamp created_at, uuid const& id) {
    rank r;
    for (int i = 0; i < 8; ++i)
      r.bytes[i] = static_cast<char>(static_cast<std::uint64_t>(created_at.ms) >> (56 - 8 * i));
    std::copy(id.bytes.begin(), id.bytes.end(), r.bytes.begin() + 8);
    return r;
  }
  // REQUIRES: at least 24 bytes; the last ones are taken, as index keys end with it.
  static rank at_end_of(std::string_view key) {
    rank r;
    std::copy_n(key.end() - size, size, r.bytes.begin());
    return r;
  }
  std::string_view view() const noexcept { return {bytes.data(), size}; }
  uuid id() const noexcept { return uuid::from_view(view().substr(8)); }

  // As unsigned bytes, which is how keys compare.
  auto operator<=>(rank const& other) const noexcept { return view() <=> other.view(); }
  bool operator==(rank const&) const = default;
};

} // namespace alloy::projections
