#include "http/unsent_bytes.hpp"

#include "core/fair_share.hpp"

#include <algorithm>

namespace alloy::http {
namespace {

using id = std::array<std::uint8_t, 16>;

// Of what one may hold, this part is never refused, whatever others hold: 64 KiB by default.
constexpr std::size_t least_part = 512;
// An organization may hold so many times what one user may, so that one of its members does not hold all of it.
constexpr std::size_t users_of_org = 4;

// Calls `f` with each map and who it is counted for in it.
template <class Maps, class F> void each_count(Maps maps, holders const& by, F f) {
  f(maps[0], by.address);
  if (by.user != id{}) f(maps[1], by.user);
  if (by.org != id{}) f(maps[2], by.org);
}

} // namespace

std::size_t unsent_bytes::held(counts const& in, id const& by) noexcept {
  auto const found = in.find(by);
  return found == in.end() ? 0 : found->second;
}

bool unsent_bytes::may_hold(holders const& by, std::size_t more) const noexcept {
  auto const total = total_.load(std::memory_order_relaxed);
  // One answer that is larger than all limits must not be one that nobody can ever have.
  if (total == 0) return true;
  bool fits = true;
  each_count(std::array{&addresses_, &users_, &orgs_}, by, [&](counts const* in, id const& one) {
    auto const own = held(*in, one);
    auto const most = in == &orgs_ ? users_of_org * per_holder_max_ : per_holder_max_;
    auto const share = fair_share(max_, most, left_by_others(max_, total, own));
    fits = fits && own + more <= std::max(share, per_holder_max_ / least_part);
  });
  return fits;
}

bool unsent_bytes::take(holders const& by, std::size_t more) {
  std::lock_guard const lock(mutex_);
  if (!may_hold(by, more)) return false;
  count(by, more);
  return true;
}

void unsent_bytes::add(holders const& by, std::size_t more) {
  std::lock_guard const lock(mutex_);
  count(by, more);
}

void unsent_bytes::count(holders const& by, std::size_t more) {
  std::array const maps{&addresses_, &users_, &orgs_};
  each_count(maps, by, [](counts* in, id const& one) { in->try_emplace(one, 0); }); // all that may throw
  each_count(maps, by, [&](counts* in, id const& one) { (*in)[one] += more; });
  total_.fetch_add(more, std::memory_order_relaxed);
}

void unsent_bytes::give_back(holders const& by, std::size_t fewer) noexcept {
  std::lock_guard const lock(mutex_);
  fewer = std::min(fewer, held(addresses_, by.address));
  each_count(std::array{&addresses_, &users_, &orgs_}, by, [&](counts* in, id const& one) {
    auto const found = in->find(one);
    if (found == in->end()) return;
    found->second -= std::min(fewer, found->second);
    if (found->second == 0) in->erase(found);
  });
  total_.fetch_sub(fewer, std::memory_order_relaxed);
}

bool unsent_bytes::has_room(holders const& by) const {
  if (total() < per_holder_max_ / least_part) return true; // then nobody holds what would be refused
  std::lock_guard const lock(mutex_);
  return may_hold(by, 1);
}

bool unsent_bytes::has_room_for(id const& address, id const& user, id const& org) const {
  return has_room({address, user, org});
}

std::size_t unsent_bytes::of(auth::ip_prefix const& address) const {
  std::lock_guard const lock(mutex_);
  return held(addresses_, address);
}

} // namespace alloy::http
