#pragma once
// The consumer of the log that delivers events to endpoints. Each endpoint is a cursor into its organization's feed, so
// nothing is copied for endpoints that are slow, paused or disabled, and nothing is lost for them: they read on where
// they were. One thread follows the log, keeps the schedule and does the I/O (transport.hpp); it is niced, so that
// writes do not wait for it. At least once, under the same webhook-id for every try (retry.hpp has the schedule).
#include "core/metrics.hpp"
#include "events/codec.hpp"
#include "webhooks/delivery_store.hpp"
#include "webhooks/retry.hpp"
#include "webhooks/transport.hpp"

namespace alloy::webhooks {

struct dispatcher_settings {
  retry_policy retry;
  std::size_t in_flight_per_endpoint = 8, in_flight_per_org = 64, in_flight_max = 512;
  std::int64_t retention_ms = 2'592'000'000; // of finished deliveries
  std::string hold_file;                     // while it is there nothing is sent: a restored server waits to be told
};

// What it needs of the program; all must outlive it.
struct dispatcher_parts {
  events::log const& log;
  reader const& state;
  std::string sealing_key;
  metrics::registry& metrics;
  // The member `data` of a payload; without amounts of money where `money` is false. `last`: its command's last event.
  std::function<std::string(events::record_head const&, events::public_event const&, events::position last, bool money)>
      data;
  std::function<bool(uuid const& org, uuid const& user)> may_see_money;
  std::function<bool(uuid const& org)> is_held; // it is being imported
  std::function<void(uuid const& org, uuid const& webhook, std::string_view reason)> disable;
  std::function<void(std::string const& why)> on_failure; // its store cannot be written or read
};

class dispatcher {
 public:
  dispatcher(dispatcher_parts parts, dispatcher_settings s, storage::settings at, transport_settings t,
             address_policy guard, resolver how = resolve_by_system);
  ~dispatcher();
  void stop(); // what is under way is cut, and sent again after the next start

  void ring();                         // the log has grown; any thread
  reader const& rows() const noexcept; // deliveries, as delivery_store.hpp has them; any thread
  events::position followed() const noexcept;
  void checkpoint(std::string const& folder) const;

 private:
  class engine;
  std::unique_ptr<engine> engine_;
};

} // namespace alloy::webhooks
