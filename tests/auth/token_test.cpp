#include "auth/token.hpp"

#include "core/base64.hpp"

#include <boost/test/unit_test.hpp>
#include <random>
#include <vector>

using namespace alloy;
using namespace alloy::auth;

namespace {

constexpr std::int64_t now_s = 1'700'000'000;

struct server {
  std::shared_ptr<signing_keys const> keys = std::make_shared<signing_keys const>(signing_keys::ephemeral());
  token_signer signer{keys, {.issuer = "iss", .audience = "aud"}};

  std::string kid() const { return keys->kid(); }
  std::string header() const { return R"({"alg":"EdDSA","typ":"at+jwt","kid":")" + kid() + "\"}"; }

  // A token with these very bytes in it, signed by our own key: what is wrong is wrong in its form alone.
  std::string signed_parts(std::string const& header_part, std::string const& claims_part) const {
    auto const text = header_part + "." + claims_part;
    return text + "." + encode_base64url(keys->jwt_key().sign(text));
  }
  std::string signed_json(std::string const& header_json, std::string const& claims_json) const {
    return signed_parts(encode_base64url(header_json), encode_base64url(claims_json));
  }
  std::string refusal(std::string const& token, std::int64_t at_s = now_s) const {
    auto const verified = signer.verify(token, at_s);
    if (verified) return "accepted";
    return verified.error().code == errc::token_expired ? "expired" : verified.error().detail;
  }
};

claims good_claims() {
  return {.user_id = "u1",
          .session_id = "s1",
          .org_id = "o1",
          .token_id = "j1",
          .issued_s = now_s,
          .not_before_s = now_s,
          .expires_s = now_s + 3600};
}

// The claims as JSON; with one of them replaced by other text, or left out where that is empty.
std::string claims_json(std::string const& name = "", std::string const& replacement = "") {
  std::pair<std::string, std::string> const all[] = {
      {"iss", R"("iss":"iss")"},      {"aud", R"("aud":"aud")"},      {"sub", R"("sub":"u1")"},
      {"sid", R"("sid":"s1")"},       {"org", R"("org":"o1")"},       {"jti", R"("jti":"j1")"},
      {"iat", R"("iat":1700000000)"}, {"nbf", R"("nbf":1700000000)"}, {"exp", R"("exp":1700003600)"}};
  std::string json;
  for (auto const& [key, text] : all)
    if (auto const& part = key == name ? replacement : text; !part.empty()) json += (json.empty() ? "{" : ",") + part;
  return json + "}";
}

} // namespace

BOOST_AUTO_TEST_SUITE(token)

BOOST_AUTO_TEST_CASE(what_is_issued_is_verified) {
  server const s;
  auto const token = s.signer.issue(good_claims());
  BOOST_TEST((s.signer.verify(token, now_s).value() == good_claims()));
  BOOST_TEST(decode_base64url(token.substr(0, token.find('.'))).value() == s.header());
  auto no_org = good_claims();
  no_org.org_id.clear();
  no_org.user_id = "quote\" and \\ and \n";
  BOOST_TEST((s.signer.verify(s.signer.issue(no_org), now_s).value() == no_org));
}

BOOST_AUTO_TEST_CASE(the_helpers_of_this_test_make_tokens_that_verify) {
  server const s;
  BOOST_TEST(s.refusal(s.signed_json(s.header(), claims_json())) == "accepted");
  // Another order and blanks mean the same; claims we do not know are passed over.
  BOOST_TEST(s.refusal(s.signed_json(R"({ "kid":")" + s.kid() + R"(", "typ":"at+jwt", "alg":"EdDSA" })",
                                     claims_json("jti", R"("jti":"j1","extra":{"a":[1]})"))) == "accepted");
}

BOOST_AUTO_TEST_CASE(times_are_kept_with_five_seconds_of_leeway) {
  server const s;
  auto const token = s.signer.issue(good_claims());
  BOOST_TEST(s.refusal(token, now_s + 3604) == "accepted");
  BOOST_TEST(s.refusal(token, now_s + 3605) == "expired");
  BOOST_TEST(s.refusal(token, now_s - 5) == "accepted");
  BOOST_TEST(s.refusal(token, now_s - 6) == "not valid yet");
  auto early = good_claims();
  early.not_before_s = now_s - 100;
  BOOST_TEST(s.refusal(s.signer.issue(early), now_s - 6) == "issued in the future");
  // A forged token is never called expired.
  auto forged = token;
  forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
  BOOST_TEST(s.refusal(forged, now_s + 10'000) == "bad signature");
}

BOOST_AUTO_TEST_CASE(headers_that_confuse_algorithms_or_bring_keys_are_refused) {
  server const s;
  auto const with = [&](std::string const& members) { return "{" + members + "}"; };
  auto const kid = R"("kid":")" + s.kid() + "\"";
  std::string const typ = R"("typ":"at+jwt")", alg = R"("alg":"EdDSA")";
  std::vector<std::string> headers;
  for (auto const* name : {"none", "None", "NONE", "nOnE", "HS256", "HS384", "HS512", "RS256", "PS256", "ES256",
                           "ES256K", "EDDSA", "eddsa", "Ed25519", "Ed448", "EdDSA ", "", "dir", "A256GCM"})
    headers.push_back(with("\"alg\":\"" + std::string(name) + "\"," + typ + "," + kid));
  for (auto const* value : {"null", "0", "true", "[\"EdDSA\"]", "{\"EdDSA\":1}"})
    headers.push_back(with("\"alg\":" + std::string(value) + "," + typ + "," + kid));
  for (auto const* name : {"JWT", "jwt", "AT+JWT", "application/at+jwt", "rt+jwt", "id+jwt", ""})
    headers.push_back(with(alg + ",\"typ\":\"" + name + "\"," + kid));
  for (auto const* name :
       {"", "unknown", "../../../../dev/null", "/etc/passwd", "' OR 1=1 --", "keys/jwt-ed25519.pem", "0"})
    headers.push_back(with(alg + "," + typ + ",\"kid\":\"" + name + "\""));
  auto const jwk = R"({"kty":"OKP","crv":"Ed25519","x":")" + encode_base64url(s.keys->jwt_key().public_bytes()) + "\"}";
  for (auto const& extra :
       {"\"jwk\":" + jwk, std::string(R"("jku":"https://evil.dev/keys")"), std::string(R"("x5u":"https://evil.dev/c")"),
        std::string(R"("x5c":["MIIB"])"), std::string(R"("x5t":"AA")"), std::string(R"("crit":["exp"])"),
        std::string(R"("crit":[])"), std::string(R"("b64":false,"crit":["b64"])"), std::string(R"("zip":"DEF")"),
        std::string(R"("enc":"A256GCM")"), std::string(R"("cty":"JWT")"), std::string(R"("p2c":1000000000)")})
    headers.push_back(with(alg + "," + typ + "," + kid + "," + extra));
  for (auto const& twice : {alg + "," + alg + "," + typ + "," + kid, R"("alg":"none",)" + alg + "," + typ + "," + kid,
                            alg + "," + typ + "," + kid + R"(,"alg":"none")", alg + "," + typ + "," + kid + "," + kid,
                            alg + R"(,"al\u0067":"EdDSA",)" + typ + "," + kid})
    headers.push_back(with(twice));
  for (auto const& lacking : {typ + "," + kid, alg + "," + kid, alg + "," + typ, std::string()})
    headers.push_back(with(lacking));
  for (auto const* text : {"", "null", "[]", "\"EdDSA\"", "{", "{}x", "{,}", "{\"alg\":\"EdDSA\",}", "\xff"})
    headers.emplace_back(text);
  headers.push_back(s.header() + "{}");
  headers.push_back("\xef\xbb\xbf" + s.header());
  for (auto const& header : headers) {
    auto const token = s.signed_json(header, claims_json());
    BOOST_TEST(s.signer.verify(token, now_s).has_error(), header);
    BOOST_TEST((s.refusal(token) != "expired"));
    // The same header without any signature, as `none` would have it.
    BOOST_TEST(s.signer.verify(token.substr(0, token.rfind('.') + 1), now_s).has_error(), header);
  }
}

BOOST_AUTO_TEST_CASE(a_public_key_is_no_hmac_secret) {
  server const s;
  auto const header = R"({"alg":"HS256","typ":"at+jwt","kid":")" + s.kid() + "\"}";
  auto const text = encode_base64url(header) + "." + encode_base64url(claims_json());
  for (auto const& secret : {s.keys->jwt_key().public_bytes(), s.keys->jwt_key().public_pem()})
    BOOST_TEST(s.refusal(text + "." + encode_base64url(crypto::view_of(crypto::hmac_sha256(secret, text)))) ==
               "alg is not EdDSA");
}

BOOST_AUTO_TEST_CASE(claims_that_are_wrong_missing_or_double_are_refused) {
  server const s;
  struct row {
    std::string name, replacement;
  };
  std::vector<row> rows;
  for (auto const* name : {"iss", "aud", "sub", "sid", "org", "jti", "iat", "nbf", "exp"}) {
    rows.push_back({name, ""});
    for (auto const* value :
         {"null", "true", "{}", "[]", "1.5", "-1", "1e99", "99999999999999999999", "1000000000001", "[\"aud\"]"})
      rows.push_back({name, "\"" + std::string(name) + "\":" + value});
    auto const json = claims_json();
    auto const at = json.find("\"" + std::string(name) + "\"");
    auto const member = json.substr(at, json.find_first_of(",}", at) - at);
    rows.push_back({name, member + "," + member});
  }
  for (auto const* text : {R"("iss":"other")", R"("iss":"ISS")", R"("iss":"iss ")", R"("iss":"iss\u0000")"})
    rows.push_back({"iss", text});
  for (auto const* text : {R"("aud":"other")", R"("aud":"")", R"("aud":["aud","other"])"})
    rows.push_back({"aud", text});
  for (auto const* text : {R"("sub":"")", R"("sub":7)"}) rows.push_back({"sub", text});
  for (auto const* text : {R"("exp":"1700003600")", R"("exp":1700003600.0)", R"("exp":9223372036854775807)"})
    rows.push_back({"exp", text});
  for (auto const& [name, replacement] : rows) {
    auto const json = claims_json(name, replacement);
    BOOST_TEST(s.signer.verify(s.signed_json(s.header(), json), now_s).has_error(), json);
  }
  std::string const bad_texts[] = {"",
                                   "null",
                                   "[]",
                                   "{",
                                   claims_json() + " x",
                                   claims_json().substr(1),
                                   R"({"a":{"b":{"c":{"d":{"e":1}}}}})",
                                   "{\"iss\":\"\xff\"}"};
  for (auto const& json : bad_texts)
    BOOST_TEST(s.signer.verify(s.signed_json(s.header(), json), now_s).has_error(), json);
  std::string many = claims_json();
  many.pop_back();
  for (int i = 0; i < 40; ++i) many += ",\"m" + std::to_string(i) + "\":1";
  BOOST_TEST(s.refusal(s.signed_json(s.header(), many + "}")) == "too many members");
}

BOOST_AUTO_TEST_CASE(the_form_has_one_spelling) {
  server const s;
  auto const good = s.signer.issue(good_claims());
  auto const first = good.find('.'), last = good.rfind('.');
  auto const header = good.substr(0, first), body = good.substr(first + 1, last - first - 1),
             signature = good.substr(last + 1);
  // The last digit of 64 bytes carries four unused bits; each of the 15 other spellings must fail.
  std::string const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  int accepted = 0;
  for (char const c : digits) accepted += s.signer.verify(good.substr(0, good.size() - 1) + c, now_s).has_value();
  BOOST_TEST(accepted == 1);
  std::string const spoiled[] = {"",
                                 ".",
                                 "..",
                                 "...",
                                 header,
                                 header + "." + body,
                                 header + "." + body + ".",
                                 "." + body + "." + signature,
                                 header + ".." + signature,
                                 good + ".",
                                 good + "." + signature,
                                 "." + good,
                                 good + "=",
                                 good + "==",
                                 " " + good,
                                 good + " ",
                                 good + "\n",
                                 "Bearer " + good,
                                 header + "=." + body + "." + signature,
                                 header + ". " + body + "." + signature,
                                 header + "." + body + "." + signature.substr(0, 85),
                                 header + "." + body + "." + signature + "AA",
                                 header + "." + body + "." + encode_base64(decode_base64url(signature).value()),
                                 std::string(5000, 'a'),
                                 good + std::string(1, '\0')};
  for (auto const& token : spoiled) BOOST_TEST(s.signer.verify(token, now_s).has_error(), token);
  // Signed by our key, but with padding, blanks, or the other alphabet in the parts.
  BOOST_TEST(s.refusal(s.signed_parts(header + "=", body)) != "accepted");
  BOOST_TEST(s.refusal(s.signed_parts(header, body + "=")) != "accepted");
  BOOST_TEST(s.refusal(s.signed_parts(header, body + "\n")) != "accepted");
  auto odd = encode_base64url(claims_json());
  if (odd.size() % 4 == 0) odd = encode_base64url(claims_json("jti", R"("jti":"jjj")"));
  BOOST_REQUIRE(odd.size() % 4 != 0);
  auto tail = odd;
  tail.back() = digits[digits.find(tail.back()) + 1];
  BOOST_TEST(s.refusal(s.signed_parts(header, odd)) == "accepted");
  BOOST_TEST(s.refusal(s.signed_parts(header, tail)) == "not base64url");
}

BOOST_AUTO_TEST_CASE(any_changed_character_is_noticed) {
  server const s;
  auto const good = s.signer.issue(good_claims());
  for (std::size_t i = 0; i < good.size(); ++i)
    for (char const c : {'A', 'z', '.', '+', '\0'}) {
      auto wrong = good;
      if (wrong[i] == c) continue;
      wrong[i] = c;
      BOOST_REQUIRE(s.signer.verify(wrong, now_s).has_error());
    }
  for (std::size_t i = 0; i < good.size(); ++i) BOOST_REQUIRE(s.signer.verify(good.substr(0, i), now_s).has_error());
}

BOOST_AUTO_TEST_CASE(another_servers_token_is_refused) {
  server const ours, theirs;
  BOOST_TEST(ours.refusal(theirs.signer.issue(good_claims())) == "kid is unknown");
  token_signer const other_audience(ours.keys, {.issuer = "iss", .audience = "other"});
  BOOST_TEST(ours.refusal(other_audience.issue(good_claims())) == "aud is not ours");
  token_signer const other_issuer(ours.keys, {.issuer = "other", .audience = "aud"});
  BOOST_TEST(ours.refusal(other_issuer.issue(good_claims())) == "iss is not ours");
  // Their signature under our header.
  auto const text = encode_base64url(ours.header()) + "." + encode_base64url(claims_json());
  BOOST_TEST(ours.refusal(text + "." + encode_base64url(theirs.keys->jwt_key().sign(text))) == "bad signature");
}

BOOST_AUTO_TEST_CASE(the_signature_of_rfc_8037) {
  auto const key =
      crypto::ed25519_key::from_seed(decode_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").value()).value();
  BOOST_TEST(encode_base64url(key.public_bytes()) == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
  auto const text = encode_base64url(R"({"alg":"EdDSA"})") + "." + encode_base64url("Example of Ed25519 signing");
  BOOST_TEST(encode_base64url(key.sign(text)) ==
             "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
}

BOOST_AUTO_TEST_CASE(random_tokens_do_no_harm) {
  server const s;
  std::mt19937 rng(5);
  for (int round = 0; round < 3000; ++round) {
    auto json = rng() % 2 == 0 ? s.header() : claims_json();
    for (int changes = static_cast<int>(rng() % 4) + 1; changes > 0; --changes)
      json[rng() % json.size()] = static_cast<char>(rng());
    auto const as_header = s.signed_json(json, claims_json());
    auto const as_claims = s.signed_json(s.header(), json);
    (void)s.signer.verify(as_claims, now_s);
    if (json != s.header()) BOOST_REQUIRE(s.signer.verify(as_header, now_s).has_error());
  }
}

BOOST_AUTO_TEST_SUITE_END()
