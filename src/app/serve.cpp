#include "app/serve.hpp"

#include "app/application.hpp"
#include "app/mcp_wiring.hpp"
#include "app/operator_commands.hpp"
#include "core/exceptions.hpp"
#include "core/fault_point.hpp"
#include "core/log.hpp"
#include "http/rest.hpp"
#include "http/server.hpp"

#include <csignal>
#include <pthread.h>

namespace alloy {
namespace {

struct http_meters : http::observer {
  explicit http_meters(metrics::registry& to)
      : registry(to), opened(to.make_counter("alloy_http_connections_opened_total", "Connections accepted")),
        open(to.make_gauge("alloy_http_connections", "Connections open now")),
        unsent(to.make_gauge(
            "alloy_http_unsent_bytes",
            "Bytes of large or waiting answers that were not sent yet, and of large bodies that are coming")),
        refused(to.make_counter("alloy_http_unsent_refused_total",
                                "Answers refused because too many bytes to their address, or of their user or "
                                "organization, wait to be sent")) {}

  void connection_opened() noexcept override {
    opened.add();
    open.add(1);
  }
  void connection_closed() noexcept override { open.add(-1); }
  void unsent_changed(std::int64_t bytes) noexcept override { unsent.add(static_cast<double>(bytes)); }
  void answer_refused() noexcept override { refused.add(); }
  void request_started() noexcept override { registry.http_in_flight.add(1); }
  void request_finished(http::exchange_facts const& e) noexcept override {
    registry.http_in_flight.add(-1);
    contained(thrown_at::metrics, [&] {
      registry.http_done({e.method, e.route, e.status, e.seconds, e.received_bytes, e.sent_bytes});
    });
  }
  void connection_refused(std::string_view reason) noexcept override {
    contained(thrown_at::metrics, [&] {
      registry
          .make_counter("alloy_http_refused_total", "Connections ended by the framing guard, a limit or a deadline",
                        {{"reason", std::string(reason)}})
          .add();
    });
  }

  metrics::registry& registry;
  metrics::counter opened;
  metrics::gauge open, unsent;
  metrics::counter refused;
};

http::settings http_settings(settings const& s) {
  http::settings h;
  h.address = s.bind;
  h.port = static_cast<std::uint16_t>(s.port);
  h.io_threads = static_cast<unsigned>(s.io_threads);
  h.request_line_bytes_max = static_cast<std::size_t>(s.request_line_max_bytes);
  h.header_bytes_max = static_cast<std::size_t>(s.header_max_bytes);
  h.header_fields_max = static_cast<std::size_t>(s.header_fields_max);
  h.body_bytes_max = static_cast<std::size_t>(s.body_max_bytes);
  h.connections_max = static_cast<std::size_t>(s.connections_max);
  h.connections_per_peer_max = static_cast<std::size_t>(s.connections_per_peer_max);
  h.head_timeout_ms = static_cast<std::uint32_t>(s.head_timeout_ms);
  h.body_timeout_ms = static_cast<std::uint32_t>(s.body_timeout_ms);
  h.idle_timeout_ms = static_cast<std::uint32_t>(s.idle_timeout_ms);
  h.write_timeout_ms = static_cast<std::uint32_t>(s.write_timeout_ms);
  h.answer_bytes_per_s_min = static_cast<std::size_t>(s.answer_bytes_per_second_min);
  h.unsent_bytes_max = static_cast<std::size_t>(s.unsent_max_bytes);
  h.unsent_per_address_bytes_max = static_cast<std::size_t>(s.unsent_per_address_max_bytes);
  h.gzip_bytes_min = static_cast<std::size_t>(s.gzip_min_bytes);
  h.gzip_at_once_bytes_max = static_cast<std::size_t>(s.gzip_at_once_max_bytes);
  h.trusted_proxies = s.trusted_proxies;
  h.proxy_protocol = s.proxy_protocol;
  h.cors_allowed_origins = s.cors_allowed_origins;
  h.tls_certificate_file = s.tls_certificate_file;
  h.tls_key_file = s.tls_key_file;
  return h;
}

http::handler metrics_only(metrics::registry const& from) {
  return [&from](http::request&& asked, http::responder done) {
    http::response r;
    r.route = "/metrics";
    r.content_type = "text/plain; version=0.0.4; charset=utf-8";
    if (asked.path == "/metrics" && (asked.method == "GET" || asked.method == "HEAD"))
      r.body = from.scrape();
    else
      r.status = 404;
    done(std::move(r));
  };
}

// Signals are taken by the main thread alone, one after the other, and by no handler.
sigset_t block_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  for (int const s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, s);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

void reload_certificate(http::server& door) {
  if (auto reloaded = door.reload(); !reloaded)
    log::error("the certificate was not reloaded", {{"why", reloaded.error().detail}});
  else
    log::info("certificate reloaded");
}

void wait_for_end(sigset_t const& signals, http::server& door) {
  for (int got = 0;;) {
    if (::sigwait(&signals, &got) != 0) continue;
    if (got != SIGHUP) return;
    contained(thrown_at::signals, [&] {
      fault_points::pass("signals");
      reload_certificate(door);
    });
  }
}

// A folder that can hold no socket is no reason not to serve.
std::unique_ptr<control_socket> open_control_socket(application& of) {
  try {
    return std::make_unique<control_socket>(of.config().data_dir, of.machine_commands());
  } catch (std::exception const& failed) {
    log::warn("there is no control socket: alloy operator, alloy doctor and alloy backup create work only while this "
              "server does not run",
              {{"why", failed.what()}});
    return nullptr;
  }
}

std::unique_ptr<http::server> open_metrics_door(application& of) {
  if (of.config().metrics_port == 0) return nullptr;
  auto only = http_settings(of.config());
  only.port = static_cast<std::uint16_t>(of.config().metrics_port);
  only.tls_certificate_file.clear();
  only.proxy_protocol = false; // who scrapes comes directly
  auto door = std::make_unique<http::server>(only, metrics_only(of.meters()));
  if (auto started = door->start(); !started) throw std::runtime_error(started.error().detail);
  return door;
}

} // namespace

int serve(loaded_settings const& loaded) {
  settings const& config = loaded.values;
  fault_points::arm(config.crash_point, config.crash_after);
  sigset_t const signals = block_signals();
  log::set_level(config.log_level);
  log::start();
  application behind(config);
  mcp_door mcp(behind.service(), config, behind.meters());
  http::server door(http_settings(config), http::rest([&](api::request&& asked, auto done) {
                      if (mcp_door::takes(asked.path)) return mcp.handle(std::move(asked), std::move(done));
                      behind.service().handle(std::move(asked), std::move(done));
                    }),
                    std::make_shared<http_meters>(behind.meters()));
  // Before the door: who sees the server answer can already give it commands.
  auto const machine = open_control_socket(behind);
  auto const metrics_door = open_metrics_door(behind);
  auto port = door.start(); // last: what throws once requests come would take from them what they point at
  if (!port) throw std::runtime_error(port.error().detail);
  log::info("serving", {{"address", config.bind},
                        {"port", static_cast<std::int64_t>(*port)},
                        {"data_dir", config.data_dir},
                        {"log_head", behind.log_head()},
                        {"version", ALLOY_VERSION}});

  warn_of_operators(config);
  wait_for_end(signals, door);
  log::info("stopping");
  if (machine) machine->stop();
  behind.drain();
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr); // a second signal ends the process at once
  std::this_thread::sleep_for(std::chrono::milliseconds(config.shutdown_delay_ms));
  bool const all_finished = door.stop(static_cast<std::uint32_t>(config.shutdown_timeout_ms));
  if (metrics_door) metrics_door->stop(0);
  behind.stop();
  log::info("stopped", {{"log_head", behind.log_head()}, {"all_answered", all_finished}});
  log::stop();
  return 0;
}

} // namespace alloy
