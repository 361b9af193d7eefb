#include "storage/store.hpp"

#include <rocksdb/write_batch.h>

namespace alloy::storage {

void store::unlock() {
  if (lock != nullptr) env->UnlockFile(lock);
  lock = nullptr;
}

void store::write(rocksdb::WriteBatch& batch, bool sync) {
  if (given.read_only) throw write_failed("the store is open read-only");
  if (failed) throw write_failed("an earlier write failed; nothing is written until the next start");
  if (batch.Count() == 0 && !(sync && unsynced)) return;
  auto const at = [this](char const* point) {
    if (given.at_point) given.at_point(point);
  };
  try {
    at("before_write");
    rocksdb::WriteOptions options;
    options.sync = sync;
    auto const s = db->Write(options, &batch);
    if (!s.ok()) throw write_failed("writing the store: " + s.ToString());
    unsynced = !sync;
    if (sync) {
      synced->note(db->GetLatestSequenceNumber());
      at("after_sync");
    }
  } catch (write_failed const&) {
    failed = true;
    throw;
  } catch (std::exception const& e) {
    failed = true;
    throw write_failed(e.what());
  }
}

store::~store() {
  if (db != nullptr) {
    // After a failure RocksDB is only closed: its packaged release asserts when it is written to. Otherwise nothing is
    // left to replay, and no log whose tail could be in doubt.
    if (!failed && !given.read_only) {
      db->Flush(rocksdb::FlushOptions(), std::vector<rocksdb::ColumnFamilyHandle*>(handles.begin(), handles.end()));
      try {
        if (synced) synced->sync();
      } catch (std::exception const&) { // it only lags; what was acknowledged is in the tables
      }
    }
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
// Its atomics and fences are invisible, so its hand-overs between threads look like races.
extern "C" __attribute__((used)) char const* __tsan_default_suppressions() {
  return "race:librocksdb.so\n";
}
#endif
#if defined(__SANITIZE_ADDRESS__)
// Release 7.8 forgets the new memtable where the log that belongs to it cannot be made; we stop after that anyway.
extern "C" __attribute__((used)) char const* __lsan_default_suppressions() {
  return "leak:rocksdb::DBImpl::SwitchMemtable\n";
}
#endif
