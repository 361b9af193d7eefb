#include "core/crypto.hpp"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <climits>
#include <stdexcept>

namespace alloy::crypto {
namespace {

constexpr std::size_t key_size = 32;
constexpr int nonce_size = 12;
constexpr int tag_size = 16;

[[noreturn]] void fail(char const* what) {
  char reason[160] = "no reason given";
  if (auto const code = ERR_get_error(); code != 0) ERR_error_string_n(code, reason, sizeof reason);
  ERR_clear_error();
  throw std::runtime_error(std::string("OpenSSL: ") + what + ": " + reason);
}

unsigned char* bytes_of(std::string& s) {
  return reinterpret_cast<unsigned char*>(s.data());
}
unsigned char const* bytes_of(std::string_view s) {
  return reinterpret_cast<unsigned char const*>(s.data());
}

// EVP counts in int; everything sealed here is far smaller, so more is a bug of ours.
int length_of(std::string_view s) {
  if (s.size() > INT_MAX - 64U) throw std::invalid_argument("more than 2 GiB in one cryptographic operation");
  return static_cast<int>(s.size());
}

template <auto Free> struct freed_by {
  template <class T> void operator()(T* p) const noexcept { Free(p); }
};
using digest_context = std::unique_ptr<EVP_MD_CTX, freed_by<EVP_MD_CTX_free>>;
using cipher_context = std::unique_ptr<EVP_CIPHER_CTX, freed_by<EVP_CIPHER_CTX_free>>;
using memory_bio = std::unique_ptr<BIO, freed_by<BIO_free>>;

// Fetched once and never freed: a lookup by name costs more than hashing a token, and OpenSSL's own clean-up at exit
// would come before a destructor of ours.
EVP_MD const* sha256_method() {
  static EVP_MD const* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  if (method == nullptr) fail("no SHA-256");
  return method;
}

EVP_CIPHER const* gcm_method() {
  static EVP_CIPHER const* const method = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  if (method == nullptr) fail("no AES-256-GCM");
  return method;
}

cipher_context gcm_context(std::string_view key, std::string_view nonce, bool sealing) {
  if (key.size() != key_size) throw std::invalid_argument("an AES-256 key has 32 bytes");
  cipher_context context(EVP_CIPHER_CTX_new());
  if (!context ||
      EVP_CipherInit_ex2(context.get(), gcm_method(), bytes_of(key), bytes_of(nonce), sealing ? 1 : 0, nullptr) != 1)
    fail("cannot start AES-256-GCM");
  return context;
}

// A key file with a passphrase must not make OpenSSL ask for it on the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

memory_bio reader_of(std::string_view pem) {
  memory_bio bio(BIO_new_mem_buf(pem.data(), length_of(pem)));
  if (!bio) fail("no memory");
  return bio;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  auto const size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

result<EVP_PKEY*> only_ed25519(EVP_PKEY* key, std::string_view kind) {
  ERR_clear_error();
  if (key == nullptr) return error(errc::internal, "not a PEM " + std::string(kind) + " key without passphrase");
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519) return key;
  EVP_PKEY_free(key);
  return error(errc::internal, "the " + std::string(kind) + " key is not an Ed25519 key");
}

} // namespace

digest sha256(std::string_view message) {
  thread_local digest_context const context(EVP_MD_CTX_new());
  digest out{};
  unsigned size = 0;
  if (!context || EVP_DigestInit_ex2(context.get(), sha256_method(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), message.data(), message.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), out.data(), &size) != 1)
    fail("SHA-256");
  return out;
}

sha256_stream::sha256_stream() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
  if (!context_ || EVP_DigestInit_ex2(context_.get(), sha256_method(), nullptr) != 1) fail("SHA-256");
}

void sha256_stream::add(std::string_view part) {
  if (EVP_DigestUpdate(context_.get(), part.data(), part.size()) != 1) fail("SHA-256");
}

digest sha256_stream::finish() {
  digest out{};
  unsigned size = 0;
  if (EVP_DigestFinal_ex(context_.get(), out.data(), &size) != 1) fail("SHA-256");
  return out;
}

digest hmac_sha256(std::string_view key, std::string_view message) {
  digest out{};
  unsigned size = 0;
  // HMAC() takes a null key for "the key of last time", so an empty one still needs an address.
  unsigned char const* const key_bytes = key.empty() ? out.data() : bytes_of(key);
  if (HMAC(sha256_method(), key_bytes, length_of(key), bytes_of(message), message.size(), out.data(), &size) == nullptr)
    fail("HMAC-SHA256");
  return out;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (count > INT_MAX || RAND_bytes(bytes_of(bytes), static_cast<int>(count)) != 1) fail("no random bytes");
  return bytes;
}

bool constant_time_equal(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wipe(std::string& secret) noexcept {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

std::string seal(std::string_view key, std::string_view plain, std::string_view associated) {
  std::string sealed = random_bytes(nonce_size);
  auto const context = gcm_context(key, sealed, true);
  auto const plain_size = length_of(plain);
  sealed.resize(nonce_size + plain.size() + tag_size);
  auto* const out = bytes_of(sealed) + nonce_size;
  int size = 0;
  if (EVP_CipherUpdate(context.get(), nullptr, &size, bytes_of(associated), length_of(associated)) != 1 ||
      EVP_CipherUpdate(context.get(), out, &size, bytes_of(plain), plain_size) != 1 ||
      EVP_CipherFinal_ex(context.get(), out + plain_size, &size) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_size, out + plain_size) != 1)
    fail("AES-256-GCM");
  return sealed;
}

std::optional<std::string> open(std::string_view key, std::string_view sealed, std::string_view associated) {
  if (sealed.size() < nonce_size + tag_size) return std::nullopt;
  auto const context = gcm_context(key, sealed.substr(0, nonce_size), false);
  auto const cipher = sealed.substr(nonce_size, sealed.size() - nonce_size - tag_size);
  std::string tag(sealed.substr(sealed.size() - tag_size));
  std::string plain(cipher.size() + tag_size, '\0');
  int size = 0;
  if (EVP_CipherUpdate(context.get(), nullptr, &size, bytes_of(associated), length_of(associated)) != 1 ||
      EVP_CipherUpdate(context.get(), bytes_of(plain), &size, bytes_of(cipher), length_of(cipher)) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()) != 1)
    fail("AES-256-GCM");
  if (EVP_CipherFinal_ex(context.get(), bytes_of(plain) + cipher.size(), &size) != 1) {
    ERR_clear_error();
    wipe(plain);
    return std::nullopt;
  }
  plain.resize(cipher.size());
  return plain;
}

ed25519_key::ed25519_key(evp_pkey_st* key, bool has_private) : key_(key, EVP_PKEY_free), private_(has_private) {}

ed25519_key ed25519_key::generate() {
  auto* const key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  if (key == nullptr) fail("cannot make an Ed25519 key");
  return {key, true};
}

result<ed25519_key> ed25519_key::from_private_pem(std::string_view pem) {
  auto key = only_ed25519(PEM_read_bio_PrivateKey(reader_of(pem).get(), nullptr, no_passphrase, nullptr), "private");
  if (!key) return key.error();
  return ed25519_key(*key, true);
}

result<ed25519_key> ed25519_key::from_public_pem(std::string_view pem) {
  auto key = only_ed25519(PEM_read_bio_PUBKEY(reader_of(pem).get(), nullptr, no_passphrase, nullptr), "public");
  if (!key) return key.error();
  return ed25519_key(*key, false);
}

result<ed25519_key> ed25519_key::from_seed(std::string_view seed) {
  auto* const key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(seed), seed.size());
  ERR_clear_error();
  if (key == nullptr) return error(errc::internal, "an Ed25519 seed has 32 bytes");
  return ed25519_key(key, true);
}

result<ed25519_key> ed25519_key::from_public_bytes(std::string_view bytes) {
  auto* const key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(bytes), bytes.size());
  ERR_clear_error();
  if (key == nullptr) return error(errc::internal, "an Ed25519 public key has 32 bytes");
  return ed25519_key(key, false);
}

std::string ed25519_key::sign(std::string_view message) const {
  if (!private_) throw std::logic_error("a public key cannot sign");
  digest_context const context(EVP_MD_CTX_new());
  std::string signature(signature_size, '\0');
  auto size = signature.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), bytes_of(signature), &size, bytes_of(message), message.size()) != 1)
    fail("Ed25519 sign");
  return signature;
}

bool ed25519_key::verify(std::string_view message, std::string_view signature) const noexcept {
  if (signature.size() != signature_size) return false;
  digest_context const context(EVP_MD_CTX_new());
  bool const good =
      context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
      EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message), message.size()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

std::string ed25519_key::public_bytes() const {
  std::string bytes(32, '\0');
  auto size = bytes.size();
  if (EVP_PKEY_get_raw_public_key(key_.get(), bytes_of(bytes), &size) != 1) fail("no public key");
  return bytes;
}

std::string ed25519_key::public_pem() const {
  memory_bio const bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PUBKEY(bio.get(), key_.get()) != 1) fail("cannot write the public key");
  return text_of(bio.get());
}

std::string ed25519_key::private_pem() const {
  if (!private_) throw std::logic_error("a public key has no private half");
  memory_bio const bio(BIO_new(BIO_s_secmem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    fail("cannot write the private key");
  return text_of(bio.get());
}

} // namespace alloy::crypto
