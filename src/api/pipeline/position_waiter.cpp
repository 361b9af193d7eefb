#include "api/pipeline/position_waiter.hpp"

#include "core/exceptions.hpp"
#include "core/fault_point.hpp"

#include <algorithm>
#include <chrono>

namespace alloy::api {
namespace {

std::int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

constexpr std::chrono::milliseconds pause_after_exception{1};

} // namespace

// Whoever it is that has waited: what it throws is its alone, not the next one's and not the thread's.
void position_waiter::let_go(std::vector<waiter>& some, bool visible) noexcept {
  for (auto& w : some)
    contained(thrown_at::waiting, [&] {
      fault_points::pass("waiting.go");
      w.then(visible);
    });
}

// All of them or, where there is no memory for them, none.
std::vector<position_waiter::waiter> position_waiter::take_if(std::function<bool(waiter const&)> const& leaves) {
  std::vector<waiter> taken;
  taken.reserve(waiters_.size());
  auto const still = std::partition(waiters_.begin(), waiters_.end(), [&](waiter const& w) { return !leaves(w); });
  std::move(still, waiters_.end(), std::back_inserter(taken));
  waiters_.erase(still, waiters_.end());
  return taken;
}

void position_waiter::close() {
  std::vector<waiter> left;
  {
    std::scoped_lock lock(guard_);
    stopping_ = true;
    left.swap(waiters_);
  }
  bell_.notify_all();
  if (watcher_.joinable()) watcher_.join();
  let_go(left, false);
}

bool position_waiter::wait(std::uint64_t position, std::int64_t wait_ms, call then) {
  std::scoped_lock lock(guard_);
  if (stopping_ || waiters_.size() >= places_max_) return false;
  waiters_.push_back({position, steady_ms() + wait_ms, std::move(then)});
  if (!watcher_.joinable()) watcher_ = std::thread([this] { watch(); });
  bell_.notify_all();
  return true;
}

void position_waiter::raised(std::uint64_t head) {
  std::vector<waiter> ready;
  {
    std::scoped_lock lock(guard_);
    if (waiters_.empty()) return;
    ready = take_if([&](waiter const& w) { return w.position <= head; });
  }
  let_go(ready, true);
}

void position_waiter::watch() noexcept {
  while (!contained(thrown_at::waiting, [this] { watch_until_closed(); }))
    std::this_thread::sleep_for(pause_after_exception);
}

void position_waiter::watch_until_closed() {
  std::unique_lock lock(guard_);
  while (!stopping_) {
    fault_points::pass("waiting.watch");
    if (waiters_.empty()) {
      bell_.wait(lock);
      continue;
    }
    auto const first = std::min_element(waiters_.begin(), waiters_.end(), [](auto const& a, auto const& b) {
                         return a.until_ms < b.until_ms;
                       })->until_ms;
    bell_.wait_for(lock, std::chrono::milliseconds(std::max<std::int64_t>(1, first - steady_ms())));
    auto late = take_if([now = steady_ms()](waiter const& w) { return w.until_ms <= now; });
    lock.unlock();
    let_go(late, false);
    lock.lock();
  }
}

} // namespace alloy::api
