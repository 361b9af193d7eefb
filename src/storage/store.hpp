#pragma once
// What database and transaction share, inside this room only.
#include "storage/database.hpp"
#include "storage/fail_stop.hpp"
#include "storage/row_cache.hpp"
#include "storage/sync_marker.hpp"

#include <array>
#include <optional>
#include <rocksdb/db.h>

namespace alloy::storage {

inline constexpr std::size_t families = 3;
constexpr std::size_t index_of(family f) noexcept {
  return static_cast<std::size_t>(f);
}

struct store {
  settings given;
  rocksdb::Env* env = nullptr;
  // From the first failure on nothing is written and nothing read.
  std::shared_ptr<disk_state> disk = std::make_shared<disk_state>();
  std::unique_ptr<rocksdb::Env> watched, quiet; // the last one there is, is what RocksDB itself is given
  std::shared_ptr<rocksdb::Cache> cache;
  std::unique_ptr<rocksdb::DB> db;
  std::array<rocksdb::ColumnFamilyHandle*, families> handles{};
  std::array<std::unique_ptr<reader>, families> latest;
  std::array<std::unique_ptr<row_cache>, families> recent; // above latest, for transactions
  std::optional<sync_marker> synced;
  rocksdb::FileLock* lock = nullptr; // held by a read-only one: RocksDB would open beside a process that writes
  bool unsynced = false;             // something was written since the last sync

  store() = default;
  ~store();
  store(store const&) = delete;
  store& operator=(store const&) = delete;
  void unlock();
  void flush_for_a_quick_start();
  // Throws write_failed, now and ever after.
  void write(rocksdb::WriteBatch& batch, bool sync);
};

struct database::body : store {};

} // namespace alloy::storage
