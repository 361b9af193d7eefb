#pragma once
// The only room that knows RocksDB. One database holds three families of ordered rows; a transaction writes to all of
// them atomically and, where asked, durably. Readers may be used from any thread (one object per thread); there is one
// writer, the sequencer. Any failed write is final: the outcome is unknown, so the caller must stop the process.
//
// What a start promises after a commit with `sync` has returned:
// - after `kill -9` or a loss of power its rows are there, whole; of a commit that had not returned all or none are;
// - a changed byte in CURRENT, MANIFEST or a write-ahead log is refused at the start (open_refused), one in a table at
// the
//   first read that meets it (read_failed), or it stood where it changes no row;
// - a log or MANIFEST that was cut off or lost is refused, too. The one exception: after a loss of power, commits of
// its
//   last second can go unnoticed if the disk also lost what it had reported as synced.
// How: wal_check.hpp and sync_marker.hpp. A commit without `sync` may be lost, also where later ones without are not.
#include "core/error.hpp"
#include "core/view.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>

namespace rocksdb {
class Env;
}

namespace alloy::storage {

enum class family : std::uint8_t {
  state, // folded from the log; can be dropped and folded again
  log,   // the log
  local, // of this server, not folded from the log: keys of persons, answers kept for retries, last use of keys
};

struct settings {
  std::string path;
  std::size_t block_cache_bytes = 32u << 20;
  std::size_t write_buffer_bytes = 16u << 20;
  std::size_t recent_rows_bytes = 8u << 20; // for rows that the writer asked for lately
  std::uint64_t wal_max_bytes = 24u << 20;  // a start replays at most about this much
  bool read_only = false;                   // for verify: opens beside nothing (the lock is taken), changes nothing
  // Of a store that can be made anew from another one: commits without `sync` go to no write-ahead log, so a crash
  // takes the newest of a family with it, and background work takes the time that others leave.
  bool rebuildable = false;
  rocksdb::Env* environment = nullptr; // tests: a faulty or an in-memory one; not owned
  // Tests: called at named points of a commit, "before_write" and "after_sync".
  std::function<void(char const*)> at_point = {};
};

// The store on disk is damaged or of another schema: refuse to start. what() names the file and what to do.
struct open_refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// A write or sync failed; whether it took place is unknown until the next start. Nothing is written to the disk after
// it, by any thread, and every read throws read_failed (fail_stop.hpp).
struct write_failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// A read met damage (checksum) or an I/O error, or the disk has failed before.
struct read_failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class database;

// Reads its own writes: rows of the command at hand, then of the commands before it in this batch, then the database.
// A plain batch is made from the final values at commit, so a row written by many commands of a batch is written once.
class transaction {
 public:
  explicit transaction(database& db);
  ~transaction();
  transaction(transaction const&) = delete;
  transaction& operator=(transaction const&) = delete;

  view& of(family f) noexcept;
  void keep_command(); // what was written since the last keep or drop joins the batch
  void drop_command(); // ... is forgotten
  bool empty() const noexcept;
  std::size_t bytes() const noexcept; // of what is kept, roughly
  // One atomic write; with `sync` it has reached the disk when this returns. Throws write_failed.
  void commit(bool sync);
  void clear();

 private:
  struct body;
  std::unique_ptr<body> body_;
};

class database {
 public:
  static constexpr std::uint32_t schema = 1; // of keys and families; another one in the store is refused

  explicit database(settings s); // throws open_refused
  ~database();
  database(database const&) = delete;
  database& operator=(database const&) = delete;

  // The newest committed rows: each call sees the latest; cheap (no snapshot is taken). Thread-safe.
  reader const& latest(family f) const noexcept;
  // Rows as they are now, all calls on it alike. Its life must end before the database's.
  std::unique_ptr<reader> snapshot(family f) const;

  void drop(family f); // erases every row of a family (rebuild); not while serving
  // The store as it is now, in a folder that is not there yet, while the writer goes on. Files that do not change are
  // linked where the file system allows it. Throws std::runtime_error.
  void checkpoint(std::string const& folder) const;
  std::uint64_t free_bytes() const; // of the file system that holds it
  bool read_only() const noexcept;
  std::string const& path() const noexcept;
  // name -> value of what operators watch (stalls, WAL size, memtables, compaction debt, cache), for the metrics.
  std::unordered_map<std::string, double> gauges() const;

 private:
  friend class transaction;
  struct body;
  std::unique_ptr<body> body_;
};

} // namespace alloy::storage
