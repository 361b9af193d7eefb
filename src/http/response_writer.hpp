#pragma once
// An answer's bytes: status line and header section in one string, the body behind it as it is or gzipped. Written by
// hand because it is on the way of every request; Beast's serializer would allocate a list node a field.
#include "http/cors.hpp"
#include "http/encoding.hpp"
#include "http/message.hpp"

#include <string>
#include <string_view>

namespace alloy::http {

// Whether a body has gone through the compressor before its head is written, and came out shorter.
enum class squeezed : unsigned char { not_tried, in_vain, yes };

// What of the request and of the connection decides about the answer's head.
struct answer_context {
  std::string_view date, request_id, origin;
  cors_policy const* cors = nullptr; // nullptr: off
  gzip_encoder* encoder = nullptr;   // nullptr: off
  std::size_t gzip_bytes_min = 0;
  bool takes_gzip = false, is_tls = false, is_http_1_0 = false, keep_alive = true, without_body = false;
  squeezed body = squeezed::not_tried;
  bool in_chunks = false; // the body has a source; HTTP/1.0 gets it until the end of the connection
};

// Gzips `answer.body` where that is allowed and worth it, then appends the head to `out`. The caller sends the body,
// unless `without_body` (HEAD) or the status forbids one: then it has been emptied here.
void write_head(std::string& out, response& answer, answer_context const& how);

// Whether write_head() would compress it.
bool would_encode(response const& answer, answer_context const& how) noexcept;

// The reason phrase of RFC 9110 and kin; empty where we know none.
std::string_view reason_phrase(unsigned status) noexcept;

} // namespace alloy::http
