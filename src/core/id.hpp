#pragma once
// UUIDs as RFC 9562 has them. New ones are version 7 and monotonic within the process. Values; new_uuid() from any
// thread.
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace alloy {

struct uuid {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(uuid const&) const = default;
  bool is_nil() const noexcept { return *this == uuid{}; }
  std::string_view view() const noexcept { return {reinterpret_cast<char const*>(bytes.data()), bytes.size()}; }
  static uuid from_view(std::string_view sixteen) noexcept;
};

// The canonical form only: 36 characters, lower case (upper case is read as well).
std::optional<uuid> parse_uuid(std::string_view text) noexcept;
std::string to_string(uuid const& id);
void append(std::string& out, uuid const& id);

uuid new_uuid();
// A version 8 UUID from the first bytes of a digest: the same input gives the same id.
uuid uuid_of_digest(std::string_view digest) noexcept;

} // namespace alloy

template <> struct std::hash<alloy::uuid> {
  std::size_t operator()(alloy::uuid const& id) const noexcept { return std::hash<std::string_view>{}(id.view()); }
};
