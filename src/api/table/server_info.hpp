#pragma once
// What the server's own pages need to know of the process. Any thread.
#include "commands/sequencer.hpp"
#include "core/metrics.hpp"
#include "storage/database.hpp"

namespace alloy::api {

struct server_info {
  storage::database const& db;
  commands::sequencer const& sequencer;
  events::log const& log;
  metrics::registry const& metrics;
  timestamp started_at;
  std::atomic<bool> const& draining;
  bool metrics_elsewhere = false; // served by a listener of their own
};

} // namespace alloy::api
