#pragma once
// The HTTP/1.1 door (RFC 9110, RFC 9112), plain or TLS. One object is one listener with its I/O threads; each thread
// runs an io_context of its own and a connection stays on the thread that got it, so nothing of a connection is locked.
// start, begin_drain, stop and reload are called from outside the I/O threads, one at a time.
#include "core/error.hpp"
#include "http/message.hpp"
#include "http/settings.hpp"

#include <cstdint>
#include <memory>

namespace alloy::http {

class server {
 public:
  server(settings with, handler handle, std::shared_ptr<observer> watch = nullptr);
  ~server(); // stops at once where stop() was not called
  server(server const&) = delete;
  server& operator=(server const&) = delete;

  // Binds, listens, serves. Answers the actual port; the error names the address, or the file that TLS cannot use.
  result<std::uint16_t> start();

  // Closes the listener and the idle connections; requests in flight are finished with `Connection: close`.
  void begin_drain();

  // Drains, waits for at most deadline_ms, cuts what is left, ends the threads. True if nothing had to be cut.
  bool stop(std::uint32_t deadline_ms);

  // Reads the certificate files again. New handshakes use them; on an error the old ones stay.
  result<> reload();

  std::size_t connections() const noexcept;
  std::size_t in_flight() const noexcept;

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace alloy::http
