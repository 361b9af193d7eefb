#pragma once
// The cryptography Alloy uses, over OpenSSL 3's EVP: SHA-256, HMAC-SHA256 (RFC 2104), AES-256-GCM (SP 800-38D), Ed25519
// (RFC 8032), random bytes. Bytes are std::string. A library that fails (no randomness, no memory) throws
// std::runtime_error: a broken machine. Everything here may be called from any thread at once.
#include "core/crc.hpp"
#include "core/error.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_md_ctx_st;
struct evp_pkey_st;

namespace alloy::crypto {

using digest = std::array<unsigned char, 32>;

inline std::string_view view_of(digest const& d) noexcept {
  return {reinterpret_cast<char const*>(d.data()), d.size()};
}

digest sha256(std::string_view message);
// SHA-256 of a text that comes in parts.
class sha256_stream {
 public:
  sha256_stream();
  void add(std::string_view part);
  digest finish(); // once, at the end

 private:
  std::shared_ptr<evp_md_ctx_st> context_;
};
digest hmac_sha256(std::string_view key, std::string_view message);

// From the system's generator by way of OpenSSL's DRBG: fit for keys.
std::string random_bytes(std::size_t count);

// Takes as long for texts that differ early as for texts that differ late. Their lengths are no secret.
bool constant_time_equal(std::string_view a, std::string_view b) noexcept;

// Overwrites what the string holds, in a way no optimizer leaves out, and empties it.
void wipe(std::string& secret) noexcept;

// AES-256-GCM. Sealed bytes: 12-byte random nonce | ciphertext | 16-byte tag. `associated` is authenticated but not
// stored: say there what the bytes are and whose, so that they cannot be moved elsewhere. At most 2^32 seals a key.
// A key that is not 32 bytes long is a bug (std::invalid_argument).
std::string seal(std::string_view key, std::string_view plain, std::string_view associated);

// Nothing where key, associated data or any bit differ from what was sealed.
std::optional<std::string> open(std::string_view key, std::string_view sealed, std::string_view associated);

// A loaded Ed25519 key: a pair, or the public half alone. Copies share the key.
class ed25519_key {
 public:
  static constexpr std::size_t signature_size = 64;

  static ed25519_key generate();
  // PEM: PKCS #8 without passphrase, or SubjectPublicKeyInfo. Any other kind of key is refused with the reason.
  static result<ed25519_key> from_private_pem(std::string_view pem);
  static result<ed25519_key> from_public_pem(std::string_view pem);
  // The 32 bytes of RFC 8032.
  static result<ed25519_key> from_seed(std::string_view seed);
  static result<ed25519_key> from_public_bytes(std::string_view bytes);

  bool can_sign() const noexcept { return private_; }
  std::string sign(std::string_view message) const; // REQUIRES: can_sign(); else std::logic_error
  bool verify(std::string_view message, std::string_view signature) const noexcept;

  std::string public_bytes() const; // 32 bytes
  std::string public_pem() const;
  std::string private_pem() const; // REQUIRES: can_sign()

 private:
  ed25519_key(evp_pkey_st* key, bool has_private);

  std::shared_ptr<evp_pkey_st> key_;
  bool private_ = false;
};

} // namespace alloy::crypto
