#include "storage/options.hpp"

#include <algorithm>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

namespace alloy::storage {
namespace {

constexpr std::uint64_t kib = 1024, mib = 1024 * kib;

// A store opened to be verified must not even gain a log file.
class silent_logger : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(char const*, va_list) override {}
  std::size_t GetLogFileSize() const override { return 0; }
};

rocksdb::CompressionType lz4_or_none() {
  auto const known = rocksdb::GetSupportedCompressions();
  return std::find(known.begin(), known.end(), rocksdb::kLZ4Compression) != known.end() ? rocksdb::kLZ4Compression
                                                                                        : rocksdb::kNoCompression;
}

} // namespace

rocksdb::DBOptions database_options(settings const& s) {
  rocksdb::DBOptions o;
  if (s.environment != nullptr) o.env = s.environment;
  o.create_if_missing = o.create_missing_column_families = !s.read_only;

  // Safety. The default recovery mode opens after one flipped byte, without the acknowledged writes behind it.
  o.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  o.track_and_verify_wals_in_manifest = true; // a log that is missing between others would not be missed
  o.paranoid_checks = true;
  o.use_fsync = false;            // fdatasync keeps data and size, which is what the log needs
  o.max_bgerror_resume_count = 0; // an error is final: the process stops and starts again
  o.recycle_log_file_num = 0;     // examine_log() counts on it

  // Memory.
  o.max_open_files = 256;
  o.table_cache_numshardbits = 2;
  o.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(s.write_buffer_bytes);

  // A start replays at most about this much. Logs are rarely longer than the memtables they cover.
  o.max_total_wal_size = s.wal_max_bytes;
  o.skip_stats_update_on_db_open = true;

  // One writer, two background threads.
  o.allow_concurrent_memtable_write = false;
  o.enable_write_thread_adaptive_yield = false;
  o.max_background_jobs = 2;
  o.bytes_per_sync = mib; // no burst of dirty pages in front of a commit's fdatasync

  o.keep_log_file_num = 2;
  o.max_log_file_size = mib;
  o.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  o.stats_dump_period_sec = 0;
  o.stats_persist_period_sec = 0;
  if (s.read_only) o.info_log = std::make_shared<silent_logger>();
  return o;
}

rocksdb::ColumnFamilyOptions family_options(settings const& s, family f, std::shared_ptr<rocksdb::Cache> const& cache) {
  rocksdb::ColumnFamilyOptions o;
  o.write_buffer_size = s.write_buffer_bytes; // the shared bound of the write buffer manager comes first
  o.arena_block_size = std::min<std::size_t>(s.write_buffer_bytes / 16, 256 * kib);
  o.max_write_buffer_number = s.rebuildable ? 2 : 3; // its writer may wait for a flush
  // Rows of one tenant's table come in order: each insertion starts where the one before it in its table ended.
  o.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(17));
  o.memtable_whole_key_filtering = true;
  o.memtable_prefix_bloom_size_ratio = 0.02;

  o.level_compaction_dynamic_level_bytes = true;
  o.target_file_size_base = 16 * mib;
  o.max_bytes_for_level_base = 64 * mib;
  // Records are written once and read rarely: compressed. Rows of the state are merged while commits wait for a core
  // and read all the time: compressing them again and again cost more than deciding the commands.
  o.compression = f == family::log ? lz4_or_none() : rocksdb::kNoCompression;
  // Records come in the order of their keys: each new file is behind all others and moves down as it is, never merged.
  if (f == family::state) o.compaction_style = rocksdb::kCompactionStyleUniversal;
  if (f == family::log) o.level0_file_num_compaction_trigger = 1;

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;
  table.whole_key_filtering = true;
  // The log is read by position, but asked for command ids that are nearly always absent.
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_size = f == family::log ? 16 * kib : 4 * kib;
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return o;
}

} // namespace alloy::storage
