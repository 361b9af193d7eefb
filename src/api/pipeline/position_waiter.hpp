#pragma once
// Reads that ask for a position which is not there yet wait here, bounded in number and time. Any thread. What a
// waiter's call throws ends that waiter.
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace alloy::api {

class position_waiter {
 public:
  using call = std::function<void(bool visible)>;

  explicit position_waiter(std::size_t places_max = 1000) : places_max_(places_max) {}
  ~position_waiter() { close(); }

  // False where the room is full. `then` is called once, on the thread that raises the head or on the room's own.
  bool wait(std::uint64_t position, std::int64_t wait_ms, call then);
  void raised(std::uint64_t head);
  void close(); // lets everybody go, as not visible, and takes nobody any more

 private:
  struct waiter {
    std::uint64_t position;
    std::int64_t until_ms;
    call then;
  };
  void watch() noexcept;
  void watch_until_closed();
  std::vector<waiter> take_if(std::function<bool(waiter const&)> const& leaves);
  static void let_go(std::vector<waiter>& some, bool visible) noexcept;

  std::size_t places_max_;
  std::mutex guard_;
  std::condition_variable bell_;
  std::vector<waiter> waiters_;
  bool stopping_ = false;
  std::thread watcher_; // started with the first waiter
};

} // namespace alloy::api
