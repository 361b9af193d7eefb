#include "storage/rows.hpp"

#include <algorithm>

namespace alloy::storage {
namespace {

// RocksDB asserts on null, which an empty view may hold.
rocksdb::Slice slice(std::string_view bytes) noexcept {
  return {bytes.empty() ? "" : bytes.data(), bytes.size()};
}
std::string_view text(rocksdb::Slice const& s) noexcept {
  return {s.data(), s.size()};
}

[[noreturn]] void refuse(rocksdb::Status const& s) {
  throw read_failed("reading the store: " + s.ToString());
}

// After the read: a row of a write that failed became visible later than the failure.
void need_a_disk(disk_state const& disk) {
  if (disk.failed()) throw read_failed("reading the store: its disk has failed: " + disk.why());
}

class committed_cursor final : public row_cursor {
 public:
  committed_cursor(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& rows, disk_state const& disk,
                   rocksdb::ReadOptions options, std::string_view from, std::string_view to, direction way)
      : disk_(disk), from_(from), to_(to), lower_(from_), upper_(to_), up_(way == direction::ascending) {
    options.total_order_seek = true;
    options.iterate_lower_bound = &lower_;
    if (!to_.empty()) options.iterate_upper_bound = &upper_;
    row_.reset(db.NewIterator(options, &rows));
  }

  void seek(std::string_view key) override {
    if (up_)
      row_->Seek(slice(std::max<std::string_view>(key, from_)));
    else if (!to_.empty() && key >= to_)
      row_->SeekToLast();
    else
      row_->SeekForPrev(slice(key));
    check();
  }
  void next() override {
    up_ ? row_->Next() : row_->Prev();
    check();
  }
  bool valid() const override { return row_->Valid(); }
  std::string_view key() const override { return text(row_->key()); }
  std::string_view value() const override { return text(row_->value()); }

 private:
  void check() const {
    need_a_disk(disk_);
    if (!row_->Valid() && !row_->status().ok()) refuse(row_->status());
  }

  disk_state const& disk_;
  std::string const from_, to_; // what the bounds point at
  rocksdb::Slice const lower_, upper_;
  bool const up_;
  std::unique_ptr<rocksdb::Iterator> row_;
};

} // namespace

committed_rows::committed_rows(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& rows, disk_state const& disk,
                               rocksdb::Snapshot const* at)
    : db_(db), rows_(rows), disk_(disk) {
  options_.snapshot = at;
}

bool committed_rows::get(std::string_view key, std::string& value) const {
  rocksdb::PinnableSlice pinned(&value); // a row of a memtable is then written to `value` directly
  auto const s = db_.Get(options_, &rows_, slice(key), &pinned);
  need_a_disk(disk_);
  if (s.IsNotFound()) return false;
  if (!s.ok()) refuse(s);
  if (pinned.IsPinned()) value.assign(pinned.data(), pinned.size());
  return true;
}

void committed_rows::scan(std::string_view from, std::string_view to, direction way, row_visitor visit) const {
  if (!to.empty() && from >= to) return;
  rocksdb::Slice const lower = slice(from), upper = slice(to);
  auto options = options_;
  options.total_order_seek = true;
  options.iterate_lower_bound = &lower;
  if (!to.empty()) options.iterate_upper_bound = &upper;
  std::unique_ptr<rocksdb::Iterator> const row(db_.NewIterator(options, &rows_));
  bool const up = way == direction::ascending;
  for (up ? row->Seek(lower) : row->SeekToLast(); row->Valid(); up ? row->Next() : row->Prev()) {
    need_a_disk(disk_);
    if (!visit(text(row->key()), text(row->value()))) return;
  }
  need_a_disk(disk_);
  if (!row->status().ok()) refuse(row->status());
}

std::unique_ptr<row_cursor> committed_rows::cursor(std::string_view from, std::string_view to, direction way) const {
  return std::make_unique<committed_cursor>(db_, rows_, disk_, options_, from, to, way);
}

std::vector<std::optional<std::string>> committed_rows::multi_get(std::span<std::string const> keys) const {
  std::vector<std::optional<std::string>> found(keys.size());
  std::vector<rocksdb::Slice> wanted(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> states(keys.size());
  db_.MultiGet(options_, &rows_, keys.size(), wanted.data(), values.data(), states.data(),
               std::ranges::is_sorted(keys));
  need_a_disk(disk_);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (states[i].ok())
      found[i].emplace(values[i].data(), values[i].size());
    else if (!states[i].IsNotFound())
      refuse(states[i]);
  }
  return found;
}

} // namespace alloy::storage
