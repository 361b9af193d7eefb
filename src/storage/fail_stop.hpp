#pragma once
// A disk that failed once stays as it is. RocksDB's packaged release asserts when it meets a file again whose write
// failed before, and some of its background work then waits for ever. So it never learns: from the first failed change
// under the store's folder on nothing is changed there any more, by whatever thread, and RocksDB is told that all went
// well. What is on disk is then what a crash at that moment would have left. What RocksDB holds in memory may be no
// more than its belief, so whoever acknowledges a write, or hands out a row, asks failed() afterwards. Any thread.
#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

namespace rocksdb {
class Env;
}

namespace alloy::storage {

class disk_state {
 public:
  bool failed() const noexcept { return failed_.load(std::memory_order_acquire); }
  std::string why() const;           // the first failure
  void fail(std::string const& why); // the first one counts; waits for changes that run

  // Held shared by whoever changes something, so that none is still under way once fail() has returned.
  std::shared_mutex changing;

 private:
  std::atomic<bool> failed_ = false;
  mutable std::mutex mutex_;
  std::string why_;
};

// `below`, but failing as said above for files in `folder`. `below` must outlive it.
std::unique_ptr<rocksdb::Env> fail_stop_environment(rocksdb::Env& below, std::string const& folder,
                                                    std::shared_ptr<disk_state> disk);

} // namespace alloy::storage
