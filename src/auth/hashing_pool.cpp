#include "auth/hashing_pool.hpp"

#include "core/exceptions.hpp"
#include "core/fault_point.hpp"

#include <algorithm>

namespace alloy::auth {
namespace {

constexpr std::size_t jobs_per_worker_and_second = 30;

} // namespace

hashing_pool::hashing_pool(options o) : options_(std::move(o)) {
  options_.workers = std::max(1U, options_.workers);
  for (unsigned i = 0; i < options_.workers; ++i) threads_.emplace_back([this] { work(); });
}

hashing_pool::~hashing_pool() {
  stop();
}

result<> hashing_pool::submit(std::function<void()> job) {
  {
    std::lock_guard const lock(mutex_);
    if (stopping_) return error(errc::shutting_down);
    if (waiting_.size() >= options_.queue_max) {
      error full(errc::overloaded, "too many passwords wait to be checked");
      full.retry_after_s = static_cast<unsigned>(1 + waiting_.size() / (options_.workers * jobs_per_worker_and_second));
      return full;
    }
    waiting_.push_back(std::move(job));
    if (options_.on_depth) options_.on_depth(waiting_.size());
  }
  news_.notify_one();
  return {};
}

void hashing_pool::stop() {
  std::vector<std::thread> ending;
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
    ending.swap(threads_);
  }
  news_.notify_all();
  for (auto& thread : ending) thread.join();
}

void hashing_pool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    news_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    auto job = std::move(waiting_.front());
    waiting_.pop_front();
    if (options_.on_depth) options_.on_depth(waiting_.size());
    lock.unlock();
    contained(thrown_at::pool, [&] {
      fault_points::pass("pool.job");
      job();
    });
    // What the job holds may be dear to destroy, or submit again.
    job = nullptr;
    lock.lock();
  }
}

} // namespace alloy::auth
