#pragma once
// Access tokens: JWTs (RFC 7519) as RFC 9068 profiles them, signed with Ed25519 alone (RFC 8037), checked as RFC 8725
// asks. The header is `{"alg":"EdDSA","typ":"at+jwt","kid":...}` and nothing more: a header that names a key, a
// critical extension or anything else is refused. Seconds since 1970. Immutable once made; any thread.
#include "auth/signing_keys.hpp"
#include "core/error.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace alloy::auth {

struct claims {
  std::string user_id;    // sub
  std::string session_id; // sid
  std::string org_id;     // org: where a call names none; may be empty
  std::string token_id;   // jti
  std::int64_t issued_s = 0, not_before_s = 0, expires_s = 0;
  bool operator==(claims const&) const = default;
};

struct token_rules {
  std::string issuer = "alloy", audience = "alloy";
  std::int64_t leeway_s = 5; // how far clocks may differ
  std::size_t token_bytes_max = 4096;
};

class token_signer {
 public:
  token_signer(std::shared_ptr<signing_keys const> keys, token_rules rules);

  std::string issue(claims const& c) const;

  // errc::token_expired for a genuine token past its time; errc::unauthenticated, with what is wrong as detail, for any
  // other. The detail is for the log: it tells an attacker which check to work on next.
  result<claims> verify(std::string_view token, std::int64_t now_s) const;

 private:
  result<> check_header(std::string_view encoded) const;
  result<claims> read_claims(std::string_view encoded) const;

  std::shared_ptr<signing_keys const> keys_;
  token_rules rules_;
  std::string header_; // ours, encoded
};

} // namespace alloy::auth
