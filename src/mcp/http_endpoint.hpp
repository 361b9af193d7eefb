#pragma once
// Streamable HTTP (revision 2025-11-25, and 2026-07-28 with its mirrored headers): one path that takes a message by
// POST and answers it as JSON or, where something is told before the answer, as Server-Sent Events. Origin and Host are
// checked, so that no web page reaches it through a name of its own. handle() may be called from any thread and does
// not block.
#include "api/rate_limits.hpp"
#include "mcp/server.hpp"

#include <deque>
#include <thread>

namespace alloy::mcp {

// Whether who sends messages may ask at all: known, and within their limits. Looked at before the messages are. Any
// thread.
class caller_gate {
 public:
  using taken = api::rate_limits::taken;
  virtual ~caller_gate() = default;
  virtual result<> count_address(taken& so_far, std::string_view peer, std::size_t messages) = 0;
  virtual result<> count_caller(taken& so_far, std::string_view authorization, std::size_t messages) = 0;
  virtual void append_headers(api::pairs& to, taken const& by) = 0; // what is left
};

struct endpoint_settings {
  std::vector<std::string> hosts = {};   // names it may be reached by, beside localhost and addresses
  std::vector<std::string> origins = {}; // of pages that may call it, beside those of localhost
  bool needs_credential = true;
  std::shared_ptr<caller_gate> gate = {}; // not asked where no credential is needed
  std::string resource_metadata = {};     // URL of its document (RFC 9728), for WWW-Authenticate
  bool keeps_capabilities = false;        // legacy clients get a session id that says what they can
  std::size_t workers = 4, queue_max = 256;
};

class http_endpoint {
 public:
  using responder = std::function<void(api::reply&&)>;

  http_endpoint(server& s, endpoint_settings with);
  ~http_endpoint(); // ends its threads; what waits is answered with 503

  void handle(api::request&& asked, responder done);

 private:
  struct job;
  void work();
  void run(job& j);
  std::optional<api::reply> refuse(api::request const& asked, caller_gate::taken& counted) const;
  std::optional<api::reply> refuse_caller(api::request const& asked, caller_gate::taken& counted) const;
  std::optional<api::reply> refuse_more(job& j, std::size_t messages) const;
  std::optional<api::reply> refuse_form(api::request const& asked) const;
  bool is_host_known(std::string_view host) const;
  bool is_origin_known(std::string_view origin) const;
  api::reply challenge(std::string_view why, bool is_wrong) const;
  std::string session_of(json::object const& initialize) const;
  bool open_session(std::string_view id, peer& of) const;

  server& server_;
  endpoint_settings const set_;
  std::string const session_key_;
  std::mutex guard_;
  std::condition_variable filled_;
  std::deque<std::unique_ptr<job>> waiting_;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

} // namespace alloy::mcp
