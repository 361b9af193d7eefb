#include "http/exchange.hpp"

#include "core/exceptions.hpp"
#include "core/problem.hpp"

namespace alloy::http {
namespace {

constexpr std::string_view unknown = "what became of the request is unknown; the server's log may say it under its id";

} // namespace

bool slot::await() noexcept {
  auto expected = turn_;
  return state_.compare_exchange_strong(expected, turn_ | waited_for, std::memory_order_acq_rel) ||
         expected == (turn_ | waited_for);
}

void slot::fill(response&& answer) noexcept {
  answer_ = std::move(answer);
  auto const before = state_.fetch_or(filled, std::memory_order_acq_rel);
  if ((before & state_bits) == waited_for) home_->put(shared_from_this());
}

void slot::ring(std::uint64_t turn) noexcept {
  auto now = state_.load(std::memory_order_relaxed);
  do {
    if ((now & ~state_bits) != turn || (now & filled) != 0) return;
  } while (!state_.compare_exchange_weak(now, turn | filled, std::memory_order_acq_rel));
  if ((now & waited_for) != 0) home_->put(shared_from_this());
}

void completion_queue::put(std::shared_ptr<slot> filled) noexcept {
  std::lock_guard const lock(mutex_);
  if (!wake_) return;
  contained(thrown_at::http_thread, [&] {
    filled_.push_back(std::move(filled));
    if (is_woken_) return;
    wake_();
    is_woken_ = true;
  });
}

void completion_queue::take(std::vector<std::shared_ptr<slot>>& out) {
  out.clear();
  std::lock_guard const lock(mutex_);
  out.swap(filled_);
  is_woken_ = false;
}

void completion_queue::close() {
  std::lock_guard const lock(mutex_);
  wake_ = nullptr;
  filled_.clear();
}

exchange::~exchange() {
  fail();
}

void exchange::answer(response&& with) noexcept {
  if (!answered_.exchange(true, std::memory_order_acq_rel)) to_->fill(std::move(with));
}

// Also where nothing can be allocated any more: then without a body.
void exchange::fail() noexcept {
  if (answered_.exchange(true, std::memory_order_acq_rel)) return;
  response broken;
  broken.status = describe(errc::internal).status;
  broken.content_type = problem_content_type;
  contained(thrown_at::http_request,
            [&] { broken.body = problem_document(error(errc::internal, std::string(unknown)), request_id_); });
  to_->fill(std::move(broken));
}

} // namespace alloy::http
