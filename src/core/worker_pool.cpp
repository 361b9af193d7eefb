#include "core/worker_pool.hpp"

#include "core/exceptions.hpp"
#include "core/fair_share.hpp"
#include "core/fault_point.hpp"

#include <algorithm>
#include <sys/resource.h>
#include <unistd.h>

namespace alloy {
namespace {

// What takes long stands back a little from what others wait for a moment.
void stand_back() noexcept {
  constexpr int niceness = 3;
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
}

// Whose job this thread runs.
thread_local worker_pool* pool_here = nullptr;

} // namespace

worker_pool::pause::pause() : of_(pool_here) {
  if (of_ == nullptr) return;
  {
    std::lock_guard const lock(of_->mutex_);
    --of_->at_work_;
  }
  of_->news_.notify_all();
}

worker_pool::pause::~pause() {
  if (of_ == nullptr) return;
  std::unique_lock lock(of_->mutex_);
  ++of_->going_on_;
  of_->news_.wait(lock, [&] { return of_->at_work_ < of_->options_.at_work_max; });
  --of_->going_on_;
  ++of_->at_work_;
}

worker_pool::meters worker_pool::meters_of(metrics::registry& in, std::string const& name, std::string_view jobs) {
  std::string const words(jobs), refused = "alloy_" + name + "_refused_total",
                                 why = "Refused " + words + ", by whose queue was full.";
  return {in.make_gauge("alloy_" + name + "_queue_depth", "How many " + words + " wait for a thread."),
          in.make_counter("alloy_" + name + "_jobs_total", "How many " + words + " were taken into the queue."),
          in.make_counter(refused, why, {{"by", "server"}}), in.make_counter(refused, why, {{"by", "caller"}})};
}

worker_pool::worker_pool(options o) : options_(std::move(o)) {
  options_.workers = std::max(1U, options_.workers);
  options_.at_work_max = std::max(1U, options_.at_work_max);
  options_.jobs_per_second = std::max<std::size_t>(1, options_.jobs_per_second);
  served_.resize(options_.workers);
  for (auto& serves : served_) threads_.emplace_back([this, &serves] { work(serves); });
}

worker_pool::~worker_pool() {
  stop();
}

result<> worker_pool::submit(caller const& who, job work, entry how) {
  {
    std::lock_guard const lock(mutex_);
    if (stopping_) return error(errc::shutting_down);
    if (how == entry::queued)
      if (auto admitted = admit(who); !admitted) return admitted;
    line_up(who, {std::move(work), how});
    options_.counted.taken.add();
    options_.counted.waiting.set(static_cast<double>(waiting_));
  }
  news_.notify_one();
  return {};
}

// The caller's own bound comes first: who floods is told so, though the flood has filled the queue of all.
result<> worker_pool::admit(caller const& who) {
  auto const own = lines_.find(who);
  std::size_t const theirs = own == lines_.end() ? 0 : own->second->queued;
  auto const left = left_by_others(options_.queue_max, queued_, theirs);
  if (theirs > 0 && theirs >= fair_share(options_.queue_max, options_.queue_per_caller_max, left)) {
    options_.counted.refused_for_caller.add();
    return refusal(errc::rate_limited, "too many " + options_.jobs + " of one " + options_.whose + " wait already",
                   std::min(waiting_, theirs * turns_.size()));
  }
  if (queued_ < options_.queue_max) return {};
  options_.counted.refused_for_all.add();
  return refusal(errc::overloaded, "too many " + options_.jobs + " wait already", waiting_);
}

error worker_pool::refusal(errc code, std::string words, std::size_t ahead) const {
  error e(code, std::move(words));
  e.retry_after_s = static_cast<unsigned>(1 + ahead / (options_.workers * options_.jobs_per_second));
  return e;
}

// Wholly or, where there is no memory for it, not at all.
void worker_pool::line_up(caller const& who, waiting_job one) {
  std::size_t const queued = one.how == entry::queued ? 1 : 0;
  auto own = lines_.find(who);
  if (own != lines_.end()) {
    own->second->jobs.push_back(std::move(one));
  } else {
    std::list<line> fresh(1);
    fresh.front().who = who;
    fresh.front().jobs.push_back(std::move(one));
    own = lines_.emplace(who, fresh.begin()).first;
    turns_.splice(turns_.end(), fresh);
  }
  own->second->queued += queued;
  queued_ += queued;
  ++waiting_;
}

// The first who has not as many under way as one may.
std::list<worker_pool::line>::iterator worker_pool::turn() {
  if (options_.at_once_per_caller_max >= options_.workers) return turns_.begin();
  return std::find_if(turns_.begin(), turns_.end(), [this](line const& one) {
    auto const under_way = std::count(served_.begin(), served_.end(), one.who);
    return static_cast<std::size_t>(under_way) < options_.at_once_per_caller_max;
  });
}

// The caller's first job; they go behind all others that wait.
worker_pool::job worker_pool::next(std::list<line>::iterator first) {
  auto taken = std::move(first->jobs.front().work);
  std::size_t const queued = first->jobs.front().how == entry::queued ? 1 : 0;
  first->jobs.pop_front();
  first->queued -= queued;
  queued_ -= queued;
  if (first->jobs.empty()) {
    lines_.erase(first->who);
    turns_.erase(first);
  } else {
    turns_.splice(turns_.end(), turns_, first);
  }
  --waiting_;
  options_.counted.waiting.set(static_cast<double>(waiting_));
  return taken;
}

void worker_pool::stop() {
  std::vector<std::thread> ending;
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
    ending.swap(threads_);
  }
  news_.notify_all();
  for (auto& thread : ending) thread.join();
}

void worker_pool::work(std::optional<caller>& serves) {
  stand_back();
  pool_here = this;
  std::unique_lock lock(mutex_);
  for (;;) {
    auto first = turns_.end();
    news_.wait(lock, [&] {
      first = may_begin() ? turn() : turns_.end();
      return first != turns_.end() || (stopping_ && waiting_ == 0);
    });
    if (first == turns_.end()) return;
    serves = first->who;
    ++at_work_;
    auto one = next(first);
    lock.unlock();
    contained(thrown_at::pool, [&] {
      fault_points::pass("pool.job");
      one();
    });
    // What the job holds may be dear to destroy, or submit again.
    one = nullptr;
    lock.lock();
    serves.reset();
    --at_work_;
    if (std::min(options_.at_once_per_caller_max, options_.at_work_max) < options_.workers)
      news_.notify_all(); // somebody's turn may have come
  }
}

} // namespace alloy
