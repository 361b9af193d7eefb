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
#include <optional>
#include <unordered_map>
#include <utility>

namespace alloy::http {

class hub;

// The place of one connection among those that are counted; given back when it goes, whatever ends the connection.
class admission {
 public:
  admission(hub& at, std::string peer) : at_(&at), peer_(std::move(peer)) {}
  admission(admission&& other) noexcept : at_(std::exchange(other.at_, nullptr)), peer_(std::move(other.peer_)) {}
  admission& operator=(admission&&) = delete;
  ~admission();
  std::string const& peer() const noexcept { return peer_; }

 private:
  hub* at_;
  std::string peer_;
};

class hub {
 public:
  hub(settings with, handler handle, std::shared_ptr<observer> watch)
      : set(std::move(with)), serve(std::move(handle)),
        cors(set.cors_allowed_origins), limits{set.request_line_bytes_max, set.header_bytes_max, set.header_fields_max},
        watch_(watch ? std::move(watch) : std::make_shared<observer>()) {}

  observer& watch() const noexcept { return *watch_; }

  // Counts a connection in, unless the peer or the whole server has its fill.
  std::optional<admission> admit(std::string peer);
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
  friend class admission;
  void leave(std::string const& peer) noexcept;

  std::shared_ptr<observer> const watch_;
  mutable std::mutex mutex_; // connections come and go by it, requests never touch it
  std::condition_variable silence_;
  std::unordered_map<std::string, std::size_t> peers_;
  std::atomic<std::size_t> connections_{0};
  tls_context tls_;
};

} // namespace alloy::http
