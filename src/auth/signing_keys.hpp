#pragma once
// The server's long-lived keys: the Ed25519 pair that signs access tokens, and the 32-byte sealing key that encrypts
// what the store must not hold in the clear. They come from the settings, or are made at first start:
//   <data_dir>/keys/jwt-ed25519.pem   PKCS #8, mode 0600
//   <data_dir>/keys/log-ed25519.pem   the same: it signs the heads of the log
//   <data_dir>/keys/server.key        32 bytes as 64 hex digits and a newline, mode 0600
// in a folder of mode 0700. A file that others may read, that is not a plain file or that is damaged is refused with
// what to do about it; it is never replaced, for what was sealed or signed with it would be lost. Loaded once, then
// immutable: any thread.
#include "core/crypto.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace alloy::auth {

class signing_keys {
 public:
  // Empty PEM texts mean the key file. errc::internal with a precise detail where a key cannot be had.
  static result<signing_keys> load(std::string_view private_pem, std::string_view public_pem,
                                   std::filesystem::path const& data_dir);
  // Keys of their own that live in memory alone, for tests and tools.
  static signing_keys ephemeral();

  crypto::ed25519_key const& jwt_key() const noexcept { return jwt_key_; }
  crypto::ed25519_key const& log_key() const noexcept { return log_key_; }
  std::string const& kid() const noexcept { return kid_; } // base64url of the public key's SHA-256, first 8 bytes
  std::string const& sealing_key() const noexcept { return sealing_key_; } // 32 bytes

 private:
  signing_keys(crypto::ed25519_key jwt_key, crypto::ed25519_key log_key, std::string sealing_key);

  crypto::ed25519_key jwt_key_, log_key_;
  std::string kid_, sealing_key_;
};

} // namespace alloy::auth
