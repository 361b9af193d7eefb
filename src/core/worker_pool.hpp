#pragma once
// A few threads for work that takes long, with bounded queues before them. Each caller (a user, an address) has a line
// of their own, and the lines take turns: a job runs after at most one of each other caller that waits, for each worker
// once. So who floods a pool waits behind their own jobs, and is refused alone. Any thread may submit.
#include "core/error.hpp"
#include "core/metrics.hpp"

#include <array>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace alloy {

class worker_pool {
 public:
  using caller = std::array<std::uint8_t, 16>; // a UUID, a network
  using job = std::function<void()>;
  // What has held a place elsewhere until now, where it was bounded, is not refused for want of one here, and takes
  // none from anybody else.
  enum class entry : bool { queued, had_place };

  struct meters {
    metrics::gauge waiting;
    metrics::counter taken, refused_for_all, refused_for_caller;
  };
  // alloy_NAME_queue_depth, alloy_NAME_jobs_total, alloy_NAME_refused_total{by="server"|"caller"}.
  static meters meters_of(metrics::registry& in, std::string const& name, std::string_view jobs);

  struct options {
    unsigned workers = 2;
    // A caller may have so many waiting, and fewer where others leave less (core/fair_share.hpp).
    std::size_t queue_max = 64, queue_per_caller_max = 64;
    // Of one caller's jobs; for those that may wait for somebody, so that one caller's do not hold all threads.
    unsigned at_once_per_caller_max = std::numeric_limits<unsigned>::max();
    // Of all jobs that are under way, those that wait (pause) apart: more of them than cores only take the cores from
    // whoever answers what needs a moment.
    unsigned at_work_max = std::numeric_limits<unsigned>::max();
    std::size_t jobs_per_second = 30;            // of one worker, about; tells who is refused when to come back
    std::string jobs = "jobs", whose = "caller"; // for the words of a refusal
    meters counted = {};
  };

  // While a job waits for somebody else, another one may be worked on in its place. In any other thread it does
  // nothing.
  class pause {
   public:
    pause();
    ~pause(); // waits until it may go on, before jobs that have not begun
    pause(pause const&) = delete;
    pause& operator=(pause const&) = delete;

   private:
    worker_pool* const of_;
  };

  explicit worker_pool(options o);
  ~worker_pool(); // stop()
  worker_pool(worker_pool const&) = delete;
  worker_pool& operator=(worker_pool const&) = delete;

  // The job runs once on one of the pool's threads; what it throws is logged and lost. With retry_after_s:
  // errc::rate_limited where the caller has as many waiting as one may, errc::overloaded where all have.
  // errc::shutting_down after stop(). What is refused does not run.
  result<> submit(caller const& who, job work, entry how = entry::queued);

  // Takes no more jobs, runs those that were accepted, and ends the threads. Not to be called from a job.
  void stop();

 private:
  struct waiting_job {
    job work;
    entry how = entry::queued;
  };
  struct line {
    caller who;
    std::deque<waiting_job> jobs; // never empty
    std::size_t queued = 0;       // of them, those that have no place of their own
  };

  result<> admit(caller const& who);
  error refusal(errc code, std::string words, std::size_t ahead) const;
  void line_up(caller const& who, waiting_job one);
  std::list<line>::iterator turn();
  job next(std::list<line>::iterator first);
  bool may_begin() const noexcept { return at_work_ + going_on_ < options_.at_work_max; }
  void work(std::optional<caller>& serves);

  options options_;
  std::mutex mutex_;
  std::condition_variable news_;
  std::list<line> turns_; // whose turn is next, in front
  std::map<caller, std::list<line>::iterator> lines_;
  std::vector<std::optional<caller>> served_; // by each worker, now
  std::size_t waiting_ = 0, queued_ = 0;      // as in a line
  unsigned at_work_ = 0, going_on_ = 0;       // jobs under way that do not wait; that have waited, and shall be
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

} // namespace alloy
