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
      db->Flush({}, {handles.begin(), handles.end()});
      try {
        if (synced) synced->sync();
      } catch (std::exception const&) { // it only lags; what was acknowledged is in the tables
      }
    }
    for (auto& rows : latest) rows.reset();
    for (auto* const handle : handles) db->DestroyColumnFamilyHandle(handle);
    db->Close();
    db.reset();
  }
  unlock();
}

} // namespace alloy::storage
