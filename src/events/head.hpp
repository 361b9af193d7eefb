#pragma once
// The head of a log as its readers see it: one thread raises it, any thread asks or waits.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace alloy::events {

class log_head_signal {
 public:
  std::uint64_t get() const noexcept { return head_.load(std::memory_order_acquire); }
  void raise(std::uint64_t to) {
    {
      std::lock_guard const held(mutex_); // so that no waiter looks before and sleeps after
      head_.store(to, std::memory_order_release);
    }
    raised_.notify_all();
  }
  bool wait_for(std::uint64_t at, std::chrono::milliseconds wait) const {
    if (get() >= at) return true;
    std::unique_lock held(mutex_);
    return raised_.wait_for(held, wait, [&] { return get() >= at; });
  }

 private:
  std::atomic<std::uint64_t> head_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable raised_;
};

} // namespace alloy::events
