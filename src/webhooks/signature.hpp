#pragma once
// The two signatures of a delivery.
//   webhook-signature   Standard Webhooks 1.0: "v1," base64 HMAC-SHA256(bytes of the secret, id "." timestamp "." body)
//   X-Alloy-Signature   "sha256=" hex HMAC-SHA256(the printed secret, body)
// While a rotation overlaps, the standard one is there once for each secret. Pure, any thread.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace alloy::webhooks {

// `secrets` are printed ones (whsec_...), the newest first. One whose base64 is broken is left out.
std::string standard_signature(std::vector<std::string> const& secrets, std::string_view id, std::int64_t timestamp_s,
                               std::string_view body);
std::string alloy_signature(std::string_view secret, std::string_view body);

} // namespace alloy::webhooks
