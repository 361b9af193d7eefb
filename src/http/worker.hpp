#pragma once
// One I/O thread: its io_context, the sessions that live on it and what they share without locks (the date, the
// compressor, the dice, one timer for all deadlines). All members but stop and the constructor: its own thread only.
#include "http/encoding.hpp"
#include "http/exchange.hpp"
#include "http/server_context.hpp"
#include "http/turns.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <random>
#include <thread>

namespace alloy::http {

class worker {
 public:
  explicit worker(std::shared_ptr<server_context> of);
  ~worker();
  worker(worker const&) = delete;
  worker& operator=(worker const&) = delete;

  boost::asio::io_context io{1}; // the hint: one thread runs it, others only post
  std::shared_ptr<server_context> const context;
  std::shared_ptr<completion_queue> const answers;
  gzip_encoder encoder;
  // Called after a handler threw: takes up again what it may have left undone. Set before start().
  std::function<void()> on_recovery;

  void start();
  // From outside: cuts every session and ends the thread.
  void stop();
  void drain_sessions();

  void add(session& one);
  void remove(session& one) noexcept;

  // It is resumed when it may do a step of long work: one at a time between two looks at what everybody else wants.
  void wait_for_turn(session& one, auth::ip_prefix const& of);
  void forget_turn(session& one, auth::ip_prefix const& of) noexcept { turns_.drop(of, &one); }

  static std::int64_t now_ms() noexcept; // monotonic
  std::string_view date();               // IMF-fixdate of this second
  std::string new_request_id();

 private:
  void run() noexcept;
  void sweep_later();
  void sweep();
  void deliver();
  void give_turns_later();
  void give_turns();

  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> stay_;
  boost::asio::steady_timer sweep_;
  std::vector<session*> sessions_, swept_;
  std::vector<std::shared_ptr<slot>> arrived_;
  turns<session*> turns_;
  std::mt19937_64 rng_;
  std::int64_t date_second_ = -1;
  std::string date_;
  bool stops_ = false, is_sweep_due_ = false, are_turns_due_ = false;
  std::thread thread_;
};

} // namespace alloy::http
