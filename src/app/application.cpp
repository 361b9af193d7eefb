#include "app/application.hpp"

#include "app/backup_commands.hpp"
#include "app/doctor_commands.hpp"
#include "app/operator_commands.hpp"
#include "app/webhook_wiring.hpp"
#include "auth/signing_keys.hpp"
#include "core/log.hpp"
#include "events/checkpoint.hpp"
#include "projections/fold.hpp"
#include "projections/replay.hpp"
#include "search/search_store.hpp"

#include <csignal>
#include <filesystem>
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

auth::attempt_limiter::options limiter_settings(settings const& s) {
  return {static_cast<std::size_t>(s.login_failures_per_account),
          static_cast<std::size_t>(s.login_failures_per_address), s.login_window_seconds * 1000, login_keys_max,
          static_cast<std::size_t>(s.login_failures_per_account_total)};
}

worker_pool::options pool_of(std::int64_t workers, std::int64_t queue, std::int64_t of_one, std::size_t per_second,
                             std::string jobs, std::string whose, metrics::registry& meters, std::string const& name) {
  auto counted = worker_pool::meters_of(meters, name, jobs);
  // But for passwords, which all take the same time, one caller's jobs leave a thread to others.
  auto const at_once = name == "hashing" ? workers : std::max<std::int64_t>(1, workers - 1);
  return {.workers = static_cast<unsigned>(workers),
          .queue_max = static_cast<std::size_t>(queue),
          .queue_per_caller_max = static_cast<std::size_t>(of_one),
          .at_once_per_caller_max = static_cast<unsigned>(at_once),
          .jobs_per_second = per_second,
          .jobs = std::move(jobs),
          .whose = std::move(whose),
          .counted = counted};
}

api::places::bounds listeners_of(settings const& s) {
  return {static_cast<std::size_t>(s.event_streams_max), static_cast<std::size_t>(s.event_streams_per_user_max),
          static_cast<std::size_t>(s.event_streams_per_org_max)};
}

} // namespace

// In the order in which each needs those before it.
struct application::parts {
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
  auth::pii_store people = indexed_people();
  commands::idempotency_store answers{keys->sealing_key(), config.idempotency_ttl_seconds * 1000};
  api::identity_service identity{auth::token_signer(keys, {config.jwt_issuer, config.jwt_audience}),
                                 auth::attempt_limiter(limiter_settings(config)),
                                 {auth::quota(config.registrations_per_address, config.registration_window_seconds),
                                  static_cast<std::size_t>(config.rate_limit_keys_max)},
                                 auth::verified_tokens<auth::principal>(),
                                 metrics,
                                 config.session_max_age_seconds * 1000};
  std::atomic<bool> draining{false};
  commands::sequencer sequencer{sequencer_wiring(),
                                writer_settings(config, projections::latest_time(db.latest(storage::family::state)))};
  webhooks::dispatcher deliveries{delivery_parts(db, *log, sequencer, keys->sealing_key(), metrics, &parts::die),
                                  delivery_settings(config), delivery_store_settings(config),
                                  delivery_transport(config), delivery_guard(config)};
  worker_pool hashing{pool_of(config.hashing_workers, config.hashing_queue_max, config.hashing_queue_per_address_max,
                              passwords_per_second, "passwords", "address", metrics, "hashing")};
  worker_pool reading{pool_of(config.reading_workers, config.reading_queue_max, config.reading_queue_per_user_max,
                              long_reads_per_second, "long reads", "user", metrics, "reading")};
  worker_pool importing{pool_of(config.transfer_workers, config.transfer_queue_max, config.transfer_queue_per_user_max,
                                imports_per_second, "imports", "user", metrics, "transfer")};
  api::event_notifier bell{listeners_of(config),
                           api::places::meters_of(metrics, "event_streams", "streams and waiting pages of events")};
  events::checkpoint_signer notary{keys->log_key(), log->identity()};
  api::server_info facts{db, sequencer, *log, metrics, now(), draining, config.metrics_port != 0};
  api::service service{
      {db,
       *log,
       sequencer,
       {hashing, reading, importing},
       answers,
       {config, people, keys->sealing_key(), identity, facts, search, deliveries.rows(), bell, notary}}};

  explicit parts(settings const& s) : config(s) {
    listening = &service;
    for (auto const& [gauge, value] : db.gauges())
      metrics.gauge_at_scrape("alloy_store_" + gauge, "What the store says of itself",
                              [this, name = gauge] { return db.gauges()[name]; });
    metrics.gauge_at_scrape("alloy_disk_free_bytes", "Free space where the data folder is",
                            [this] { return static_cast<double>(db.free_bytes()); });
    metrics.gauge_at_scrape("alloy_log_head_position", "Position of the newest event",
                            [this] { return static_cast<double>(log->head()); });
    metrics.gauge_at_scrape("alloy_event_listeners", "Streams and waiting pages of the event feed that are open",
                            [this] { return static_cast<double>(bell.subscriptions()); });
    metrics.gauge_at_scrape("alloy_search_lag_events", "Events that are not searchable yet", [this] {
      auto const searchable = search.position(); // first, so that the head is not behind it
      return static_cast<double>(log->head() - searchable);
    });
  }

  std::unique_ptr<events::log> open_log() {
    auto opened = events::open_rocksdb_log(db, {static_cast<std::size_t>(config.record_max_bytes)});
    if (!projections::is_folded(db.latest(storage::family::state), opened->head())) rebuild_state(*opened);
    return opened;
  }

  auth::pii_store indexed_people() {
    auth::pii_store made(keys->sealing_key());
    index_addresses(db, made);
    return made;
  }

  // Of a store that another version wrote, or whose folding was cut short.
  void rebuild_state(events::log const& from) {
    alloy::log::info("folding the state anew from the log", {{"log_head", from.head()}});
    auto last = now();
    auto const done =
        projections::rebuild_state(from, db, [&](std::uint64_t, std::uint64_t position, std::uint64_t head) {
          if (now().ms < last.ms + fold_progress_every_ms) return;
          last = now();
          alloy::log::info("folding", {{"position", position}, {"log_head", head}});
        });
    alloy::log::info("the state is folded", {{"records", done.records}, {"events", done.events}});
  }

  commands::sequencer_dependencies sequencer_wiring() {
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
            &parts::die,
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
    service.stop();
    for (auto* const pool : {&hashing, &reading, &importing}) pool->stop();
    sequencer.stop();
    listening = nullptr;
    deliveries.stop();
    search.stop();
  }
};

application::application(settings const& s) : parts_(std::make_unique<parts>(s)) {}
application::~application() = default;

settings const& application::config() const noexcept {
  return parts_->config;
}
metrics::registry& application::meters() noexcept {
  return parts_->metrics;
}
api::service& application::service() noexcept {
  return parts_->service;
}
std::uint64_t application::log_head() const {
  return parts_->log->head();
}
control_commands application::machine_commands() {
  return parts_->machine_commands();
}
void application::drain() {
  parts_->draining = true;
  parts_->service.drain();
}
void application::stop() {
  parts_->stop();
}

} // namespace alloy
