#pragma once
// What an operator may set about the HTTP door, and what he may watch. Every limit has a default that stands for a
// server on the open Internet.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace alloy::http {

struct settings {
  std::string address = "127.0.0.1"; // IPv4 or IPv6 literal
  std::uint16_t port = 0;            // 0: any free one, start() says which
  unsigned io_threads = 0;           // 0: 1 on at most 2 cores, else cores - 1
  int backlog = 4096;

  // Limits of one request. A line is counted without its CRLF, the header section without the empty line that ends it.
  std::size_t request_line_bytes_max = 8 * 1024; // 414
  std::size_t header_bytes_max = 16 * 1024;      // 431
  std::size_t header_fields_max = 100;           // 431
  std::size_t body_bytes_max = 1024 * 1024;      // 413

  std::size_t request_max_per_connection = 100'000; // 0: no limit
  std::size_t connections_max = 10'000;
  std::size_t connections_per_peer_max = 1024;

  // A connection that keeps none of these is cut without an answer: whoever is that slow does not read one either.
  std::uint32_t head_timeout_ms = 10'000;    // from the first byte (or the accept) to the end of the header section
  std::uint32_t body_timeout_ms = 30'000;    // for the body, and a second more for each body_bytes_per_s_min received
  std::uint32_t body_bytes_per_s_min = 1024; // 0: no second more
  std::uint32_t idle_timeout_ms = 60'000;    // between two requests
  std::uint32_t write_timeout_ms = 30'000;   // without the peer taking a byte
  std::size_t answer_bytes_per_s_min = 1024; // that it takes in each such time, while there are any; 0: one byte
  std::uint32_t linger_timeout_ms = 1'000;   // for the peer to read the last answer after we have said goodbye

  // Bytes of answers that wait to be sent. Beyond these a large answer becomes 503.
  std::size_t unsent_bytes_max = 256 * 1024 * 1024, unsent_per_address_bytes_max = 32 * 1024 * 1024;

  std::size_t gzip_bytes_min = 1024;              // shorter bodies go as they are
  std::size_t gzip_at_once_bytes_max = 64 * 1024; // longer ones are compressed in steps, in turn with other work
  int gzip_level = 3;                             // 1..9; 0: never

  std::vector<std::string> cors_allowed_origins; // exact origins, or "*"; empty: off

  std::vector<std::string> trusted_proxies; // networks whose word on the client's address is taken
  bool proxy_protocol = false;              // every connection comes from one of them and begins with a PROXY header

  std::string tls_certificate_file; // PEM chain, leaf first; empty: plain HTTP
  std::string tls_key_file;         // PEM

  bool has_tls() const noexcept { return !tls_certificate_file.empty(); }
};

// One answered request, in the shape of metrics.
struct exchange_facts {
  std::string_view method; // a known one or OTHER, so that clients cannot invent labels
  std::string_view route;  // as the handler named it
  unsigned status = 0;     // 0: cut by a stop before it was answered
  double seconds = 0;      // from the end of the head to the answer being ready to be sent
  std::size_t received_bytes = 0, sent_bytes = 0;
};

// Called from I/O threads, in passing: must not block nor throw. string_views are literals.
class observer {
 public:
  virtual ~observer() = default;
  virtual void connection_opened() noexcept {}
  virtual void connection_closed() noexcept {}
  virtual void request_started() noexcept {} // in flight until request_finished
  virtual void request_finished(exchange_facts const&) noexcept {}
  // The framing guard, a limit or a deadline ended a connection; `reason` is one of a fixed set.
  virtual void connection_refused(std::string_view /*reason*/) noexcept {}
  // So many bytes of answers more, or fewer, wait to be sent.
  virtual void unsent_changed(std::int64_t /*bytes*/) noexcept {}
  // A large answer was refused, for too many bytes to its address wait already.
  virtual void answer_refused() noexcept {}
};

} // namespace alloy::http
