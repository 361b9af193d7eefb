#include "storage/store.hpp"

#include <chrono>
#include <rocksdb/write_batch.h>
#include <thread>

namespace alloy::storage {

void store::unlock() {
  if (lock != nullptr) env->UnlockFile(lock);
  lock = nullptr;
}

void store::write(rocksdb::WriteBatch& batch, bool sync) {
  if (given.read_only) throw write_failed("the store is open read-only");
  if (disk->failed()) throw write_failed("nothing is written until the next start, since: " + disk->why());
  if (batch.Count() == 0 && !(sync && unsynced)) return;
  auto const at = [this](char const* point) {
    if (given.at_point) given.at_point(point);
  };
  try {
    at("before_write");
    rocksdb::WriteOptions options;
    options.sync = sync;
    options.disableWAL = given.rebuildable && !sync;
    auto const s = db->Write(options, &batch);
    if (!s.ok()) throw write_failed("writing the store: " + s.ToString());
    if (disk->failed()) throw write_failed("writing the store: " + disk->why()); // RocksDB was told otherwise
    unsynced = !sync;
    if (sync) {
      synced->note(db->GetLatestSequenceNumber());
      at("after_sync");
    }
  } catch (std::exception const& e) {
    disk->fail(e.what());
    throw write_failed(e.what());
  }
}

// A clean stop leaves nothing to replay, and no log whose tail could be in doubt. RocksDB can wait for ever for a flush
// that some earlier error stopped, so it is asked, not waited for; what is not flushed is in the log.
void store::flush_for_a_quick_start() {
  constexpr auto patience = std::chrono::seconds(30);
  auto const begin = std::chrono::steady_clock::now();
  auto const number = [this](char const* property) {
    std::uint64_t n = 0;
    db->GetAggregatedIntProperty(property, &n);
    return n;
  };
  auto const worth_waiting = [&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    bool const hopeless = disk->failed() || number("rocksdb.background-errors") > 0;
    return !hopeless && std::chrono::steady_clock::now() - begin < patience;
  };
  rocksdb::FlushOptions options;
  options.wait = false;
  options.allow_write_stall = true;
  for (auto* const handle : handles) {
    rocksdb::Status s;
    while ((s = db->Flush(options, handle)).IsTryAgain()) // too many flushes wait already
      if (!worth_waiting()) return;
    if (!s.ok()) return;
  }
  while (number("rocksdb.num-immutable-mem-table") > 0)
    if (!worth_waiting()) return;
  try {
    if (synced) synced->sync();
  } catch (std::exception const&) { // it only lags; what was acknowledged is in the tables
  }
}

store::~store() {
  if (db != nullptr) {
    if (!disk->failed() && !given.read_only) flush_for_a_quick_start();
    for (auto& rows : recent) rows.reset();
    for (auto& rows : latest) rows.reset();
    for (auto* const handle : handles) db->DestroyColumnFamilyHandle(handle);
    db->Close();
    db.reset();
  }
  unlock();
}

} // namespace alloy::storage

// What sanitizers would report of RocksDB, which is packaged without their instrumentation. It stands here so that
// every program with a store has it, tests and server alike.
#if defined(__SANITIZE_THREAD__)
// Its atomics and fences are invisible, so its hand-overs between threads look like races. Where the stack of its write
// is forgotten already, there is only the read of what it holds to know them by.
extern "C" __attribute__((used)) char const* __tsan_default_suppressions() {
  return "race:librocksdb.so\nrace:alloy::storage::committed_rows::\n";
}
extern "C" __attribute__((used)) char const* __tsan_default_options() {
  return "history_size=7";
}
#endif
#if defined(__SANITIZE_ADDRESS__)
// Release 7.8 forgets the new memtable where the log that belongs to it cannot be made; we stop after that anyway.
extern "C" __attribute__((used)) char const* __lsan_default_suppressions() {
  return "leak:rocksdb::DBImpl::SwitchMemtable\n";
}
#endif
