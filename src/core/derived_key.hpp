#pragma once
// The server's key is never used itself: each use has a key of its own, derived from it (HKDF-SHA256, RFC 5869), so
// that what is learnt or forged of one says nothing about another. Sealed values begin with a mark and the id of their
// key; those of versions before that have neither and were sealed with the server's key itself, and are still read. Any
// thread.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace alloy::crypto {

enum class key_use : std::uint8_t {
  person_keys,
  email_index,
  webhook_secrets,
  idempotency_store,
  retry_keys,
  cursors,
  known_networks,
  count
};

std::string hkdf_sha256(std::string_view key, std::string_view salt, std::string_view info, std::size_t bytes);

// 32 bytes. A use's key never changes: rows on disk were made with it.
std::string derived_key(std::string_view server_key, key_use use);

class sealer {
 public:
  sealer(std::string server_key, key_use use);

  // mark | id of the key | what crypto::seal makes. `associated` as there.
  std::string seal(std::string_view plain, std::string_view associated) const;
  // Nothing where it was sealed by another key, for another use or for something else, or has been changed.
  std::optional<std::string> open(std::string_view sealed, std::string_view associated) const;

 private:
  std::string server_key_, key_, head_;
};

} // namespace alloy::crypto
