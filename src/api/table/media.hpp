#pragma once
// Media types: what an operation takes, and content negotiation (RFC 9110, section 12.5.1). Pure.
#include "api/table/operation.hpp"

#include <string_view>

namespace alloy::api {

// How much a client wants a media type, in thousandths, by its Accept header; 0: not at all. The most specific range
// that the type is in decides. Without the header everything is welcome.
unsigned quality(std::string_view accept, std::string_view type) noexcept;

// Refuses a body of a type that the operation does not read.
result<> check_media(operation const& op, request const& asked);
// Whether the client takes one of the types that the operation answers with.
bool accepts(operation const& op, request const& asked);
std::string alternatives(operation const& op); // " or text/csv", for the words of a refusal

} // namespace alloy::api
