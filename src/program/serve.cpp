#include "program/serve.hpp"

#include "api/service.hpp"
#include "auth/signing_keys.hpp"
#include "core/exceptions.hpp"
#include "core/fault_point.hpp"
#include "core/log.hpp"
#include "events/checkpoint.hpp"
#include "http/rest.hpp"
#include "http/server.hpp"
#include "program/backup_commands.hpp"
#include "program/doctor_commands.hpp"
#include "program/mcp_parts.hpp"
#include "program/operator_commands.hpp"
#include "program/webhook_parts.hpp"
#include "projections/fold.hpp"
#include "projections/replay.hpp"
#include "projections/search_store.hpp"

#include <csignal>
#include <filesystem>
#include <pthread.h>
#include <unistd.h>

namespace alloy {
namespace {

constexpr std::int64_t fold_progress_every_ms = 5000;
constexpr std::size_t login_keys_max = 150'000; // of accounts and networks with failed logins
// What a worker does of each kind, about: it tells who is refused when to come back.
constexpr std::size_t passwords_per_second = 30, long_reads_per_second = 20, imports_per_second = 2;
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
        open(to.make_gauge("alloy_http_connections", "Connections open now")),
        unsent(to.make_gauge("alloy_http_unsent_bytes", "Bytes of large or waiting answers that were not sent yet")),
        refused(to.make_counter("alloy_http_unsent_refused_total",
                                "Answers refused because too many bytes to their address wait to be sent")) {}

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

storage::settings store_settings(settings const& s, kill_switch& points) {
  storage::settings st;
  st.path = s.data_dir + "/store";
  st.block_cache_bytes = static_cast<std::size_t>(s.block_cache_bytes);
  st.write_buffer_bytes = static_cast<std::size_t>(s.write_buffer_bytes);
  if (!points.point.empty()) st.at_point = std::ref(points);
  return st;
}

storage::settings search_settings(settings const& s) {
  storage::settings st;
  st.path = s.data_dir + "/search";
  st.block_cache_bytes = 4u << 20;
  st.recent_rows_bytes = 1u << 20;
  st.write_buffer_bytes = static_cast<std::size_t>(s.search_write_buffer_bytes);
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

std::shared_ptr<auth::signing_keys const> load_keys(settings const& config) {
  std::filesystem::create_directories(config.data_dir);
  std::filesystem::permissions(config.data_dir, std::filesystem::perms::owner_all);
  auto keys = auth::signing_keys::load(config.jwt_private_key, config.jwt_public_key, config.data_dir);
  if (!keys) throw std::runtime_error(keys.error().detail);
  return std::make_shared<auth::signing_keys const>(std::move(*keys));
}

commands::sequencer_settings writer_settings(settings const& s, timestamp latest_time) {
  return {static_cast<std::size_t>(s.queue_max),
          static_cast<std::size_t>(s.batch_max),
          static_cast<std::size_t>(s.record_max_bytes),
          static_cast<std::size_t>(s.command_max_bytes),
          static_cast<std::uint64_t>(s.free_space_min_bytes),
          latest_time,
          static_cast<std::size_t>(s.queue_per_org_max),
          static_cast<std::size_t>(s.batch_cost_max)};
}

auth::attempt_limiter::options brake_settings(settings const& s) {
  return {static_cast<std::size_t>(s.login_failures_per_account),
          static_cast<std::size_t>(s.login_failures_per_address), s.login_window_seconds * 1000, login_keys_max,
          static_cast<std::size_t>(s.login_failures_per_account_total)};
}

worker_pool::options pool_of(std::int64_t workers, std::int64_t queue, std::int64_t of_one, std::size_t per_second,
                             std::string jobs, std::string whose, metrics::registry& meters, std::string const& name) {
  auto counted = worker_pool::meters_of(meters, name, jobs);
  return {.workers = static_cast<unsigned>(workers),
          .queue_max = static_cast<std::size_t>(queue),
          .queue_per_caller_max = static_cast<std::size_t>(of_one),
          .jobs_per_second = per_second,
          .jobs = std::move(jobs),
          .whose = std::move(whose),
          .counted = counted};
}

api::places::bounds listeners_of(settings const& s) {
  return {static_cast<std::size_t>(s.event_streams_max), static_cast<std::size_t>(s.event_streams_per_user_max),
          static_cast<std::size_t>(s.event_streams_per_org_max)};
}

// All there is behind the doors, in the order in which each needs those before it.
struct house {
  settings config;
  std::shared_ptr<auth::signing_keys const> keys = load_keys(config);
  kill_switch points{config.crash_point, config.crash_after};
  metrics::registry metrics = {};
  storage::database db{store_settings(config, points)};
  std::unique_ptr<events::log> log = open_log();
  std::atomic<api::service*> listening{nullptr}; // the service needs those that ring it
  projections::search_store search{*log, search_settings(config), metrics, [this](std::uint64_t position) {
                                     if (auto* const s = listening.load()) s->searchable(position);
                                   }};
  auth::people people = indexed_people();
  commands::kept_answers answers{keys->sealing_key(), config.idempotency_ttl_seconds * 1000};
  api::identity_service identity{auth::token_signer(keys, {config.jwt_issuer, config.jwt_audience}),
                                 auth::attempt_limiter(brake_settings(config)),
                                 {auth::quota(config.registrations_per_address, config.registration_window_seconds),
                                  static_cast<std::size_t>(config.rate_limit_keys_max)},
                                 auth::verified_tokens<auth::principal>(),
                                 metrics,
                                 config.session_max_age_seconds * 1000};
  std::atomic<bool> draining{false};
  commands::sequencer sequencer{writer_parts(),
                                writer_settings(config, projections::latest_time(db.latest(storage::family::state)))};
  webhooks::dispatcher deliveries{delivery_parts(db, *log, sequencer, keys->sealing_key(), metrics, &house::die),
                                  delivery_settings(config), delivery_store_settings(config),
                                  delivery_transport(config), delivery_guard(config)};
  worker_pool hashing{pool_of(config.hashing_workers, config.hashing_queue_max, config.hashing_queue_per_address_max,
                              passwords_per_second, "passwords", "address", metrics, "hashing")};
  worker_pool reading{pool_of(config.reading_workers, config.reading_queue_max, config.reading_queue_per_user_max,
                              long_reads_per_second, "long reads", "user", metrics, "reading")};
  worker_pool importing{pool_of(config.transfer_workers, config.transfer_queue_max, config.transfer_queue_per_user_max,
                                imports_per_second, "imports", "user", metrics, "transfer")};
  api::feed_bell bell{listeners_of(config),
                      api::places::meters_of(metrics, "event_streams", "streams and waiting pages of events")};
  events::checkpoint_signer notary{keys->log_key(), log->identity()};
  api::server_facts facts{db, sequencer, *log, metrics, now(), draining, config.metrics_port != 0};
  api::service service{
      {db,
       *log,
       sequencer,
       {hashing, reading, importing},
       answers,
       {config, people, keys->sealing_key(), identity, facts, search, deliveries.rows(), bell, notary}}};

  explicit house(settings const& s) : config(s) {
    listening = &service;
    for (auto const& [name, value] : db.gauges())
      metrics.gauge_at_scrape("alloy_store_" + name, "What the store says of itself",
                              [this, name = name] { return db.gauges()[name]; });
    metrics.gauge_at_scrape("alloy_disk_free_bytes", "Free space where the data folder is",
                            [this] { return static_cast<double>(db.free_bytes()); });
    metrics.gauge_at_scrape("alloy_log_head_position", "Position of the newest event",
                            [this] { return static_cast<double>(log->head()); });
    metrics.gauge_at_scrape("alloy_event_listeners", "Streams and waiting pages of the event feed that are open",
                            [this] { return static_cast<double>(bell.seats()); });
    metrics.gauge_at_scrape("alloy_search_lag_events", "Events that are not searchable yet", [this] {
      auto const searchable = search.position(); // first, so that the head is not behind it
      return static_cast<double>(log->head() - searchable);
    });
  }

  std::unique_ptr<events::log> open_log() {
    auto opened = events::open_rocksdb_log(db, {static_cast<std::size_t>(config.record_max_bytes)});
    if (!projections::is_folded(db.latest(storage::family::state), opened->head())) fold_anew(*opened);
    return opened;
  }

  auth::people indexed_people() {
    auth::people made(keys->sealing_key());
    index_addresses(db, made);
    return made;
  }

  // Of a store that another version wrote, or whose folding was cut short.
  void fold_anew(events::log const& from) {
    alloy::log::info("folding the state anew from the log", {{"log_head", from.head()}});
    auto last = now();
    auto const done = projections::fold_anew(from, db, [&](std::uint64_t, std::uint64_t position, std::uint64_t head) {
      if (now().ms < last.ms + fold_progress_every_ms) return;
      last = now();
      alloy::log::info("folding", {{"position", position}, {"log_head", head}});
    });
    alloy::log::info("the state is folded", {{"records", done.records}, {"events", done.events}});
  }

  commands::sequencer_parts writer_parts() {
    return {db,
            *log,
            answers,
            metrics,
            projections::fold,
            [this](std::span<events::record const> records) {
              auto* const s = listening.load();
              if (s == nullptr) return;
              s->committed(records);
              deliveries.ring();
            },
            [this](view& local) { identity.save_last_use(local); },
            &house::die,
            config.crash_point.empty() ? std::function<void(char const*)>() : std::ref(points)};
  }

  control_commands machine_commands() {
    auto all = operator_commands(db, sequencer, people);
    all.merge(doctor_commands(db, people));
    // Deliveries first, so that their cursor is not ahead of the log beside them.
    all.merge(backup_server_commands(config, [this](std::string const& folder) {
      deliveries.checkpoint(folder + "/webhooks");
      db.checkpoint(folder + "/store");
    }));
    return all;
  }

  static void die(std::string const&) {
    alloy::log::flush();
    std::_Exit(exit_io);
  }

  void stop() {
    for (auto* const pool : {&hashing, &reading, &importing}) pool->stop();
    sequencer.stop();
    listening = nullptr;
    deliveries.stop();
    search.stop();
  }
};

// A folder that can hold no socket is no reason not to serve.
std::unique_ptr<control_socket> open_control_socket(house& of) {
  try {
    return std::make_unique<control_socket>(of.config.data_dir, of.machine_commands());
  } catch (std::exception const& failed) {
    log::warn("there is no control socket: alloy operator, alloy doctor and alloy backup create work only while this "
              "server does not run",
              {{"why", failed.what()}});
    return nullptr;
  }
}

std::unique_ptr<http::server> open_metrics_door(house const& of) {
  if (of.config.metrics_port == 0) return nullptr;
  auto only = http_settings(of.config);
  only.port = static_cast<std::uint16_t>(of.config.metrics_port);
  only.tls_certificate_file.clear();
  only.proxy_protocol = false; // who scrapes comes directly
  auto door = std::make_unique<http::server>(only, metrics_only(of.metrics));
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
  house behind(config);
  mcp_door mcp(behind.service, config, behind.metrics);
  http::server door(http_settings(config), http::rest([&](api::request&& asked, auto done) {
                      if (mcp_door::takes(asked.path)) return mcp.handle(std::move(asked), std::move(done));
                      behind.service.handle(std::move(asked), std::move(done));
                    }),
                    std::make_shared<http_meters>(behind.metrics));
  // Before the door: who sees the server answer can already give it commands.
  auto const machine = open_control_socket(behind);
  auto port = door.start();
  if (!port) throw std::runtime_error(port.error().detail);
  auto const metrics_door = open_metrics_door(behind);
  log::info("serving", {{"address", config.bind},
                        {"port", static_cast<std::int64_t>(*port)},
                        {"data_dir", config.data_dir},
                        {"log_head", behind.log->head()},
                        {"version", ALLOY_VERSION}});

  warn_of_operators(config);
  wait_for_end(signals, door);
  log::info("stopping");
  if (machine) machine->stop();
  behind.draining = true;
  behind.service.drain();
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr); // a second signal ends the process at once
  std::this_thread::sleep_for(std::chrono::milliseconds(config.shutdown_delay_ms));
  bool const all_finished = door.stop(static_cast<std::uint32_t>(config.shutdown_timeout_ms));
  if (metrics_door) metrics_door->stop(0);
  behind.stop();
  log::info("stopped", {{"log_head", behind.log->head()}, {"all_answered", all_finished}});
  log::stop();
  return 0;
}

} // namespace alloy
