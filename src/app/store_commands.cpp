#include "app/store_commands.hpp"

#include "app/progress.hpp"
#include "projections/fold.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <unistd.h>

namespace alloy {

storage::settings store_at(settings const& config, std::string const& path, bool read_only) {
  storage::settings s;
  s.path = path;
  s.block_cache_bytes = static_cast<std::size_t>(config.block_cache_bytes);
  s.write_buffer_bytes = static_cast<std::size_t>(config.write_buffer_bytes);
  s.read_only = read_only;
  return s;
}

projections::progress progress_line(char const* what) {
  bool const shown = ::isatty(2) != 0;
  return [what, shown, last = std::chrono::steady_clock::time_point()](std::uint64_t records, std::uint64_t position,
                                                                       std::uint64_t head) mutable {
    auto const now = std::chrono::steady_clock::now();
    if (!shown || now - last < std::chrono::seconds(1)) return;
    last = now;
    std::fprintf(stderr, "%s: %llu records, position %llu of %llu\n", what, static_cast<unsigned long long>(records),
                 static_cast<unsigned long long>(position), static_cast<unsigned long long>(head));
  };
}

namespace {

// A folder of its own that goes away with it.
struct scratch {
  std::filesystem::path path;
  explicit scratch(std::string const& beside) : path(beside + "/scratch-" + std::to_string(::getpid())) {
    std::filesystem::create_directories(path);
  }
  ~scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

} // namespace

int verify_store(settings const& config, std::string const& to_position) {
  storage::database const db(store_at(config, config.data_dir + "/store", true));
  auto const log = events::open_rocksdb_log(const_cast<storage::database&>(db));
  std::uint64_t until = log->head();
  if (!to_position.empty()) {
    auto const [end, failed] = std::from_chars(to_position.data(), to_position.data() + to_position.size(), until);
    if (failed != std::errc() || end != to_position.data() + to_position.size() || until < 1 || until > log->head())
      throw std::runtime_error("--to-position must be a position of the log, 1 to " + std::to_string(log->head()));
  }
  scratch const folder(config.data_dir);
  storage::database again(store_at(config, (folder.path / "store").string(), false));
  auto const done = projections::replay(*log, again, progress_line("verify"), until);
  auto const folded = projections::digest_of(again);
  if (!to_position.empty()) {
    std::printf("%llu records, %llu events up to position %llu\nstate   %s\n",
                static_cast<unsigned long long>(done.records), static_cast<unsigned long long>(done.events),
                static_cast<unsigned long long>(done.last), hex(folded).c_str());
    return 0;
  }
  if (!projections::is_folded(db.latest(storage::family::state), log->head())) {
    std::printf("%llu records, %llu events, head %llu\nreplay  %s\nthe log is whole; the state is of another version "
                "of Alloy, and the next `alloy serve` or `alloy rebuild` folds it anew\n",
                static_cast<unsigned long long>(done.records), static_cast<unsigned long long>(done.events),
                static_cast<unsigned long long>(log->head()), hex(folded).c_str());
    return 0;
  }
  auto const stored = projections::digest_of(db);
  bool const same = stored == folded;
  std::printf("%llu records, %llu events, head %llu\nstate   %s\nreplay  %s\n%s\n",
              static_cast<unsigned long long>(done.records), static_cast<unsigned long long>(done.events),
              static_cast<unsigned long long>(log->head()), hex(stored).c_str(), hex(folded).c_str(),
              same ? "equal: the state is what the log says"
                   : "DIFFERENT: the state is not what the log says; alloy rebuild folds it anew");
  for (auto const& [table, rows] : projections::differences(db, again))
    std::printf("table %u: %llu rows differ\n", table, static_cast<unsigned long long>(rows));
  return same ? 0 : 1;
}

int rebuild_store(settings const& config) {
  storage::database db(store_at(config, config.data_dir + "/store", false));
  auto const log = events::open_rocksdb_log(db);
  auto const before = projections::digest_of(db);
  std::filesystem::remove_all(config.data_dir + "/search"); // serve makes it anew
  auto const done = projections::rebuild_state(*log, db, progress_line("rebuild"));
  auto const after = projections::digest_of(db);
  std::printf("%llu records, %llu events folded anew\nbefore  %s\nafter   %s\n",
              static_cast<unsigned long long>(done.records), static_cast<unsigned long long>(done.events),
              hex(before).c_str(), hex(after).c_str());
  return 0;
}

} // namespace alloy
