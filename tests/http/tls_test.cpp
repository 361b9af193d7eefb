#include "tests/http/echo_server.hpp"

#include <boost/test/unit_test.hpp>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

using namespace alloy;

namespace {

template <auto release> struct releaser {
  template <class T> void operator()(T* what) const noexcept { release(what); }
};
template <class T, auto release> using owned = std::unique_ptr<T, releaser<release>>;

using key_ptr = owned<EVP_PKEY, EVP_PKEY_free>;

// A folder with a certificate made for this test, gone with it.
class certificate {
 public:
  explicit certificate(long serial = 1) {
    std::string pattern = (std::filesystem::temp_directory_path() / "alloy-tls-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    renew(serial);
  }
  ~certificate() { std::filesystem::remove_all(folder_); }

  std::string certificate_file() const { return (folder_ / "cert.pem").string(); }
  std::string key_file() const { return (folder_ / "key.pem").string(); }

  http::settings settings() const {
    http::settings with;
    with.tls_certificate_file = certificate_file();
    with.tls_key_file = key_file();
    return with;
  }

  void renew(long serial) {
    key_ptr const key(EVP_EC_gen("P-256"));
    owned<X509, X509_free> const made(X509_new());
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_set_pubkey(made.get(), key.get());
    auto* const name = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>("localhost"), -1, -1,
                               0);
    X509_set_issuer_name(made.get(), name);
    X509_sign(made.get(), key.get(), EVP_sha256());
    auto* const cert_out = std::fopen(certificate_file().c_str(), "w");
    PEM_write_X509(cert_out, made.get());
    std::fclose(cert_out);
    auto* const key_out = std::fopen(key_file().c_str(), "w");
    PEM_write_PrivateKey(key_out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(key_out);
    ::chmod(key_file().c_str(), 0600);
  }

 private:
  std::filesystem::path folder_;
};

// A TLS client over a raw socket. It does not verify: whom it talks to is not what is tested.
class tls_wire {
 public:
  explicit tls_wire(std::uint16_t port, int version = 0, char const* ciphers = nullptr, std::string_view alpn = {},
                    std::string_view before = {})
      : raw_(port), context_(SSL_CTX_new(TLS_client_method())), ssl_() {
    raw_.send(before);
    SSL_CTX_set_security_level(context_.get(), 0); // so that it may offer what the server has to refuse
    if (version != 0) {
      SSL_CTX_set_min_proto_version(context_.get(), version);
      SSL_CTX_set_max_proto_version(context_.get(), version);
    }
    if (ciphers != nullptr) SSL_CTX_set_cipher_list(context_.get(), ciphers);
    ssl_.reset(SSL_new(context_.get()));
    if (!alpn.empty())
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<unsigned char const*>(alpn.data()),
                          static_cast<unsigned>(alpn.size()));
    SSL_set_fd(ssl_.get(), raw_.descriptor());
    connected = SSL_connect(ssl_.get()) == 1;
    ERR_clear_error();
  }

  tests::answer ask(std::string const& bytes) {
    SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    tests::answer out;
    while (!tests::take_answer(pending_, out)) {
      char part[4096];
      auto const n = SSL_read(ssl_.get(), part, sizeof part);
      if (n <= 0) throw std::runtime_error("the TLS connection ended; it said: " + pending_);
      pending_.append(part, static_cast<std::size_t>(n));
    }
    return out;
  }

  // True if the server says goodbye as TLS wants it, so that nobody can cut an answer short unnoticed.
  bool is_closed_cleanly() {
    char part[4096];
    auto const n = SSL_read(ssl_.get(), part, sizeof part);
    return n <= 0 && SSL_get_error(ssl_.get(), n) == SSL_ERROR_ZERO_RETURN;
  }

  long serial() const {
    owned<X509, X509_free> const theirs(SSL_get1_peer_certificate(ssl_.get()));
    return ASN1_INTEGER_get(X509_get_serialNumber(theirs.get()));
  }
  std::string version() const { return SSL_get_version(ssl_.get()); }
  std::string alpn() const {
    unsigned char const* text = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &text, &size);
    return {reinterpret_cast<char const*>(text), size};
  }

  bool connected = false;

 private:
  tests::wire raw_;
  owned<SSL_CTX, SSL_CTX_free> context_;
  owned<SSL, SSL_free> ssl_;
  std::string pending_;
};

std::string get(std::string const& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

} // namespace

BOOST_AUTO_TEST_SUITE(tls)

BOOST_AUTO_TEST_CASE(a_proxys_header_comes_before_the_handshake) {
  certificate const made;
  auto with = made.settings();
  with.proxy_protocol = true;
  with.trusted_proxies = {"127.0.0.1"};
  tests::echo_server echo(with);
  echo.special = [](http::request const& r) { return tests::echo_server::plain(r.peer); };
  std::string const header("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\x7f\0\0\x01\x30\x39\x0b\xb8", 28);
  tls_wire peer(echo.port, 0, nullptr, {}, header);
  BOOST_TEST_REQUIRE(peer.connected);
  BOOST_TEST(peer.ask(get("/a")).body == "192.0.2.7");
  BOOST_TEST(!tls_wire(echo.port).connected); // the handshake is no such header
}

BOOST_AUTO_TEST_CASE(requests_are_served_over_tls_1_2_and_1_3) {
  certificate const made;
  tests::echo_server echo(made.settings());
  for (int const version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    tls_wire peer(echo.port, version);
    BOOST_TEST_REQUIRE(peer.connected);
    for (auto const* const path : {"/a", "/b"}) {
      auto const answer = peer.ask(get(path));
      BOOST_TEST(answer.body == "GET " + std::string(path) + "? ");
      BOOST_TEST(answer.field("Strict-Transport-Security") == "max-age=63072000");
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_outside_the_profile_is_refused) {
  certificate const made;
  tests::echo_server echo(made.settings());
  BOOST_TEST(!tls_wire(echo.port, TLS1_1_VERSION, "ALL:@SECLEVEL=0").connected);
  BOOST_TEST(!tls_wire(echo.port, TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA").connected);
  BOOST_TEST(!tls_wire(echo.port, TLS1_2_VERSION, "AES128-GCM-SHA256").connected);
  BOOST_TEST(tls_wire(echo.port, TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305").connected);
}

BOOST_AUTO_TEST_CASE(http_1_1_is_chosen_where_the_client_may_choose) {
  certificate const made;
  tests::echo_server echo(made.settings());
  BOOST_TEST(tls_wire(echo.port, 0, nullptr, "\x02h2\x08http/1.1").alpn() == "http/1.1");
  BOOST_TEST(!tls_wire(echo.port, 0, nullptr, "\x02h2").connected);
}

BOOST_AUTO_TEST_CASE(a_large_body_goes_both_ways) {
  certificate const made;
  tests::echo_server echo(made.settings());
  tls_wire peer(echo.port);
  std::string const body(300'000, 'x');
  auto const answer =
      peer.ask("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  BOOST_TEST((answer.body == "PUT /a? " + body));
}

BOOST_AUTO_TEST_CASE(tls_ends_with_a_goodbye) {
  certificate const made;
  tests::echo_server echo(made.settings());
  tls_wire asked(echo.port), refused(echo.port), idle(echo.port);
  BOOST_TEST(asked.ask("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").status == 200U);
  BOOST_TEST(asked.is_closed_cleanly());
  BOOST_TEST(refused.ask("GET /a HTTP/1.1\r\n\r\n" + get("/b")).status == 400U);
  BOOST_TEST(refused.is_closed_cleanly());
  BOOST_TEST(idle.ask(get("/a")).status == 200U);
  echo.server.begin_drain();
  BOOST_TEST(idle.is_closed_cleanly());
}

BOOST_AUTO_TEST_CASE(plain_http_on_a_tls_port_harms_nobody) {
  certificate const made;
  tests::echo_server echo(made.settings());
  tests::wire plain(echo.port);
  plain.send(get("/a"));
  BOOST_TEST(plain.read_to_end().find("HTTP/1.1 200") == std::string::npos);
  BOOST_TEST(tls_wire(echo.port).ask(get("/b")).status == 200U);
}

BOOST_AUTO_TEST_CASE(a_handshake_that_does_not_come_is_not_waited_for) {
  certificate const made;
  auto with = made.settings();
  with.head_timeout_ms = 40;
  tests::echo_server echo(with);
  BOOST_TEST(tests::wire(echo.port).read_to_end() == "");
}

BOOST_AUTO_TEST_CASE(a_new_certificate_is_taken_without_dropping_anybody) {
  certificate made(1);
  tests::echo_server echo(made.settings());
  tls_wire before(echo.port);
  BOOST_TEST(before.serial() == 1);
  made.renew(2);
  BOOST_TEST(echo.server.reload().has_value());
  BOOST_TEST(tls_wire(echo.port).serial() == 2);
  BOOST_TEST(before.ask(get("/a")).status == 200U);

  std::ofstream(made.certificate_file()) << "nonsense";
  auto const no = echo.server.reload();
  BOOST_TEST_REQUIRE(!no);
  BOOST_TEST(no.error().detail.find(made.certificate_file()) != std::string::npos);
  BOOST_TEST(tls_wire(echo.port).serial() == 2); // the good one stays
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_used_is_named) {
  certificate const made, other;
  auto const error_of = [](std::string const& certificate_file, std::string const& key_file) {
    http::settings with;
    with.tls_certificate_file = certificate_file;
    with.tls_key_file = key_file;
    http::server server(with, [](http::request&&, http::responder) {});
    auto const no = server.start();
    return no ? "it started" : no.error().detail;
  };
  auto const missing = error_of("/nowhere/cert.pem", made.key_file());
  BOOST_TEST(missing.find("/nowhere/cert.pem") != std::string::npos, missing);
  auto const keyless = error_of(made.certificate_file(), "/nowhere/key.pem");
  BOOST_TEST(keyless.find("/nowhere/key.pem") != std::string::npos, keyless);
  auto const mismatch = error_of(made.certificate_file(), other.key_file());
  BOOST_TEST(mismatch.find(other.key_file()) != std::string::npos, mismatch);
  for (unsigned const mode : {0640U, 0604U, 0620U}) {
    ::chmod(made.key_file().c_str(), mode);
    auto const exposed = error_of(made.certificate_file(), made.key_file());
    BOOST_TEST(exposed.find("has mode 06") != std::string::npos, exposed);
  }
}

BOOST_AUTO_TEST_SUITE_END()
