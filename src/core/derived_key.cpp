#include "core/derived_key.hpp"

#include "core/crypto.hpp"

#include <array>
#include <memory>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdexcept>

namespace alloy::crypto {
namespace {

constexpr std::size_t key_bytes = 32, id_bytes = 4, key_uses = static_cast<std::size_t>(key_use::count);
constexpr std::string_view mark("\x00"
                                "AK1",
                                4);

std::string_view label_of(key_use use) {
  switch (use) {
  case key_use::person_keys: return "alloy person keys 1";
  case key_use::email_index: return "alloy email index 1";
  case key_use::webhook_secrets: return "alloy webhook secrets 1";
  case key_use::idempotency_store: return "alloy kept answers 1";
  case key_use::retry_keys: return "alloy retry keys 1";
  case key_use::cursors: return "alloy cursors 1";
  case key_use::known_networks: return "alloy known networks 1";
  case key_use::count: break;
  }
  throw std::invalid_argument("no such use of a key");
}

// Fetched once and never freed, as the digests of crypto.cpp are.
EVP_KDF* hkdf_method() {
  static EVP_KDF* const method = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  if (method == nullptr) throw std::runtime_error("OpenSSL has no HKDF");
  return method;
}

OSSL_PARAM octets(char const* name, std::string_view bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(bytes.data()), bytes.size());
}

// A server has one key, and each of its uses is asked for again and again.
struct derivation {
  std::string server_key, key, head;
};

derivation const& derived_from(std::string_view server_key, key_use use) {
  thread_local std::array<derivation, key_uses> last;
  auto& d = last[static_cast<std::size_t>(use)];
  if (d.server_key == server_key && !d.key.empty()) return d;
  derivation made;
  made.server_key = server_key;
  made.key = hkdf_sha256(server_key, {}, label_of(use), key_bytes);
  made.head = mark;
  made.head += view_of(sha256("key id\n" + made.key)).substr(0, id_bytes);
  d = std::move(made);
  return d;
}

} // namespace

std::string hkdf_sha256(std::string_view key, std::string_view salt, std::string_view info, std::size_t bytes) {
  struct freed {
    void operator()(EVP_KDF_CTX* c) const noexcept { EVP_KDF_CTX_free(c); }
  };
  std::unique_ptr<EVP_KDF_CTX, freed> const context(EVP_KDF_CTX_new(hkdf_method()));
  char digest_name[] = "SHA256";
  std::array<OSSL_PARAM, 5> const how{OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest_name, 0),
                                      octets(OSSL_KDF_PARAM_KEY, key), octets(OSSL_KDF_PARAM_INFO, info),
                                      salt.empty() ? OSSL_PARAM_construct_end() : octets(OSSL_KDF_PARAM_SALT, salt),
                                      OSSL_PARAM_construct_end()};
  std::string out(bytes, '\0');
  if (!context ||
      EVP_KDF_derive(context.get(), reinterpret_cast<unsigned char*>(out.data()), out.size(), how.data()) != 1) {
    ERR_clear_error();
    throw std::runtime_error("OpenSSL: HKDF failed");
  }
  return out;
}

std::string derived_key(std::string_view server_key, key_use use) {
  return derived_from(server_key, use).key;
}

sealer::sealer(std::string server_key, key_use use) : server_key_(std::move(server_key)) {
  auto const& own = derived_from(server_key_, use);
  key_ = own.key;
  head_ = own.head;
}

std::string sealer::seal(std::string_view plain, std::string_view associated) const {
  return head_ + crypto::seal(key_, plain, associated);
}

std::optional<std::string> sealer::open(std::string_view sealed, std::string_view associated) const {
  if (sealed.starts_with(head_))
    if (auto plain = crypto::open(key_, sealed.substr(head_.size()), associated)) return plain;
  // Also where the first bytes of an old value, which are random, happen to look like a head.
  return crypto::open(server_key_, sealed, associated);
}

} // namespace alloy::crypto
