#include "auth/token.hpp"

#include "core/base64.hpp"
#include "core/json.hpp"

#include <array>
#include <optional>
#include <simdjson.h>

namespace alloy::auth {
namespace {

constexpr std::size_t depth_max = 4;

error invalid(char const* why) {
  return {errc::unauthenticated, why};
}

// The object a part of the token holds; lives until this thread reads the next.
result<simdjson::dom::object> read_object(std::string_view encoded) {
  thread_local simdjson::dom::parser parser;
  thread_local std::string text;
  auto bytes = decode_base64url(encoded);
  if (!bytes) return invalid("not base64url");
  text = std::move(*bytes);
  text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  if (parser.max_depth() != depth_max && parser.allocate(1024, depth_max) != simdjson::SUCCESS) throw std::bad_alloc();
  simdjson::dom::object object;
  if (parser.parse(text).get(object) != simdjson::SUCCESS) return invalid("not a JSON object");
  return object;
}

// Walks an object once; a member that comes twice would let two readers see two tokens.
template <class Take> result<> each_member(simdjson::dom::object object, Take take) {
  constexpr std::size_t members_max = 32;
  std::array<std::string_view, members_max> seen;
  std::size_t count = 0;
  for (auto const member : object) {
    for (std::size_t i = 0; i < count; ++i)
      if (seen[i] == member.key) return invalid("a member comes twice");
    if (count == members_max) return invalid("too many members");
    seen[count++] = member.key;
    if (char const* const wrong = take(member.key, member.value); wrong != nullptr) return invalid(wrong);
  }
  return {};
}

std::string_view text_of(simdjson::dom::element value) {
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS ? text : std::string_view();
}

void append_text(std::string& json, char const* name, std::string_view value) {
  if (json.size() > 1) json += ',';
  json += '"';
  json += name;
  json += "\":";
  alloy::json::write_string(json, value);
}

void append_number(std::string& json, char const* name, std::int64_t value) {
  json += ",\"";
  json += name;
  json += "\":" + std::to_string(value);
}

} // namespace

token_signer::token_signer(std::shared_ptr<signing_keys const> keys, token_rules rules)
    : keys_(std::move(keys)), rules_(std::move(rules)) {
  std::string json = "{";
  append_text(json, "alg", "EdDSA");
  append_text(json, "typ", "at+jwt");
  append_text(json, "kid", keys_->kid());
  header_ = encode_base64url(json + "}");
}

std::string token_signer::issue(claims const& c) const {
  std::string json = "{";
  append_text(json, "iss", rules_.issuer);
  append_text(json, "aud", rules_.audience);
  append_text(json, "sub", c.user_id);
  append_text(json, "sid", c.session_id);
  append_text(json, "org", c.org_id);
  append_text(json, "jti", c.token_id);
  append_number(json, "iat", c.issued_s);
  append_number(json, "nbf", c.not_before_s);
  append_number(json, "exp", c.expires_s);
  auto token = header_ + "." + encode_base64url(json + "}");
  auto const signature = keys_->jwt_key().sign(token);
  return token += "." + encode_base64url(signature);
}

result<claims> token_signer::verify(std::string_view token, std::int64_t now_s) const {
  if (token.size() > rules_.token_bytes_max) return invalid("too long");
  auto const first = token.find('.');
  auto const last = token.rfind('.');
  if (first == token.npos || first == last || token.find('.', first + 1) != last) return invalid("not three parts");
  if (auto good = check_header(token.substr(0, first)); !good) return good.error();
  auto const signature = decode_base64url(token.substr(last + 1));
  if (!signature || !keys_->jwt_key().verify(token.substr(0, last), *signature)) return invalid("bad signature");
  // Only now is any of it ours, so only now may its claims speak.
  auto read = read_claims(token.substr(first + 1, last - first - 1));
  if (!read) return read;
  if (read->not_before_s > now_s + rules_.leeway_s) return invalid("not valid yet");
  if (read->issued_s > now_s + rules_.leeway_s) return invalid("issued in the future");
  if (read->expires_s <= now_s - rules_.leeway_s) return error(errc::token_expired, "the token has expired");
  return read;
}

result<> token_signer::check_header(std::string_view encoded) const {
  if (encoded == header_) return {};
  auto const object = read_object(encoded);
  if (!object) return object.error();
  bool alg = false, typ = false, kid = false;
  auto walked = each_member(*object, [&](std::string_view name, simdjson::dom::element value) -> char const* {
    if (name == "alg") return (alg = text_of(value) == "EdDSA") ? nullptr : "alg is not EdDSA";
    if (name == "typ") return (typ = text_of(value) == "at+jwt") ? nullptr : "typ is not at+jwt";
    if (name == "kid") return (kid = text_of(value) == keys_->kid()) ? nullptr : "kid is unknown";
    return "the header has a member we do not know";
  });
  if (!walked) return walked;
  if (!alg || !typ || !kid) return invalid("the header lacks alg, typ or kid");
  return {};
}

result<claims> token_signer::read_claims(std::string_view encoded) const {
  auto const object = read_object(encoded);
  if (!object) return object.error();
  claims c;
  bool issuer = false, audience = false;
  std::optional<std::int64_t> issued_s, not_before_s, expires_s;
  bool org = false;
  auto const number = [](std::optional<std::int64_t>& into, simdjson::dom::element value) {
    std::int64_t seconds = 0;
    // Within a few thousand years: a far larger one would overflow where the leeway is added.
    if (value.get(seconds) != simdjson::SUCCESS || seconds < 0 || seconds > 1'000'000'000'000) return false;
    into = seconds;
    return true;
  };
  auto walked = each_member(*object, [&](std::string_view name, simdjson::dom::element value) -> char const* {
    if (name == "iss") return (issuer = text_of(value) == rules_.issuer) ? nullptr : "iss is not ours";
    if (name == "aud") return (audience = text_of(value) == rules_.audience) ? nullptr : "aud is not ours";
    if (name == "sub")
      c.user_id = text_of(value);
    else if (name == "sid")
      c.session_id = text_of(value);
    else if (name == "jti")
      c.token_id = text_of(value);
    else if (name == "org")
      org = value.is_string(), c.org_id = text_of(value);
    else if (name == "iat")
      return number(issued_s, value) ? nullptr : "iat is no time";
    else if (name == "nbf")
      return number(not_before_s, value) ? nullptr : "nbf is no time";
    else if (name == "exp")
      return number(expires_s, value) ? nullptr : "exp is no time";
    return nullptr; // RFC 7519 section 4: claims we do not know are passed over
  });
  if (!walked) return walked.error();
  if (!issuer || !audience || !org || c.user_id.empty() || c.session_id.empty() || c.token_id.empty() || !issued_s ||
      !not_before_s || !expires_s)
    return invalid("a claim is missing");
  c.issued_s = *issued_s;
  c.not_before_s = *not_before_s;
  c.expires_s = *expires_s;
  return c;
}

} // namespace alloy::auth
