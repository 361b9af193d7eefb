#pragma once
// The search index on disk, and the thread that keeps it: it reads the log from where the index ends, folds and commits
// many records at once. The index is a database of its own that is made from the log, so it is written without a
// write-ahead log: a crash costs its newest rows, and they are folded again. One that cannot be opened, is damaged, of
// another log or version, or ahead of the log, is removed and made anew while the server serves. Nothing that happens
// here stops the server. Functions may be called from any thread, but stop() by one.
#include "core/metrics.hpp"
#include "events/log.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

namespace alloy::projections {

class search_store {
 public:
  // Called after each commit, on the store's thread, with the position that is searchable now.
  using progress = std::function<void(events::position)>;

  // `at` need not be disposable, it becomes so. `log` and `to` outlive it.
  search_store(events::log const& log, storage::settings at, metrics::registry& to, progress on_progress = {});
  ~search_store();
  void stop(); // returns soon; what is not folded by then is folded after the next start

  // The index as it is now. Null where there is none: it is being opened, made anew, or broken.
  std::unique_ptr<reader> rows() const;
  events::position position() const noexcept { return position_.load(std::memory_order_acquire); }
  // It has reached the head that the log had when the index was opened: from then on it only trails.
  bool ready() const noexcept { return ready_.load(std::memory_order_acquire); }
  // It gave up until the next start; a line in the log says why.
  bool broken() const noexcept { return broken_.load(std::memory_order_acquire); }
  // For readers that met damage (storage::read_failed): the index is made anew.
  void mark_corrupt() noexcept { distrusted_.store(true, std::memory_order_release); }

 private:
  struct folded { // how far the index is, and which record that was
    events::position at = 0;
    std::uint32_t crc = 0;
  };

  void run();
  void wait_a_little() const;
  void open(bool anew);
  std::shared_ptr<storage::database> open_former(folded& f) const;
  void check(reader const& rows, folded& f) const; // throws where the log does not go on from it
  void follow(folded from);
  void fold_until(events::position goal, folded& f);
  void fold(storage::transaction& txn, events::stored_record const& stored, folded& f);
  void commit(storage::transaction& txn, folded const& f);
  void close();
  static std::string folded_row(uuid const& log, folded const& f); // what says what the other rows are

  events::log const& log_;
  storage::settings const settings_;
  progress const on_progress_;
  metrics::counter indexed_;
  std::atomic<events::position> position_{0};
  std::atomic<bool> ready_{false}, broken_{false}, distrusted_{false}, stopping_{false};
  mutable std::mutex guard_; // of db_ alone: readers keep what they got
  std::shared_ptr<storage::database> db_;
  std::thread thread_;
};

// How far the log is folded into rows of the index.
std::uint64_t indexed_position(reader const& rows);

} // namespace alloy::projections
