#include "auth/token_format.hpp"

#include "core/base64.hpp"
#include "core/crc.hpp"

namespace alloy::auth {
namespace {

constexpr std::string_view api_key_prefix = "alloy_live_", refresh_prefix = "alloy_rt_", invite_prefix = "inv_",
                           webhook_prefix = "whsec_";
constexpr std::size_t api_key_digits = 32, refresh_digits = 43, invite_digits = 24, check_digits = 6;

std::string random_base62(std::size_t count) {
  // 248 is the largest multiple of 62 in a byte; the bytes above it would favour the first digits.
  constexpr unsigned fair = 248;
  std::string text;
  while (text.size() < count) {
    auto bytes = crypto::random_bytes(count);
    for (char const c : bytes)
      if (auto const byte = static_cast<unsigned char>(c); byte < fair && text.size() < count)
        text += base62_digits[byte % 62];
    crypto::wipe(bytes);
  }
  return text;
}

std::string check_of(std::string_view text) {
  return encode_base62(crc32(text), check_digits);
}

std::string make_checked(std::string_view prefix, std::size_t digits) {
  auto text = std::string(prefix) + random_base62(digits);
  text += check_of(text);
  return text;
}

bool is_shaped(std::string_view text, std::string_view prefix, std::size_t digits) noexcept {
  return text.size() == prefix.size() + digits && text.starts_with(prefix) && is_base62(text.substr(prefix.size()));
}

bool is_checked(std::string_view text, std::string_view prefix, std::size_t digits) noexcept {
  if (!is_shaped(text, prefix, digits + check_digits)) return false;
  auto const body = text.substr(0, text.size() - check_digits);
  return check_of(body) == text.substr(body.size());
}

} // namespace

std::string make_api_key() {
  return make_checked(api_key_prefix, api_key_digits);
}
std::string make_refresh_token() {
  return make_checked(refresh_prefix, refresh_digits);
}
std::string make_invite_code() {
  return std::string(invite_prefix) + random_base62(invite_digits);
}
std::string make_webhook_secret() {
  return std::string(webhook_prefix) + encode_base64(crypto::random_bytes(32));
}

bool is_api_key(std::string_view text) noexcept {
  return is_checked(text, api_key_prefix, api_key_digits);
}
bool is_refresh_token(std::string_view text) noexcept {
  return is_checked(text, refresh_prefix, refresh_digits);
}
bool is_invite_code(std::string_view text) noexcept {
  return is_shaped(text, invite_prefix, invite_digits);
}

std::optional<std::string> webhook_secret_bytes(std::string_view text) {
  if (!text.starts_with(webhook_prefix)) return std::nullopt;
  auto bytes = decode_base64(text.substr(webhook_prefix.size()));
  if (!bytes || bytes->size() < 24 || bytes->size() > 64) return std::nullopt;
  return bytes;
}

bool looks_like_api_key(std::string_view text) noexcept {
  return text.starts_with("alloy_");
}

std::string key_prefix(std::string_view key) {
  return std::string(key.substr(0, 16));
}

std::string secret_digest(std::string_view secret) {
  return encode_hex(crypto::view_of(crypto::sha256(secret)));
}

} // namespace alloy::auth
