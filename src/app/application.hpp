#pragma once
// All of a server but its doors: the store and its log, the writer, the read models, webhooks, and the service that
// answers requests, wired to one another. Made by one thread; what it hands out says which threads may use it.
#include "api/pipeline/service.hpp"
#include "app/control_socket.hpp"
#include "core/metrics.hpp"

namespace alloy {

class application {
 public:
  // Opens the store in the settings' data folder, or makes one. Throws where it cannot be opened. A write that the
  // store refuses later ends the process: what was under way is unknown then.
  explicit application(settings const& s);
  ~application(); // after stop()
  application(application const&) = delete;
  application& operator=(application const&) = delete;

  settings const& config() const noexcept;
  metrics::registry& meters() noexcept;
  api::service& service() noexcept;
  std::uint64_t log_head() const;
  control_commands machine_commands(); // of the control socket

  // The server goes soon: /readyz says so, and nobody waits for a position any more.
  void drain();
  // Once no door brings requests: what was taken is finished, the threads end.
  void stop();

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace alloy
