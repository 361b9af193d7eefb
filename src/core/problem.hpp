#pragma once
// The body of every refusal: application/problem+json (RFC 9457), made in one place so that all doors say it alike.
// Any thread.
#include "core/error.hpp"

#include <string>
#include <string_view>

namespace alloy {

inline constexpr std::string_view problem_content_type = "application/problem+json";

// `type`, `title`, `status`, `detail`, `code`, `request_id`; `instance` (a path) where there is one; `errors` where the
// error has faults; then the error's own members as they are. Bytes that are not UTF-8 become U+FFFD.
std::string problem_document(error const& e, std::string_view request_id, std::string_view instance = {});

} // namespace alloy
