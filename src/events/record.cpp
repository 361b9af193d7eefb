#include "events/record.hpp"

#include "core/crc.hpp"

namespace alloy::events {
namespace {

constexpr std::size_t crc_bytes = 4, previous_at = 4, count_at = 8;

void append_big_endian(std::string& out, std::uint32_t n, int bits) {
  for (int shift = bits - 8; shift >= 0; shift -= 8) out.push_back(static_cast<char>(n >> shift));
}

std::uint32_t big_endian(std::string_view bytes) noexcept {
  std::uint32_t n = 0;
  for (char const c : bytes) n = n << 8 | static_cast<unsigned char>(c);
  return n;
}

} // namespace

std::string frame_record(std::uint32_t previous_crc, std::uint16_t count, std::string_view json) {
  std::string bytes;
  bytes.reserve(record_header_bytes + json.size());
  append_big_endian(bytes, 0, 32);
  append_big_endian(bytes, previous_crc, 32);
  append_big_endian(bytes, count, 16);
  bytes.append(json);
  std::string crc;
  append_big_endian(crc, crc32c(std::string_view(bytes).substr(crc_bytes)), 32);
  bytes.replace(0, crc_bytes, crc);
  return bytes;
}

bool parse_record(std::string_view bytes, record_frame& out) noexcept {
  if (bytes.size() < record_header_bytes) return false;
  out.crc = big_endian(bytes.substr(0, crc_bytes));
  out.previous_crc = big_endian(bytes.substr(previous_at, 4));
  out.count = static_cast<std::uint16_t>(big_endian(bytes.substr(count_at, 2)));
  out.json = bytes.substr(record_header_bytes);
  return out.crc == crc32c(bytes.substr(crc_bytes));
}

} // namespace alloy::events
