#pragma once
// The HTTP/1.1 client of deliveries: resolves, asks the guard about every address, connects to the one that was
// checked, verifies certificate and name, and keeps a few connections to each endpoint for the next delivery. Redirects
// are answers like any other; 100, 102 and 103 are none (RFC 9110, section 15.2). Everything runs on the io_context
// that it is given, but for look-ups of names, which block and have threads of their own, in turn by organization.
#include "webhooks/address_policy.hpp"
#include "webhooks/delivery.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>

namespace alloy::webhooks {

struct transport_settings {
  std::int64_t connect_timeout_ms = 5'000; // with the look-up and the TLS handshake
  std::int64_t timeout_ms = 15'000;        // in all
  std::int64_t idle_timeout_ms = 20'000;   // of a kept connection
  std::size_t kept_per_endpoint_max = 8;
  unsigned resolver_threads = 8, resolver_threads_per_org = 2;
  std::string ca_file; // beside the system's authorities
};

struct outcome {
  std::int64_t status = 0; // 0: there was no answer
  std::optional<failure> error = {};
  std::string detail = {}, body = {};
  std::int64_t duration_ms = 0, retry_after_ms = 0;

  bool is_success() const noexcept { return status >= 200 && status < 300; }
};

struct message {
  endpoint_name endpoint;
  web_url url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// Blocks. Empty where the name is not known.
using resolver = std::function<std::vector<ip_address>(std::string const& host)>;
std::vector<ip_address> resolve_by_system(std::string const& host);

class transport {
 public:
  using done = std::function<void(outcome)>;

  // Throws std::runtime_error where TLS cannot be set up.
  transport(boost::asio::io_context& io, transport_settings s, address_policy guard, resolver how = resolve_by_system);
  ~transport();

  void send(message m, done then);
  void forget(endpoint_name const& endpoint); // closes what is kept to it
  void sweep();                               // closes what was kept for too long
  void cut();                                 // ends everything that is under way; nobody is told
  void stop();                                // and nothing begins any more
  std::size_t lookups_waiting() const noexcept;

 private:
  friend class exchange; // one attempt
  struct parts;
  std::shared_ptr<parts> parts_;
};

} // namespace alloy::webhooks
