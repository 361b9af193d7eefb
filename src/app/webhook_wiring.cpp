#include "app/webhook_wiring.hpp"

#include "api/access/operators.hpp"
#include "api/operations/webhooks/webhook_payload.hpp"
#include "core/log.hpp"
#include "domain/webhooks.hpp"

namespace alloy {
namespace {

// The dispatcher's own command: nobody asked for it, so the actor is the system.
commands::command disable_command(uuid const& org, uuid const& webhook, std::string reason) {
  commands::command c;
  c.actor.credential = credential::system;
  c.decide = [org, webhook, reason = std::move(reason)](commands::head const& head,
                                                        timestamp) -> result<commands::plan> {
    commands::plan p;
    p.render = [](reader const&) { return commands::answer{}; };
    if (auto const w = domain::find<domain::webhook>(head.state, org, webhook)) {
      auto d = domain::disable(*w, reason);
      if (!d) return d.error();
      p.events = std::move(d->events);
    }
    return p;
  };
  c.done = [webhook](result<commands::answer> a) {
    if (!a) log::warn("a webhook was not disabled", {{"webhook_id", to_string(webhook)}, {"why", a.error().detail}});
  };
  return c;
}

} // namespace

webhooks::dispatcher_settings delivery_settings(settings const& s) {
  webhooks::dispatcher_settings d;
  d.retry.waits_ms.clear();
  for (auto const& seconds : s.webhook_retry_seconds) d.retry.waits_ms.push_back(std::stoll(seconds) * 1000);
  d.retry.failures_before_pause = s.webhook_failures_before_pause;
  d.retry.pause_ms = s.webhook_pause_ms;
  d.retry.pause_max_ms = s.webhook_pause_max_ms;
  d.retry.disable_after_ms = s.webhook_disable_after_seconds * 1000;
  d.in_flight_per_endpoint = static_cast<std::size_t>(s.webhook_in_flight_per_endpoint);
  d.in_flight_per_org = static_cast<std::size_t>(s.webhook_in_flight_per_org);
  d.in_flight_max = static_cast<std::size_t>(s.webhook_in_flight_max);
  d.retention_ms = s.webhook_retention_seconds * 1000;
  d.hold_file = s.data_dir + "/webhooks.held";
  return d;
}

webhooks::transport_settings delivery_transport(settings const& s) {
  webhooks::transport_settings t;
  t.connect_timeout_ms = s.webhook_connect_timeout_ms;
  t.timeout_ms = s.webhook_timeout_ms;
  t.kept_per_endpoint_max = static_cast<std::size_t>(s.webhook_in_flight_per_endpoint);
  t.resolver_threads = static_cast<unsigned>(s.webhook_resolvers);
  t.resolver_threads_per_org = static_cast<unsigned>(s.webhook_resolvers_per_org);
  t.ca_file = s.webhook_ca_file;
  return t;
}

webhooks::address_policy delivery_guard(settings const& s) {
  return {s.webhook_allowed_targets, s.webhook_schemes, s.webhook_ports};
}

storage::settings delivery_store_settings(settings const& s) {
  storage::settings st;
  st.path = s.data_dir + "/webhooks";
  st.block_cache_bytes = 4u << 20;
  st.recent_rows_bytes = 1u << 20;
  st.write_buffer_bytes = 8u << 20;
  return st;
}

webhooks::dispatcher_parts delivery_parts(storage::database const& db, events::log const& log, commands::sequencer& to,
                                          std::string sealing_key, metrics::registry& metrics,
                                          std::function<void(std::string const&)> on_failure) {
  reader const &state = db.latest(storage::family::state), &local = db.latest(storage::family::local);
  return {log,
          state,
          std::move(sealing_key),
          metrics,
          [&state, &log](events::record_head const& head, events::public_event const& e, events::position last,
                         bool money) { return api::webhook_payload(state, log, head, e, last, money); },
          [&state](uuid const& org, uuid const& user) { return api::may_see_money(state, org, user); },
          [&local](uuid const& org) { return api::import_state_of(local, org) != api::import_state::none; },
          [&to](uuid const& org, uuid const& webhook, std::string_view reason) {
            to.submit(disable_command(org, webhook, std::string(reason)), {{}, org});
          },
          std::move(on_failure)};
}

} // namespace alloy
