#include "serve.hpp"

#include "api/service.hpp"
#include "auth/signing_keys.hpp"
#include "core/log.hpp"
#include "http/rest.hpp"
#include "http/server.hpp"
#include "projections/fold.hpp"

#include <csignal>
#include <filesystem>
#include <pthread.h>
#include <unistd.h>

namespace alloy {
namespace {

constexpr int exit_io = 74; // EX_IOERR: the store cannot be written, what was under way is unknown

// Tests only: the process kills itself at the n-th passing of a named point, as a power cut would.
struct kill_switch {
  std::string point;
  std::int64_t after = 1;
  std::atomic<std::int64_t> passed{0};

  void operator()(char const* name) {
    if (!point.empty() && point == name && ++passed == after) ::kill(::getpid(), SIGKILL);
  }
};

struct http_meters : http::observer {
  explicit http_meters(metrics::registry& to)
      : registry(to), opened(to.make_counter("alloy_http_connections_opened_total", "Connections accepted")),
        open(to.make_gauge("alloy_http_connections", "Connections open now")) {}

  void connection_opened() noexcept override {
    opened.add();
    open.add(1);
  }
  void connection_closed() noexcept override { open.add(-1); }
  void request_started() noexcept override { registry.http_in_flight.add(1); }
  void request_finished(http::exchange_facts const& e) noexcept override {
    registry.http_in_flight.add(-1);
    registry.http_done({e.method, e.route, e.status, e.seconds, e.received_bytes, e.sent_bytes});
  }
  void connection_refused(std::string_view reason) noexcept override {
    try {
      registry
          .make_counter("alloy_http_refused_total", "Connections ended by the framing guard, a limit or a deadline",
                        {{"reason", std::string(reason)}})
          .add();
    } catch (std::exception const&) { // a count that is lost harms nobody
    }
  }

  metrics::registry& registry;
  metrics::counter opened;
  metrics::gauge open;
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
  h.gzip_bytes_min = static_cast<std::size_t>(s.gzip_min_bytes);
  h.cors_allowed_origins = s.cors_allowed_origins;
  h.tls_certificate_file = s.tls_certificate_file;
  h.tls_key_file = s.tls_key_file;
  return h;
}

storage::settings store_settings(settings const& s, kill_switch& points) {
  storage::settings st;
  st.path = s.data_dir + "/store";
  st.block_cache_bytes = static_cast<std::size_t>(s.block_cache_bytes);
  st.write_buffer_bytes = static_cast<std::size_t>(s.write_buffer_bytes);
  if (!points.point.empty()) st.at_point = std::ref(points);
  return st;
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

void wait_for_end(sigset_t const& signals, http::server& door) {
  for (int got = 0;;) {
    if (::sigwait(&signals, &got) != 0) continue;
    if (got != SIGHUP) return;
    if (auto reloaded = door.reload(); !reloaded)
      log::error("the certificate was not reloaded", {{"why", reloaded.error().detail}});
    else
      log::info("certificate reloaded");
  }
}

} // namespace

int serve(loaded_settings const& loaded) {
  settings config = loaded.values;
  sigset_t const signals = block_signals();
  log::set_level(config.log_level);
  log::start();
  std::filesystem::create_directories(config.data_dir);
  std::filesystem::permissions(config.data_dir, std::filesystem::perms::owner_all);

  auto keys = auth::signing_keys::load(config.jwt_private_key, config.jwt_public_key, config.data_dir);
  if (!keys) throw std::runtime_error(keys.error().detail);
  auto const key_ring = std::make_shared<auth::signing_keys const>(std::move(*keys));

  kill_switch points{config.crash_point, config.crash_after};
  metrics::registry metrics;
  storage::database db(store_settings(config, points));
  auto const log = events::open_rocksdb_log(db, {static_cast<std::size_t>(config.record_max_bytes)});
  auth::people const people(key_ring->sealing_key());
  commands::kept_answers const answers(key_ring->sealing_key(), config.idempotency_ttl_seconds * 1000);
  api::identity_service identity{auth::token_signer(key_ring, {config.jwt_issuer, config.jwt_audience}),
                                 auth::attempt_limiter({static_cast<std::size_t>(config.login_failures_per_account),
                                                        static_cast<std::size_t>(config.login_failures_per_address),
                                                        config.login_window_seconds * 1000}),
                                 auth::verified_tokens<auth::principal>(), metrics};
  std::atomic<bool> draining{false};

  std::atomic<api::service*> listening{nullptr}; // made after the sequencer, which rings it
  commands::sequencer sequencer({db, *log, answers, metrics, projections::fold,
                                 [&](std::span<events::record const> records) {
                                   if (auto* const s = listening.load()) s->committed(records);
                                 },
                                 [&](view& local) { identity.save_last_use(local); },
                                 [](std::string const&) {
                                   log::flush();
                                   std::_Exit(exit_io);
                                 },
                                 config.crash_point.empty() ? std::function<void(char const*)>() : std::ref(points)},
                                {static_cast<std::size_t>(config.queue_max), static_cast<std::size_t>(config.batch_max),
                                 static_cast<std::size_t>(config.record_max_bytes),
                                 static_cast<std::uint64_t>(config.free_space_min_bytes)});
  auth::hashing_pool hashing({static_cast<unsigned>(config.hashing_workers),
                              static_cast<std::size_t>(config.hashing_queue_max),
                              [&](std::size_t waiting) { metrics.hashing_queue.set(static_cast<double>(waiting)); }});

  api::server_facts const facts{db, sequencer, *log, metrics, now(), draining, config.metrics_port != 0};
  api::service service({db, *log, sequencer, hashing, {config, people, key_ring->sealing_key(), identity, facts}});
  listening = &service;
  for (auto const& [name, value] : db.gauges())
    metrics.gauge_at_scrape("alloy_store_" + name, "What the store says of itself",
                            [&db, name = name] { return db.gauges()[name]; });
  metrics.gauge_at_scrape("alloy_disk_free_bytes", "Free space where the data folder is",
                          [&db] { return static_cast<double>(db.free_bytes()); });
  metrics.gauge_at_scrape("alloy_log_head_position", "Position of the newest event",
                          [&log] { return static_cast<double>(log->head()); });

  auto const meters = std::make_shared<http_meters>(metrics);
  http::server door(http_settings(config), http::rest(service), meters);
  auto port = door.start();
  if (!port) throw std::runtime_error(port.error().detail);
  std::unique_ptr<http::server> metrics_door;
  if (config.metrics_port != 0) {
    auto only = http_settings(config);
    only.port = static_cast<std::uint16_t>(config.metrics_port);
    only.tls_certificate_file.clear();
    metrics_door = std::make_unique<http::server>(only, metrics_only(metrics));
    if (auto started = metrics_door->start(); !started) throw std::runtime_error(started.error().detail);
  }
  log::info("serving", {{"address", config.bind},
                        {"port", static_cast<std::int64_t>(*port)},
                        {"data_dir", config.data_dir},
                        {"log_head", log->head()},
                        {"version", ALLOY_VERSION}});

  wait_for_end(signals, door);
  log::info("stopping");
  draining = true;
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr); // a second signal ends the process at once
  std::this_thread::sleep_for(std::chrono::milliseconds(config.shutdown_delay_ms));
  bool const all_finished = door.stop(static_cast<std::uint32_t>(config.shutdown_timeout_ms));
  if (metrics_door) metrics_door->stop(0);
  hashing.stop();
  sequencer.stop();
  listening = nullptr;
  log::info("stopped", {{"log_head", log->head()}, {"all_answered", all_finished}});
  log::stop();
  return 0;
}

} // namespace alloy
