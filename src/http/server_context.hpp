#pragma once
// What all I/O threads of a server share: its settings and handler, immutable once serving, and a few counters.
#include "auth/ip_prefix.hpp"
#include "core/ip_address.hpp"
#include "http/cors.hpp"
#include "http/message.hpp"
#include "http/request_head_check.hpp"
#include "http/settings.hpp"
#include "http/tls.hpp"
#include "http/unsent_bytes.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace alloy::http {

class server_context;

// The place of one connection among those that are counted; given back when it goes, whatever ends the connection.
class admission {
 public:
  admission(server_context& at, std::string peer, bool is_proxy)
      : at_(&at), peer_(std::move(peer)), network_(auth::network_of(peer_)), is_proxy_(is_proxy) {}
  admission(admission&& other) noexcept
      : at_(std::exchange(other.at_, nullptr)), peer_(std::move(other.peer_)), network_(other.network_),
        is_proxy_(other.is_proxy_) {}
  admission& operator=(admission&&) = delete;
  ~admission();

  std::string const& peer() const noexcept { return peer_; }
  auth::ip_prefix const& ip_prefix() const noexcept { return network_; }
  // It is a trusted proxy, whose requests are its clients' and which therefore may have any number of connections.
  bool is_proxy() const noexcept { return is_proxy_; }
  // The proxy says whose connection it is. False if that one has their fill.
  bool pass_to(std::string client);

 private:
  friend class server_context;
  void drop() noexcept { at_ = nullptr; } // it has no place to give back

  server_context* at_;
  std::string peer_;
  auth::ip_prefix network_;
  bool is_proxy_;
};

class server_context {
 public:
  server_context(settings with, handler handle, std::shared_ptr<observer> watch)
      : set(std::move(with)), serve(std::move(handle)),
        cors(set.cors_allowed_origins), limits{set.request_line_bytes_max, set.header_bytes_max, set.header_fields_max},
        trusted_proxies(networks_of(set.trusted_proxies)),
        unsent(set.unsent_bytes_max, set.unsent_per_address_bytes_max),
        watch_(watch ? std::move(watch) : std::make_shared<observer>()) {}

  observer& watch() const noexcept { return *watch_; }

  // Counts a connection in, unless the peer or the whole server has its fill.
  std::optional<admission> admit(std::string peer);
  bool trusts(std::string_view peer) const noexcept;
  std::size_t connections() const noexcept { return connections_.load(std::memory_order_relaxed); }
  // True if all connections are gone before `deadline`.
  bool wait_until_idle(std::chrono::steady_clock::time_point deadline);

  tls_context tls() const;
  void set_tls(tls_context next);

  settings const set;
  handler const serve;
  cors_policy const cors;
  head_limits const limits;
  std::vector<ip_network> const trusted_proxies;
  unsent_bytes unsent;
  std::atomic<std::size_t> in_flight{0};
  std::atomic<bool> draining{false};

 private:
  friend class admission;
  static std::vector<ip_network> networks_of(std::vector<std::string> const& texts);
  bool count_in(auth::ip_prefix const& of); // holds mutex_
  void count_out(auth::ip_prefix const& of) noexcept;
  void leave(admission const& gone) noexcept;
  bool pass(admission& from, std::string client);

  std::shared_ptr<observer> const watch_;
  mutable std::mutex mutex_; // connections come and go by it, requests never touch it
  std::condition_variable silence_;
  std::map<auth::ip_prefix, std::size_t> peers_;
  std::atomic<std::size_t> connections_{0};
  tls_context tls_;
};

} // namespace alloy::http
