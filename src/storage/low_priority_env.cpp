#include "storage/low_priority_env.hpp"

#include "core/exceptions.hpp"
#include "core/log.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <iterator>
#include <mutex>
#include <rocksdb/env.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace alloy::storage {
namespace {

constexpr int lowest_priority = 19;
constexpr int exit_io = 74; // as where a write fails: the next start finds the store whole

class quiet final : public rocksdb::EnvWrapper {
 public:
  explicit quiet(rocksdb::Env& below) : EnvWrapper(&below) {
    for (auto& t : threads_) t = std::thread([this] { run(); });
  }
  ~quiet() override {
    {
      std::lock_guard const held(guard_);
      stopping_ = true;
    }
    bell_.notify_all();
    for (auto& t : threads_) t.join();
  }
  char const* Name() const override { return "low_priority_env"; }

  void Schedule(void (*work)(void*), void* with, Priority asked, void* tag, void (*dropped)(void*)) override {
    {
      std::lock_guard const held(guard_);
      jobs_.push_back({work, dropped, with, tag, asked});
    }
    bell_.notify_one();
  }
  // A store that closes takes back what has not begun, and counts on the number.
  int UnSchedule(void* tag, Priority asked) override {
    std::vector<job> taken;
    {
      std::lock_guard const held(guard_);
      auto const kept = std::stable_partition(jobs_.begin(), jobs_.end(),
                                              [&](job const& j) { return j.tag != tag || j.asked != asked; });
      taken.assign(kept, jobs_.end());
      jobs_.erase(kept, jobs_.end());
    }
    for (auto const& j : taken)
      if (j.dropped != nullptr) j.dropped(j.with);
    return static_cast<int>(taken.size());
  }

 private:
  struct job {
    void (*work)(void*);
    void (*dropped)(void*);
    void* with;
    void* tag;
    Priority asked;
  };

  void run() {
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), lowest_priority);
    for (;;) {
      std::unique_lock held(guard_);
      bell_.wait(held, [this] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      auto const next = jobs_.front();
      jobs_.pop_front();
      held.unlock();
      if (contained(thrown_at::search, [&] { next.work(next.with); })) continue;
      // RocksDB counts on the end of what it began, so that a store with half of a job done cannot even be closed.
      log::error("background work of a store threw; stopping");
      log::flush();
      std::_Exit(exit_io);
    }
  }

  std::mutex guard_;
  std::condition_variable bell_;
  std::deque<job> jobs_;
  bool stopping_ = false;
  std::array<std::thread, 2> threads_; // one may flush while the other compacts
};

} // namespace

std::unique_ptr<rocksdb::Env> low_priority_env(rocksdb::Env& below) {
  return std::make_unique<quiet>(below);
}

} // namespace alloy::storage
