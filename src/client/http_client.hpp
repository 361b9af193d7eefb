#pragma once
// An HTTP/1.1 client for one server, as the terminal's commands and MCP over stdio need it: blocking, one request at a
// time, the connection kept between them, TLS with verified certificate and name. Answers of 1xx are passed over: they
// are none yet. One thread.
#include "core/web_url.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace alloy::client {

// The server was not reached, or the connection broke before the answer was complete. The words say what was tried.
struct unreachable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using header_list = std::vector<std::pair<std::string, std::string>>;

struct http_request {
  std::string method = "GET";
  std::string target; // path and query, percent-encoded
  header_list headers = {};
  std::string body = {};
};

struct http_answer {
  unsigned status = 0;
  header_list headers = {}; // names in lower case
  std::string body = {};    // empty where the pieces were handed on

  std::string_view header(std::string_view name) const noexcept;
  bool is_success() const noexcept { return status >= 200 && status < 300; }
};

struct http_client_settings {
  std::string ca_file = {}; // beside the system's authorities
  int connect_timeout_s = 10;
  int silence_s = 120; // without a byte the connection is given up
};

class http_client {
 public:
  explicit http_client(web_url base, http_client_settings s = {});
  ~http_client();
  http_client(http_client const&) = delete;
  http_client& operator=(http_client const&) = delete;

  // Is given the body of a success as it comes; false from it ends the request. Other answers are read as a whole.
  using piece_taker = std::function<bool(std::string_view)>;
  // Throws unreachable. What a kept connection lost before a byte of the answer came is sent once more, on a new one.
  http_answer send(http_request const& r, piece_taker const& on_piece = {});

 private:
  class wire;
  std::unique_ptr<wire> wire_;
};

} // namespace alloy::client
