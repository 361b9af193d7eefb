#include "http/unsent_bytes.hpp"

#include <algorithm>

namespace alloy::http {

bool unsent_bytes::may_hold(std::size_t bytes, std::size_t total, bool is_new) const noexcept {
  if (bytes > per_address_max_ || total > max_) return false;
  return total <= max_ / 2 || bytes <= max_ / 2 / (held_.size() + (is_new ? 1 : 0));
}

bool unsent_bytes::take(auth::network const& of, std::size_t more) {
  std::lock_guard const lock(mutex_);
  auto const found = held_.find(of);
  bool const is_new = found == held_.end();
  auto const total = total_.load(std::memory_order_relaxed);
  // One answer that is larger than all limits must not be one that nobody can ever have.
  bool const is_first = is_new && total == 0;
  if (!is_first && !may_hold((is_new ? 0 : found->second) + more, total + more, is_new)) return false;
  held_[of] += more;
  total_.store(total + more, std::memory_order_relaxed);
  return true;
}

void unsent_bytes::add(auth::network const& of, std::size_t more) {
  std::lock_guard const lock(mutex_);
  held_[of] += more;
  total_.fetch_add(more, std::memory_order_relaxed);
}

void unsent_bytes::give_back(auth::network const& of, std::size_t fewer) noexcept {
  std::lock_guard const lock(mutex_);
  auto const found = held_.find(of);
  if (found == held_.end()) return;
  fewer = std::min(fewer, found->second);
  found->second -= fewer;
  if (found->second == 0) held_.erase(found);
  total_.fetch_sub(fewer, std::memory_order_relaxed);
}

bool unsent_bytes::has_room(auth::network const& of) const {
  if (total() < std::min(per_address_max_, max_ / 2)) return true; // then nobody holds all they may
  std::lock_guard const lock(mutex_);
  auto const found = held_.find(of);
  bool const is_new = found == held_.end();
  return may_hold((is_new ? 0 : found->second) + 1, total() + 1, is_new);
}

std::size_t unsent_bytes::of(auth::network const& address) const {
  std::lock_guard const lock(mutex_);
  auto const found = held_.find(address);
  return found == held_.end() ? 0 : found->second;
}

} // namespace alloy::http
