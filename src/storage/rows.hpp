#pragma once
// Reading committed rows of one family: the newest ones at each call, or those of a snapshot. Any thread. Once the disk
// has failed every read throws read_failed: the rows may be some that no restart will find.
#include "storage/database.hpp"
#include "storage/fail_stop.hpp"

#include <rocksdb/db.h>

namespace alloy::storage {

// An empty `to` means "to the last row of the family".
class committed_rows : public reader {
 public:
  committed_rows(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& rows, disk_state const& disk,
                 rocksdb::Snapshot const* at = nullptr);
  bool get(std::string_view key, std::string& value) const override;
  void scan(std::string_view from, std::string_view to, direction way, row_visitor visit) const override;
  std::unique_ptr<row_cursor> cursor(std::string_view from, std::string_view to, direction way) const override;
  std::vector<std::optional<std::string>> multi_get(std::span<std::string const> keys) const override;

 private:
  rocksdb::DB& db_;
  rocksdb::ColumnFamilyHandle& rows_;
  disk_state const& disk_;
  rocksdb::ReadOptions options_;
};

class snapshot_rows : public committed_rows {
 public:
  snapshot_rows(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& rows, disk_state const& disk, rocksdb::Snapshot const* at)
      : committed_rows(db, rows, disk, at), db_(db), at_(at) {}
  ~snapshot_rows() override { db_.ReleaseSnapshot(at_); }
  snapshot_rows(snapshot_rows const&) = delete;
  snapshot_rows& operator=(snapshot_rows const&) = delete;

 private:
  rocksdb::DB& db_;
  rocksdb::Snapshot const* at_;
};

} // namespace alloy::storage
