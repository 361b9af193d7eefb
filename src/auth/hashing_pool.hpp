#pragma once
// The few threads that hash passwords, with a bounded queue before them: each hash takes 19 MiB and some 30 ms of a
// core, so logins beyond that are refused instead of taking the machine. Any thread may submit.
#include "core/error.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace alloy::auth {

class hashing_pool {
 public:
  struct options {
    unsigned workers = 2;
    std::size_t queue_max = 64;
    // Told how many jobs wait, after each change, under the pool's lock: a gauge's set() and nothing slower.
    std::function<void(std::size_t waiting)> on_depth = {};
  };

  explicit hashing_pool(options o);
  ~hashing_pool(); // stop()
  hashing_pool(hashing_pool const&) = delete;
  hashing_pool& operator=(hashing_pool const&) = delete;

  // The job runs once on one of the pool's threads; what it throws is logged and lost. errc::overloaded with
  // retry_after_s where the queue is full, errc::shutting_down after stop(); the job then does not run.
  result<> submit(std::function<void()> job);

  // Takes no more jobs, runs those that were accepted, and ends the threads. Not to be called from a job.
  void stop();

 private:
  void work();

  options options_;
  std::mutex mutex_;
  std::condition_variable news_;
  std::deque<std::function<void()>> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

} // namespace alloy::auth
