#include "http/exchange.hpp"

#include "core/problem.hpp"

namespace alloy::http {

bool slot::await() noexcept {
  auto expected = state::open;
  return state_.compare_exchange_strong(expected, state::awaited, std::memory_order_acq_rel) ||
         expected == state::awaited;
}

void slot::fill(response&& answer) {
  answer_ = std::move(answer);
  if (state_.exchange(state::filled, std::memory_order_acq_rel) == state::awaited) home_->put(shared_from_this());
}

void inbox::put(std::shared_ptr<slot> filled) {
  std::lock_guard const lock(mutex_);
  if (!wake_) return;
  filled_.push_back(std::move(filled));
  if (filled_.size() == 1) wake_();
}

void inbox::take(std::vector<std::shared_ptr<slot>>& out) {
  out.clear();
  std::lock_guard const lock(mutex_);
  out.swap(filled_);
}

void inbox::close() {
  std::lock_guard const lock(mutex_);
  wake_ = nullptr;
  filled_.clear();
}

exchange::~exchange() {
  fail();
}

void exchange::answer(response&& with) {
  if (!answered_.exchange(true, std::memory_order_acq_rel)) to_->fill(std::move(with));
}

void exchange::fail() {
  if (answered_.exchange(true, std::memory_order_acq_rel)) return;
  response broken;
  broken.status = describe(errc::internal).status;
  broken.content_type = problem_content_type;
  broken.body = problem_document(error(errc::internal), request_id_);
  to_->fill(std::move(broken));
}

} // namespace alloy::http
