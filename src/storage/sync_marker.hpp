#pragma once
// A small file beside RocksDB's that says how far acknowledged writes reached, so that a write-ahead log or MANIFEST
// that was cut off, or lost as a whole, is noticed at the next start: RocksDB takes it for an older, shorter store.
//   alloy.synced := two sectors of 512 bytes, used in turn: "alloysyn" | sequence u64be | crc32c u32be of these | zeros
// `sequence` is RocksDB's number of the last write known to be synced. It is written after the sync and never waited
// for, so it is never ahead of the truth, and costs about a microsecond a commit:
// - after a stop or `kill -9` it names the last acknowledged write;
// - after a power loss it may be older by what the kernel had not written out; it is synced once a second while
//   writes go on. A write later than that can only be lost unnoticed if the disk dropped what it said it had synced.
// A damaged or absent file proves nothing and is made anew. One thread at a time (the writer).
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace rocksdb {
class Env;
class RandomRWFile;
} // namespace rocksdb

namespace alloy::storage {

class sync_marker {
 public:
  static std::string path_in(std::string const& folder) { return folder + "/alloy.synced"; }
  // The highest sequence on record; 0 where there is none.
  static std::uint64_t read(rocksdb::Env& env, std::string const& folder);

  sync_marker(rocksdb::Env& env, std::string const& folder); // throws std::runtime_error
  ~sync_marker();
  void note(std::uint64_t sequence); // throws std::runtime_error
  void sync();                       // throws std::runtime_error

 private:
  std::unique_ptr<rocksdb::RandomRWFile> file_;
  std::chrono::steady_clock::time_point synced_;
  unsigned slot_ = 0;
};

} // namespace alloy::storage
