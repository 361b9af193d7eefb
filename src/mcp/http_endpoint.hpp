#pragma once
// Streamable HTTP (revision 2025-11-25, and 2026-07-28 with its mirrored headers): one path that takes a message by
// POST and answers it as JSON or, where something is told before the answer, as Server-Sent Events. Origin and Host are
// checked, so that no web page reaches it through a name of its own. handle() may be called from any thread and does
// not block.
#include "api/pipeline/rate_limits.hpp"
#include "core/worker_pool.hpp"
#include "mcp/server.hpp"

#include <atomic>

namespace alloy::mcp {

// Whether who sends messages may ask at all: known, and within their limits. Looked at before the messages are. Any
// thread.
class caller_gate {
 public:
  using taken = api::rate_limits::taken;
  virtual ~caller_gate() = default;
  virtual result<> count_address(taken& so_far, std::string_view peer, std::size_t messages) = 0;
  // Their user, whose turn it is.
  virtual result<uuid> count_caller(taken& so_far, std::string_view authorization, std::size_t messages) = 0;
  virtual void append_headers(api::pairs& to, taken const& by) = 0; // what is left
};

struct endpoint_settings {
  std::vector<std::string> hosts = {};   // names it may be reached by, beside localhost and addresses
  std::vector<std::string> origins = {}; // of pages that may call it, beside those of localhost
  bool needs_credential = true;
  // Not asked where no credential is needed: then senders are told apart by their addresses.
  std::shared_ptr<caller_gate> gate = {};
  std::string resource_metadata = {}; // URL of its document (RFC 9728), for WWW-Authenticate
  bool keeps_capabilities = false;    // legacy clients get a session id that says what they can
  std::size_t workers = 4, queue_max = 256, queue_per_user_max = 64;
  worker_pool::meters counted = {};
};

class http_endpoint {
 public:
  using responder = std::function<void(api::reply&&)>;

  http_endpoint(server& s, endpoint_settings with);
  ~http_endpoint(); // ends its threads; what waits is answered with 503

  void handle(api::request&& asked, responder done);

 private:
  struct job;
  void work(job& j);
  void run(job& j);
  std::optional<api::reply> refuse(api::request const& asked, caller_gate::taken& counted) const;
  result<worker_pool::caller> caller_of(api::request const& asked, caller_gate::taken& counted) const;
  std::optional<api::reply> refuse_more(job& j, std::size_t messages) const;
  api::reply refusal_of(error const& e, bool is_wrong) const;
  std::optional<api::reply> refuse_form(api::request const& asked) const;
  bool is_host_known(std::string_view host) const;
  bool is_origin_known(std::string_view origin) const;
  api::reply challenge(std::string_view why, bool is_wrong) const;
  std::string session_of(json::object const& initialize) const;
  bool open_session(std::string_view id, peer& of) const;

  server& server_;
  endpoint_settings const set_;
  std::string const session_key_;
  std::atomic<bool> is_stopping_{false};
  worker_pool pool_; // last: its jobs use all of the above
};

} // namespace alloy::mcp
