#pragma once
// Content negotiation (RFC 9110, section 12.5.1). Pure.
#include <string_view>

namespace alloy::api {

// How much a client wants a media type, in thousandths, by its Accept header; 0: not at all. The most specific range
// that the type is in decides. Without the header everything is welcome.
unsigned quality(std::string_view accept, std::string_view type) noexcept;

} // namespace alloy::api
