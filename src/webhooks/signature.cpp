#include "webhooks/signature.hpp"

#include "core/base64.hpp"
#include "core/crypto.hpp"

namespace alloy::webhooks {

std::string standard_signature(std::vector<std::string> const& secrets, std::string_view id, std::int64_t timestamp_s,
                               std::string_view body) {
  constexpr std::string_view prefix = "whsec_";
  std::string message(id);
  message += '.' + std::to_string(timestamp_s) + '.';
  message += body;
  std::string all;
  for (std::string_view secret : secrets) {
    if (secret.starts_with(prefix)) secret.remove_prefix(prefix.size());
    auto const key = decode_base64(secret);
    if (!key) continue;
    if (!all.empty()) all += ' ';
    all += "v1," + encode_base64(crypto::view_of(crypto::hmac_sha256(*key, message)));
  }
  return all;
}

std::string alloy_signature(std::string_view secret, std::string_view body) {
  return "sha256=" + encode_hex(crypto::view_of(crypto::hmac_sha256(secret, body)));
}

} // namespace alloy::webhooks
