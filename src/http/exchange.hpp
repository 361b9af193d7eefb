#pragma once
// The way of an answer from whichever thread makes it back to the connection that waits. A connection has one slot for
// its whole life, a request one exchange. A responder that is dropped without having been called answers 500, so that
// no client waits for an answer that nobody will give.
#include "http/message.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace alloy::http {

class session;
class completion_queue;

class slot : public std::enable_shared_from_this<slot> {
 public:
  slot(std::shared_ptr<completion_queue> home, session* owner) noexcept : home_(std::move(home)), owner_(owner) {}

  // I/O thread only.
  void open() noexcept { state_.store(turn_ += turn_step, std::memory_order_relaxed); }
  bool is_filled() const noexcept { return (state_.load(std::memory_order_acquire) & filled) != 0; }
  // The body of the answer comes piece by piece: listens for the next ring() of this turn.
  void listen() noexcept { state_.store(turn_, std::memory_order_relaxed); }
  std::uint64_t turn() const noexcept { return turn_; }
  // True if the answer is yet to come: from now on its arrival is reported through the inbox.
  bool await() noexcept;
  response take() noexcept { return std::move(answer_); }
  void leave() noexcept { owner_ = nullptr; }
  session* owner() const noexcept { return owner_; }

  // Any thread, once for each open().
  void fill(response&& answer) noexcept;
  // Any thread, at any time. A bell of an earlier turn rings for nobody.
  void ring(std::uint64_t turn) noexcept;

 private:
  // The state in the lowest bits, above them which request of the connection it is of.
  static constexpr std::uint64_t waited_for = 1, filled = 2, state_bits = 3, turn_step = 4;

  std::atomic<std::uint64_t> state_{filled};
  std::uint64_t turn_ = 0;
  response answer_;
  std::shared_ptr<completion_queue> home_;
  session* owner_;
};

// The answers that arrived for the connections of one I/O thread. A burst from another thread wakes it once.
class completion_queue {
 public:
  explicit completion_queue(std::function<void()> wake) : wake_(std::move(wake)) {}

  // Where there is no memory to say so, the sweep of the I/O thread finds what has come (worker::sweep).
  void put(std::shared_ptr<slot> filled) noexcept;
  void take(std::vector<std::shared_ptr<slot>>& out); // replaces what is in `out`
  void close();                                       // later answers are dropped: nobody is left to read them

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<slot>> filled_;
  std::function<void()> wake_;
  bool is_woken_ = false; // since the last take()
};

class exchange {
 public:
  exchange(std::shared_ptr<slot> to, std::string_view request_id) : to_(std::move(to)), request_id_(request_id) {}
  ~exchange();
  exchange(exchange const&) = delete;
  exchange& operator=(exchange const&) = delete;

  void answer(response&& with) noexcept; // the first one counts
  void fail() noexcept;                  // 500, if nobody has answered yet

 private:
  std::shared_ptr<slot> to_;
  std::string request_id_;
  std::atomic<bool> answered_{false};
};

} // namespace alloy::http
