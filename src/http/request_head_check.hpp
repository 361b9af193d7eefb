#pragma once
// The strict reading of a request's head (RFC 9112) on its raw bytes, before any parser is trusted with them: whatever
// two readers could frame in two ways is refused, and so cannot smuggle a second request. Pure functions, any thread.
#include "core/error.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace alloy::http {

struct head_limits {
  std::size_t request_line_bytes_max, header_bytes_max, header_fields_max;
};

// Why a request is refused. All views are literals; `reason` is the metrics' label.
struct refusal {
  errc code;
  std::string_view reason, detail;
};

// What the head says about the body, to be compared with what the parser makes of it.
struct head_facts {
  std::optional<std::string_view> length; // digits as sent
  bool chunked = false;
};

// `head` reaches from the method to the CRLF CRLF that ends the section. nullptr: acceptable, `facts` is filled.
refusal const* inspect_head(std::string_view head, head_limits const& limits, head_facts& facts) noexcept;

// The head is not complete yet: refuses what no further byte can mend. `checked` bytes of it were looked at before.
refusal const* inspect_partial(std::string_view bytes, std::size_t checked, head_limits const& limits) noexcept;

// What the parser refuses after the guard has passed the head.
extern refusal const bad_body_framing, body_too_large, bad_trailer, bad_head, parsers_disagree;

} // namespace alloy::http
