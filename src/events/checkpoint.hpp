#pragma once
// A tenant's tree head as a signed text: a checkpoint (C2SP tlog-checkpoint) in a signed note (C2SP signed-note,
// Ed25519). Who keeps one can prove later that nothing before it was changed. Pure, any thread.
//   origin             alloy/<log>/<tenant>
//   name of the key    alloy/<log>, so that one verifier key does for all tenants of a server
#include "core/crypto.hpp"
#include "core/id.hpp"

namespace alloy::events {

struct checkpoint {
  std::string origin;
  std::uint64_t size = 0; // records
  crypto::digest root{};
  std::string signed_by = {}; // name of the key
};

std::string origin_of(uuid const& log, uuid const& tenant);

class checkpoint_signer {
 public:
  checkpoint_signer(crypto::ed25519_key key, uuid const& log);
  // As `alloy audit verify --key` takes it: name+hash+key.
  std::string const& verifier_key() const noexcept { return verifier_key_; }
  std::string sign(uuid const& tenant, std::uint64_t size, crypto::digest const& root) const {
    return sign(origin_of(log_, tenant), size, root);
  }
  std::string sign(std::string const& origin, std::uint64_t size, crypto::digest const& root) const;
  uuid const& log() const noexcept { return log_; }

 private:
  crypto::ed25519_key key_;
  uuid log_;
  std::string name_, hash_, verifier_key_;
};

// The error says what does not hold: the key's form, the text's form, or the signature.
result<checkpoint> open_checkpoint(std::string_view note, std::string_view verifier_key);

} // namespace alloy::events
