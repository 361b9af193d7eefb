#pragma once
// If-Match and If-None-Match (RFC 9110, section 13.1): whether they are well formed, and whether they name a version.
// Pure, any thread.
#include "api/table/call.hpp"

namespace alloy::api {

result<> check_preconditions(request const& asked);
bool names_etag(std::string_view header, std::uint64_t version);

} // namespace alloy::api
