#include "http/server_context.hpp"

#include "core/fair_share.hpp"

#include <algorithm>

namespace alloy::http {

admission::~admission() {
  if (at_ != nullptr) at_->leave(*this);
}

bool admission::pass_to(std::string client) {
  return at_->pass(*this, std::move(client));
}

std::vector<ip_network> server_context::networks_of(std::vector<std::string> const& texts) {
  std::vector<ip_network> found;
  for (auto const& text : texts)
    if (ip_network one; parse_network(text, one)) found.push_back(one); // the settings have been checked
  return found;
}

bool server_context::trusts(std::string_view peer) const noexcept {
  ip_address a;
  return !trusted_proxies.empty() && parse_address(peer.substr(0, peer.find('%')), a) &&
         std::ranges::any_of(trusted_proxies, [&](ip_network const& one) { return one.contains(a); });
}

bool server_context::count_in(auth::ip_prefix const& of) {
  auto& count = peers_[of];
  auto const all = set.connections_max;
  auto const left = left_by_others(all, connections_.load(std::memory_order_relaxed), count);
  if (count > 0 && count >= fair_share(all, set.connections_per_peer_max, left)) return false;
  ++count;
  return true;
}

void server_context::count_out(auth::ip_prefix const& of) noexcept {
  if (auto const found = peers_.find(of); found != peers_.end() && --found->second == 0) peers_.erase(found);
}

std::optional<admission> server_context::admit(std::string peer) {
  bool const is_proxy = trusts(peer);
  auto place = std::optional<admission>(std::in_place, *this, std::move(peer), is_proxy);
  place->drop(); // before it is counted it has nothing to give back
  std::unique_lock lock(mutex_);
  if (connections_.load(std::memory_order_relaxed) >= set.connections_max ||
      (!place->is_proxy() && !count_in(place->ip_prefix())))
    return std::nullopt;
  place->at_ = this;
  connections_.fetch_add(1, std::memory_order_relaxed);
  watch().connection_opened();
  return place;
}

bool server_context::pass(admission& from, std::string client) {
  admission to(*this, std::move(client), false);
  to.drop(); // whatever comes of it, it has no place of its own
  to.is_proxy_ = trusts(to.peer_);
  std::lock_guard const lock(mutex_);
  bool const has_place = to.is_proxy_ || count_in(to.network_);
  if (has_place) {
    if (!from.is_proxy_) count_out(from.network_);
    from.peer_ = std::move(to.peer_);
    from.network_ = to.network_;
    from.is_proxy_ = to.is_proxy_;
  }
  return has_place;
}

void server_context::leave(admission const& gone) noexcept {
  std::lock_guard const lock(mutex_);
  if (!gone.is_proxy_) count_out(gone.network_);
  watch().connection_closed();
  if (connections_.fetch_sub(1, std::memory_order_relaxed) == 1) silence_.notify_all();
}

bool server_context::wait_until_idle(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return silence_.wait_until(lock, deadline, [this] { return connections_.load(std::memory_order_relaxed) == 0; });
}

tls_context server_context::tls() const {
  std::lock_guard const lock(mutex_);
  return tls_;
}

void server_context::set_tls(tls_context next) {
  std::lock_guard const lock(mutex_);
  tls_ = std::move(next);
}

} // namespace alloy::http
