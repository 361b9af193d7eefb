#pragma once
// Bytes as text: hex, base64 (RFC 4648 section 4, padded), base64url (section 5, without padding) and base62 digits.
// Decoding is strict, so that one value has one spelling: no whitespace, no wrong or missing padding, no bits beyond
// the last byte. A text that breaks this decodes to nothing. Pure functions, any thread.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace alloy {

std::string encode_hex(std::string_view bytes); // lower case
std::optional<std::string> decode_hex(std::string_view text);

std::string encode_base64(std::string_view bytes);
std::optional<std::string> decode_base64(std::string_view text);

std::string encode_base64url(std::string_view bytes);
std::optional<std::string> decode_base64url(std::string_view text);

inline constexpr std::string_view base62_digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

bool is_base62(std::string_view text) noexcept;

// Exactly `width` digits, the most significant first; digits that do not fit are cut off at the front.
std::string encode_base62(std::uint64_t value, std::size_t width);

} // namespace alloy
