#pragma once
// The secrets Alloy hands out, and their shapes:
//   API key         alloy_live_ 32*base62 6*base62     the last six: CRC-32 of all before them
//   refresh token   alloy_rt_   43*base62 6*base62     likewise
//   invite code     inv_        24*base62
//   webhook secret  whsec_      base64 of 32 bytes     (Standard Webhooks)
// Prefix and check digits let scanners find leaked keys and let us refuse mistyped ones without a lookup. Each carries
// 142 random bits or more, so a plain SHA-256 keeps it; the secret itself is shown once and never stored (a webhook
// secret, which signs, is stored sealed). Any thread.
#include "core/crypto.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace alloy::auth {

std::string make_api_key();
std::string make_refresh_token();
std::string make_invite_code();
std::string make_webhook_secret();

// Shape and check digits. What fails here is worth no lookup.
bool is_api_key(std::string_view text) noexcept;
bool is_refresh_token(std::string_view text) noexcept;
bool is_invite_code(std::string_view text) noexcept;
// The key bytes of a webhook secret, of 24 to 64 bytes as Standard Webhooks asks.
std::optional<std::string> webhook_secret_bytes(std::string_view text);

// Whether a credential claims to be an API key, so that the answer can speak of keys and not of tokens.
bool looks_like_api_key(std::string_view text) noexcept;

// What is shown of a key after its making: the first 16 characters.
std::string key_prefix(std::string_view key);

// What is stored instead of the secret: 64 hex digits of its SHA-256.
std::string secret_digest(std::string_view secret);

} // namespace alloy::auth
