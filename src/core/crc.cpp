#include "core/crc.hpp"

#include <array>
#include <cstring>

namespace alloy {
namespace {

using slices = std::array<std::array<std::uint32_t, 256>, 8>;

// Table k holds the checksum of a byte followed by k zero bytes, so that eight bytes cost eight lookups and no loop.
constexpr slices slices_of(std::uint32_t polynomial_reversed) {
  slices tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1U ^ ((crc & 1U) != 0 ? polynomial_reversed : 0U);
    tables[0][i] = crc;
  }
  for (std::size_t k = 1; k < tables.size(); ++k)
    for (std::size_t i = 0; i < 256; ++i) tables[k][i] = tables[k - 1][i] >> 8U ^ tables[0][tables[k - 1][i] & 255U];
  return tables;
}

constexpr slices castagnoli = slices_of(0x82f63b78U);
constexpr slices ieee = slices_of(0xedb88320U);

std::uint32_t by_slices(slices const& tables, std::string_view bytes, std::uint32_t crc) noexcept {
  auto const* at = reinterpret_cast<unsigned char const*>(bytes.data());
  auto left = bytes.size();
  crc = ~crc;
  for (; left >= 8; at += 8, left -= 8) {
    // Put together byte by byte: the order in memory then does not matter.
    std::uint32_t const low = crc ^ (at[0] | at[1] << 8U | at[2] << 16U | static_cast<std::uint32_t>(at[3]) << 24U);
    crc = tables[7][low & 255U] ^ tables[6][low >> 8U & 255U] ^ tables[5][low >> 16U & 255U] ^ tables[4][low >> 24U] ^
          tables[3][at[4]] ^ tables[2][at[5]] ^ tables[1][at[6]] ^ tables[0][at[7]];
  }
  for (; left > 0; ++at, --left) crc = crc >> 8U ^ tables[0][(crc ^ *at) & 255U];
  return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::string_view bytes, std::uint32_t crc) noexcept {
  auto const* at = bytes.data();
  auto left = bytes.size();
  std::uint64_t state = ~crc;
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    state = __builtin_ia32_crc32di(state, word);
  }
  auto rest = static_cast<std::uint32_t>(state);
  for (; left > 0; ++at, --left) rest = __builtin_ia32_crc32qi(rest, static_cast<unsigned char>(*at));
  return ~rest;
}
#endif

} // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc) noexcept {
#if defined(__x86_64__)
  static bool const has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return by_instruction(bytes, crc);
#endif
  return by_slices(castagnoli, bytes, crc);
}

std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t crc) noexcept {
  return by_slices(castagnoli, bytes, crc);
}

std::uint32_t crc32(std::string_view bytes, std::uint32_t crc) noexcept {
  return by_slices(ieee, bytes, crc);
}

} // namespace alloy
