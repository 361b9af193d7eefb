#pragma once
// A request and an answer as the rest of Alloy sees them: plain values, so that Beast's types end in this room.
#include "core/answer_room.hpp"
#include "core/body_source.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alloy::http {

using header_list = std::vector<std::pair<std::string, std::string>>;

struct request {
  std::string method;  // as sent; HEAD comes as GET, its answer goes out without the body
  std::string path;    // still percent-encoded, without the query
  std::string query;   // still percent-encoded, without '?'
  header_list headers; // names in lower case, in order, values trimmed
  std::string body;
  std::string peer;       // the peer's address without port
  std::string request_id; // X-Request-Id as sent if it is sane, else made here
  answer_room const* room = nullptr;

  // The first value of a header, or empty. `name` in lower case.
  std::string_view header(std::string_view name) const noexcept;
};

struct response {
  unsigned status = 200;
  std::string_view content_type = "application/json"; // a literal; ignored where the body is empty
  header_list headers; // what else goes out; Content-Length, Date, X-Request-Id are added
  std::string body;
  std::string_view route = "unmatched";     // the operation's path template, a literal: the metrics' label
  std::shared_ptr<body_source> source = {}; // instead of `body`: sent in chunks as it comes
  bool close = false;                       // close the connection after this answer
  // Whose it is, where that is known: what waits to be sent is counted for them, too.
  std::array<std::uint8_t, 16> user{}, org{};
};

// Called once, from any thread.
using responder = std::function<void(response&&)>;

// What a server serves. Called on an I/O thread: must not block. One that throws is answered with 500.
using handler = std::function<void(request&&, responder)>;

} // namespace alloy::http
