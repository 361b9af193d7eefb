#pragma once
// What all I/O threads of a server share: its settings and handler, immutable once serving, and a few counters.
#include "http/cors.hpp"
#include "http/framing_guard.hpp"
#include "http/message.hpp"
#include "http/settings.hpp"
#include "http/tls.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <unordered_map>

namespace alloy::http {

class hub {
 public:
  hub(settings with, handler handle, std::shared_ptr<observer> watch)
      : set(std::move(with)), serve(std::move(handle)),
        cors(set.cors_allowed_origins), limits{set.request_line_bytes_max, set.header_bytes_max, set.header_fields_max},
        watch_(watch ? std::move(watch) : std::make_shared<observer>()) {}

  observer& watch() const noexcept { return *watch_; }

  // Counts a connection in, unless the peer or the whole server has its fill.
  bool admit(std::string const& peer);
  void leave(std::string const& peer) noexcept;
  std::size_t connections() const noexcept { return connections_.load(std::memory_order_relaxed); }
  // True if all connections are gone before `deadline`.
  bool wait_for_silence(std::chrono::steady_clock::time_point deadline);

  tls_context tls() const;
  void set_tls(tls_context next);

  settings const set;
  handler const serve;
  cors_policy const cors;
  head_limits const limits;
  std::atomic<std::size_t> in_flight{0};
  std::atomic<bool> draining{false};

 private:
  std::shared_ptr<observer> const watch_;
  mutable std::mutex mutex_; // connections come and go by it, requests never touch it
  std::condition_variable silence_;
  std::unordered_map<std::string, std::size_t> peers_;
  std::atomic<std::size_t> connections_{0};
  tls_context tls_;
};

} // namespace alloy::http
