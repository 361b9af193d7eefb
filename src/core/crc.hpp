#pragma once
// Checksums against accidents, not against people: CRC-32C (Castagnoli, the log's records) and CRC-32 (IEEE 802.3, the
// check digits of our keys). Both continue: crc32c(b, crc32c(a)) == crc32c(a + b). Pure functions, any thread.
#include <cstdint>
#include <string_view>

namespace alloy {

std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0) noexcept;
std::uint32_t crc32(std::string_view bytes, std::uint32_t crc = 0) noexcept;

// What crc32c() falls back to where the processor has no instruction for it; public so that tests compare the two.
std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t crc = 0) noexcept;

} // namespace alloy
