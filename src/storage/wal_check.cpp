#include "storage/wal_check.hpp"

#include "core/crc.hpp"

#include <algorithm>

namespace alloy::storage {
namespace {

constexpr std::size_t block_bytes = 32768, header_bytes = 7, type_at = 6;
constexpr unsigned type_zero = 0,
                   type_last_known = 4; // full, first, middle, last; recycled logs are never written here

std::uint32_t little_endian(std::string_view bytes) noexcept {
  std::uint32_t n = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) n = n << 8 | static_cast<unsigned char>(bytes[i]);
  return n;
}

// Stored checksums are rotated and shifted so that a checksum of bytes that hold checksums stays meaningful.
std::uint32_t unmasked(std::uint32_t stored) noexcept {
  std::uint32_t const rotated = stored - 0xa282ead8U;
  return rotated >> 17 | rotated << 15;
}

bool only_zeros(std::string_view bytes) noexcept {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

// Whether some payload that lies completely in `rest` has the checksum of its header.
bool holds_a_complete_record(std::string_view rest) noexcept {
  std::uint32_t const wanted = unmasked(little_endian(rest.substr(0, 4)));
  std::uint32_t crc = 0;
  for (std::size_t at = type_at; at < rest.size(); ++at) {
    crc = crc32c(rest.substr(at, 1), crc);
    if (crc == wanted) return true;
  }
  return false;
}

} // namespace

log_verdict examine_log(std::string_view file) noexcept {
  std::size_t at = 0;
  while (at < file.size()) {
    std::size_t const block_left = block_bytes - at % block_bytes;
    if (block_left < header_bytes) { // padding
      at += block_left;
      continue;
    }
    auto const rest = file.substr(at, block_left);
    if (rest.size() < header_bytes) return {log_end::torn, at};
    std::size_t const length = little_endian(rest.substr(4, 2));
    auto const type = static_cast<unsigned char>(rest[type_at]);
    if (type == type_zero && length == 0) return {only_zeros(file.substr(at)) ? log_end::torn : log_end::altered, at};
    if (header_bytes + length > rest.size()) {
      bool const at_end = rest.size() < block_left;
      return {at_end && !holds_a_complete_record(rest) ? log_end::torn : log_end::altered, at};
    }
    auto const covered = rest.substr(type_at, 1 + length);
    if (type > type_last_known || crc32c(covered) != unmasked(little_endian(rest.substr(0, 4))))
      return {log_end::altered, at};
    at += header_bytes + length;
  }
  return {log_end::whole, file.size()};
}

} // namespace alloy::storage
