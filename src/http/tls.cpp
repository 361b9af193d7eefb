#include "http/tls.hpp"

#include "core/private_file.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string_view>

namespace alloy::http {
namespace {

constexpr auto cipher_list = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                             "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                             "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr auto groups = "X25519:P-256:P-384"; // OpenSSL 3.0 has no ML-KEM

error broken(std::string const& what) {
  auto const code = ERR_get_error();
  auto const* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return {errc::internal, what + ": " + (reason == nullptr ? "unknown cause" : reason)};
}

// A client that offers h2 as well gets http/1.1; one that offers only what we do not speak is told so (RFC 7301).
int choose_protocol(SSL*, unsigned char const** out, unsigned char* out_size, unsigned char const* offered,
                    unsigned offered_size, void*) {
  static constexpr unsigned char ours[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, ours, sizeof ours, offered, offered_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// Without this OpenSSL would ask on the terminal, and a service would hang there.
int no_password(char*, int, int, void*) {
  return 0;
}

} // namespace

result<tls_context> make_tls_context(std::string const& certificate_file, std::string const& key_file) {
  ERR_clear_error();
  if (auto const exposed = exposure_of(key_file); !exposed.empty())
    return error(errc::internal, "cannot use TLS key " + key_file + ": it " + exposed);
  auto made = std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
  auto* const raw = made->native_handle();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_clear_options(raw, SSL_OP_CIPHER_SERVER_PREFERENCE); // all six are good: the client knows its hardware
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);             // an idle connection should cost little
  if (SSL_CTX_set_cipher_list(raw, cipher_list) != 1 || SSL_CTX_set1_groups_list(raw, groups) != 1)
    return broken("OpenSSL does not know the TLS profile");
  constexpr std::string_view session_id = "alloy";
  SSL_CTX_set_session_id_context(raw, reinterpret_cast<unsigned char const*>(session_id.data()), session_id.size());
  SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);

  SSL_CTX_set_default_passwd_cb(raw, no_password);
  if (SSL_CTX_use_certificate_chain_file(raw, certificate_file.c_str()) != 1)
    return broken("cannot use TLS certificate " + certificate_file);
  if (SSL_CTX_use_PrivateKey_file(raw, key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return broken("cannot use TLS key " + key_file);
  if (SSL_CTX_check_private_key(raw) != 1)
    return broken("TLS key " + key_file + " does not belong to certificate " + certificate_file);
  return made;
}

} // namespace alloy::http
