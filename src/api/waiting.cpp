#include "api/waiting.hpp"

#include <algorithm>
#include <chrono>

namespace alloy::api {
namespace {

std::int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

} // namespace

void waiting_room::close() {
  std::vector<waiter> left;
  {
    std::scoped_lock lock(guard_);
    stopping_ = true;
    left.swap(waiters_);
  }
  bell_.notify_all();
  if (watcher_.joinable()) watcher_.join();
  for (auto& w : left) w.then(false);
}

bool waiting_room::wait(std::uint64_t position, std::int64_t wait_ms, call then) {
  std::scoped_lock lock(guard_);
  if (stopping_ || waiters_.size() >= places_max_) return false;
  waiters_.push_back({position, steady_ms() + wait_ms, std::move(then)});
  if (!watcher_.joinable()) watcher_ = std::thread([this] { watch(); });
  bell_.notify_all();
  return true;
}

void waiting_room::raised(std::uint64_t head) {
  std::vector<waiter> ready;
  {
    std::scoped_lock lock(guard_);
    auto const still =
        std::partition(waiters_.begin(), waiters_.end(), [&](waiter const& w) { return w.position > head; });
    std::move(still, waiters_.end(), std::back_inserter(ready));
    waiters_.erase(still, waiters_.end());
  }
  for (auto& w : ready) w.then(true);
}

void waiting_room::watch() {
  std::unique_lock lock(guard_);
  while (!stopping_) {
    if (waiters_.empty()) {
      bell_.wait(lock);
      continue;
    }
    auto const first = std::min_element(waiters_.begin(), waiters_.end(), [](auto const& a, auto const& b) {
                         return a.until_ms < b.until_ms;
                       })->until_ms;
    bell_.wait_for(lock, std::chrono::milliseconds(std::max<std::int64_t>(1, first - steady_ms())));
    std::vector<waiter> late;
    auto const still = std::partition(waiters_.begin(), waiters_.end(),
                                      [now = steady_ms()](waiter const& w) { return w.until_ms > now; });
    std::move(still, waiters_.end(), std::back_inserter(late));
    waiters_.erase(still, waiters_.end());
    lock.unlock();
    for (auto& w : late) w.then(false);
    lock.lock();
  }
}

} // namespace alloy::api
