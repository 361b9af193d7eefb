#include "storage/store.hpp"

#include <rocksdb/env.h>

namespace alloy::storage {
namespace {

// Summed over the families, or of the database as a whole where that is what RocksDB counts.
struct gauge {
  char const* name;
  char const* property;
  bool summed;
};

constexpr gauge all[] = {
    {"write_stopped", "rocksdb.is-write-stopped", false},
    {"delayed_write_bytes_per_second", "rocksdb.actual-delayed-write-rate", false},
    {"background_errors", "rocksdb.background-errors", false},
    {"running_compactions", "rocksdb.num-running-compactions", false},
    {"running_flushes", "rocksdb.num-running-flushes", false},
    {"snapshots", "rocksdb.num-snapshots", false},
    {"memtable_bytes", "rocksdb.cur-size-all-mem-tables", true},
    {"memtables_to_flush", "rocksdb.num-immutable-mem-table", true},
    {"pending_compaction_bytes", "rocksdb.estimate-pending-compaction-bytes", true},
    {"table_reader_bytes", "rocksdb.estimate-table-readers-mem", true},
    {"table_bytes", "rocksdb.total-sst-files-size", true},
    {"rows", "rocksdb.estimate-num-keys", true},
};

double wal_bytes(rocksdb::Env& env, std::string const& folder) {
  std::vector<std::string> names;
  double sum = 0;
  if (!env.GetChildren(folder, &names).ok()) return sum;
  for (auto const& name : names) {
    std::uint64_t bytes = 0;
    if (name.ends_with(".log") && env.GetFileSize(folder + "/" + name, &bytes).ok()) sum += static_cast<double>(bytes);
  }
  return sum;
}

} // namespace

std::unordered_map<std::string, double> database::gauges() const {
  auto& b = *body_;
  std::unordered_map<std::string, double> values;
  for (auto const& g : all) {
    std::uint64_t value = 0;
    if (g.summed ? b.db->GetAggregatedIntProperty(g.property, &value) : b.db->GetIntProperty(g.property, &value))
      values.emplace(g.name, static_cast<double>(value));
  }
  double level0 = 0;
  for (auto* const handle : b.handles) {
    std::string text;
    if (b.db->GetProperty(handle, "rocksdb.num-files-at-level0", &text)) level0 += std::stod(text);
  }
  values.emplace("level0_files", level0);
  values.emplace("block_cache_bytes", static_cast<double>(b.cache->GetUsage()));
  values.emplace("block_cache_capacity_bytes", static_cast<double>(b.cache->GetCapacity()));
  values.emplace("wal_bytes", wal_bytes(*b.env, b.given.path));
  values.emplace("last_sequence", static_cast<double>(b.db->GetLatestSequenceNumber()));
  values.emplace("failed", b.disk->failed() ? 1.0 : 0.0);
  return values;
}

} // namespace alloy::storage
