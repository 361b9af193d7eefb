#include "http/hub.hpp"

namespace alloy::http {

admission::~admission() {
  if (at_ != nullptr) at_->leave(peer_);
}

std::optional<admission> hub::admit(std::string peer) {
  std::lock_guard const lock(mutex_);
  if (connections_.load(std::memory_order_relaxed) >= set.connections_max) return std::nullopt;
  auto& of_peer = peers_[peer];
  if (of_peer >= set.connections_per_peer_max) return std::nullopt;
  ++of_peer;
  connections_.fetch_add(1, std::memory_order_relaxed);
  watch().connection_opened();
  return std::optional<admission>(std::in_place, *this, std::move(peer));
}

void hub::leave(std::string const& peer) noexcept {
  std::lock_guard const lock(mutex_);
  if (auto const found = peers_.find(peer); found != peers_.end() && --found->second == 0) peers_.erase(found);
  watch().connection_closed();
  if (connections_.fetch_sub(1, std::memory_order_relaxed) == 1) silence_.notify_all();
}

bool hub::wait_for_silence(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return silence_.wait_until(lock, deadline, [this] { return connections_.load(std::memory_order_relaxed) == 0; });
}

tls_context hub::tls() const {
  std::lock_guard const lock(mutex_);
  return tls_;
}

void hub::set_tls(tls_context next) {
  std::lock_guard const lock(mutex_);
  tls_ = std::move(next);
}

} // namespace alloy::http
