#include "core/id.hpp"

#include <chrono>
#include <cstring>
#include <mutex>
#include <openssl/rand.h>
#include <stdexcept>

namespace alloy {
namespace {

constexpr char digits[] = "0123456789abcdef";

int nibble(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr bool dash_at(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

} // namespace

uuid uuid::from_view(std::string_view sixteen) noexcept {
  uuid id;
  if (sixteen.size() >= 16) std::memcpy(id.bytes.data(), sixteen.data(), 16);
  return id;
}

std::optional<uuid> parse_uuid(std::string_view text) noexcept {
  if (text.size() != 36) return std::nullopt;
  uuid id;
  std::size_t at = 0;
  for (std::size_t i = 0; i < 36;) {
    if (dash_at(i)) {
      if (text[i] != '-') return std::nullopt;
      ++i;
      continue;
    }
    int const high = nibble(text[i]), low = nibble(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id.bytes[at++] = static_cast<std::uint8_t>(high << 4 | low);
    i += 2;
  }
  return id;
}

void append(std::string& out, uuid const& id) {
  char text[36];
  std::size_t at = 0;
  for (std::uint8_t const byte : id.bytes) {
    if (dash_at(at)) text[at++] = '-';
    text[at++] = digits[byte >> 4];
    text[at++] = digits[byte & 15];
  }
  out.append(text, sizeof text);
}

std::string to_string(uuid const& id) {
  std::string out;
  append(out, id);
  return out;
}

// RFC 9562, section 6.2, method 1: a 12-bit counter behind the millisecond keeps ids of one process in order.
uuid new_uuid() {
  static std::mutex guard;
  static std::uint64_t last_tick = 0; // milliseconds << 12 | counter
  static std::array<std::uint8_t, 4096> pool;
  static std::size_t used = pool.size();
  uuid id;
  std::uint64_t tick = 0;
  {
    std::scoped_lock lock(guard);
    auto const now = std::chrono::system_clock::now().time_since_epoch();
    tick = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()) << 12;
    if (tick <= last_tick) tick = last_tick + 1;
    last_tick = tick;
    if (used + 8 > pool.size()) {
      if (RAND_bytes(pool.data(), static_cast<int>(pool.size())) != 1)
        throw std::runtime_error("no random bytes to be had");
      used = 0;
    }
    std::memcpy(id.bytes.data() + 8, pool.data() + used, 8);
    used += 8;
  }
  std::uint64_t const milliseconds = tick >> 12;
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(milliseconds >> (40 - 8 * i));
  id.bytes[6] = static_cast<std::uint8_t>(0x70 | (tick >> 8 & 0x0f));
  id.bytes[7] = static_cast<std::uint8_t>(tick);
  id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3f));
  return id;
}

uuid uuid_of_digest(std::string_view digest) noexcept {
  uuid id = uuid::from_view(digest);
  id.bytes[6] = static_cast<std::uint8_t>(0x80 | (id.bytes[6] & 0x0f));
  id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3f));
  return id;
}

} // namespace alloy
