#pragma once
// The stored bytes of a record, and nothing that looks inside its events (codec.hpp does).
//   record := crc32c u32be | previous_crc u32be | count u16be | json
// crc32c covers everything behind itself; previous_crc is the crc32c of the record before it in the same tenant
// (0 for the first), so the records of a tenant form a chain. `json` is record_body of codec.hpp.
#include "core/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace alloy::events {

inline constexpr std::size_t record_header_bytes = 10;

struct record_frame {
  std::uint32_t crc = 0, previous_crc = 0;
  std::uint16_t count = 0;
  std::string_view json;
};

std::string frame_record(std::uint32_t previous_crc, std::uint16_t count, std::string_view json);
// False where the bytes are too short or the checksum does not hold.
bool parse_record(std::string_view bytes, record_frame& out) noexcept;

} // namespace alloy::events
