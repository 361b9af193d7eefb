#include "search/search_store.hpp"

#include "core/exceptions.hpp"
#include "core/fault_point.hpp"
#include "core/key.hpp"
#include "core/log.hpp"
#include "events/codec.hpp"
#include "search/text_index.hpp"

#include <filesystem>
#include <limits>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

namespace alloy::projections {
namespace {

using storage::family;
using namespace std::chrono_literals;

constexpr int niceness = 10; // behind the threads that answer, before the index's own flushes
constexpr std::size_t records_per_read = 64, bytes_per_commit = 512u << 10; // these bound the memory of catching up
constexpr std::chrono::milliseconds look_every = 100ms, tell_every = 10s, wait_for_readers = 10ms, wait_for_memory = 1s;

// A snapshot that keeps its store open.
class held_rows final : public reader {
 public:
  explicit held_rows(std::shared_ptr<storage::database const> of)
      : of_(std::move(of)), rows_(of_->snapshot(family::state)) {}

  bool get(std::string_view key, std::string& value) const override { return rows_->get(key, value); }
  void scan(std::string_view from, std::string_view to, direction way, row_visitor visit) const override {
    rows_->scan(from, to, way, visit);
  }
  std::unique_ptr<row_cursor> cursor(std::string_view from, std::string_view to, direction way) const override {
    return rows_->cursor(from, to, way);
  }
  std::vector<std::optional<std::string>> multi_get(std::span<std::string const> keys) const override {
    return rows_->multi_get(keys);
  }

 private:
  std::shared_ptr<storage::database const> of_;
  std::unique_ptr<reader> rows_;
};

key folded_key() {
  return key(identity_tenant, table::text_folded);
}
storage::settings rebuildable(storage::settings s) {
  s.rebuildable = true;
  return s;
}

bool is_empty(reader const& rows) {
  bool empty = true;
  rows.scan({}, {}, direction::ascending, [&](std::string_view, std::string_view) { return empty = false; });
  return empty;
}

} // namespace

std::uint64_t indexed_position(reader const& rows) {
  constexpr std::size_t position_at = 24;
  std::string row;
  return rows.get(folded_key(), row) && row.size() > position_at
             ? big_endian_u64(std::string_view(row).substr(position_at))
             : 0;
}

// version u64 | identity of the log | position u64 | checksum of the record that ends there u64
std::string search_store::folded_row(uuid const& log, folded const& f) {
  std::string row;
  append_u64(row, text_index_version);
  row.append(log.view());
  append_u64(row, f.at);
  append_u64(row, f.crc);
  return row;
}

search_store::search_store(events::log const& log, storage::settings at, metrics::registry& to, progress on_progress)
    : log_(log), settings_(rebuildable(std::move(at))), on_progress_(std::move(on_progress)),
      indexed_(to.make_counter("alloy_search_indexed_events_total", "Events folded into the search index")) {
  thread_ = std::thread([this] {
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
    // What keeping it does not hold itself is met here: there is no search then, and all else goes on.
    if (!contained(thrown_at::search, [this] { run(); })) broken_ = true;
  });
}

search_store::~search_store() {
  stop();
}

void search_store::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

std::unique_ptr<reader> search_store::rows() const {
  std::shared_ptr<storage::database const> db;
  {
    std::lock_guard const held(guard_);
    db = db_;
  }
  return db == nullptr ? nullptr : std::make_unique<held_rows>(std::move(db));
}

void search_store::wait_a_little() const {
  for (auto waited = 0ms; waited < wait_for_memory && !stopping_; waited += wait_for_readers)
    std::this_thread::sleep_for(wait_for_readers);
}

// An index that fails is made anew, once: what fails before that has caught up will fail again.
void search_store::run() {
  for (bool anew = false;;) {
    try {
      open(anew);
      if (stopping_) return;
      log::warn("a reader met damage in the search index: it is made anew");
      anew = true;
    } catch (std::bad_alloc const&) { // says nothing about the index: later there may be memory
      note_exception(thrown_at::search);
      wait_a_little();
    } catch (...) {
      note_exception(thrown_at::search);
      auto const why = what_of(std::current_exception());
      if (anew && !ready_) {
        log::error("the search index cannot be kept: there is no search until the next start", {{"why", why}});
        broken_ = true;
        return close();
      }
      log::warn("the search index failed: it is made anew", {{"why", why}});
      anew = true;
    }
    close();
    if (stopping_) return;
  }
}

void search_store::open(bool anew) {
  std::shared_ptr<storage::database> db;
  folded from;
  if (!anew) db = open_former(from);
  if (db == nullptr) {
    std::filesystem::remove_all(settings_.path);
    db = std::make_shared<storage::database>(settings_);
    from = {};
  }
  position_ = from.at;
  ready_ = distrusted_ = false;
  {
    std::lock_guard const held(guard_);
    db_ = std::move(db);
  }
  follow(from);
}

// Null where the log does not go on from it.
std::shared_ptr<storage::database> search_store::open_former(folded& f) const {
  try {
    auto db = std::make_shared<storage::database>(settings_);
    check(db->latest(family::state), f);
    return db;
  } catch (std::exception const& e) {
    log::warn("the search index is of no use: it is made anew", {{"why", e.what()}});
    return nullptr;
  }
}

void search_store::check(reader const& rows, folded& f) const {
  std::string row;
  if (!rows.get(folded_key(), row)) {
    if (!is_empty(rows)) throw std::runtime_error("it does not say how far it is folded");
    return;
  }
  if (row.size() != folded_row({}, {}).size() || big_endian_u64(row) != text_index_version)
    throw std::runtime_error("it is of another version");
  f.at = big_endian_u64(std::string_view(row).substr(24));
  if (f.at > log_.head()) throw std::runtime_error("it is ahead of the log");
  auto const last = log_.read(f.at, 1);
  events::record_frame frame;
  if (!last.empty() && events::parse_record(last.front().bytes, frame)) f.crc = frame.crc;
  if (row != folded_row(log_.identity(), f)) throw std::runtime_error("it is of another log");
}

void search_store::follow(folded f) {
  auto const goal = log_.head();
  bool const far = goal > f.at;
  fold_until(goal, f);
  if (position_ < goal) return;
  if (far) {
    ::malloc_trim(0); // catching up takes more memory than trailing
    log::info("the search index has caught up", {{"position", goal}});
  }
  ready_ = true;
  fold_until(std::numeric_limits<events::position>::max(), f);
}

void search_store::fold_until(events::position goal, folded& f) {
  storage::transaction txn(*db_);
  auto told = std::chrono::steady_clock::now();
  while (position_ < goal && !stopping_ && !distrusted_) {
    if (!log_.wait_for(f.at + 1, look_every)) continue;
    for (auto const& stored : log_.read(f.at + 1, records_per_read)) fold(txn, stored, f);
    if (f.at < log_.head() && txn.bytes() < bytes_per_commit) continue;
    commit(txn, f);
    if (auto const now = std::chrono::steady_clock::now(); !ready_ && now - told > tell_every) {
      told = now;
      log::info("the search index is catching up", {{"percent", position_ * 100 / goal}, {"position", f.at}});
    }
  }
}

void search_store::fold(storage::transaction& txn, events::stored_record const& stored, folded& f) {
  fault_points::pass("search.fold");
  auto const r = events::decode_record(stored.first, stored.bytes);
  for (auto const& e : r.events) index_event(txn.of(family::state), e);
  txn.keep_command();
  f = {stored.first + stored.count - 1, r.crc};
}

void search_store::commit(storage::transaction& txn, folded const& f) {
  txn.of(family::state).put(folded_key(), folded_row(log_.identity(), f));
  txn.keep_command();
  txn.commit(false);
  auto const before = position_.exchange(f.at, std::memory_order_acq_rel);
  indexed_.add(static_cast<double>(f.at - before));
  if (on_progress_) contained(thrown_at::search, [&] { on_progress_(f.at); });
}

// The folder can be removed only when the last reader has gone, and this thread has closed the store.
void search_store::close() {
  std::shared_ptr<storage::database> last;
  {
    std::lock_guard const held(guard_);
    last.swap(db_);
  }
  ready_ = false;
  while (last.use_count() > 1 && !stopping_) std::this_thread::sleep_for(wait_for_readers);
}

} // namespace alloy::projections
