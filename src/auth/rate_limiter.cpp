#include "auth/rate_limiter.hpp"

#include "core/crypto.hpp"

#include <chrono>
#include <cstring>

namespace alloy::auth {
namespace {

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  std::memcpy(&seed, crypto::random_bytes(sizeof seed).data(), sizeof seed);
  return seed;
}

} // namespace

rate_limiter::rate_limiter(quota most, std::size_t callers_max)
    : most_(most), seed_(random_seed()), sets_(std::max<std::size_t>(1, callers_max / places_of_set)) {}

usage rate_limiter::take(caller const& who, std::int64_t now_ns) noexcept {
  std::size_t const index = set_of(who);
  auto& places = sets_[index];
  std::lock_guard const lock(mutexes_[index % locks]);
  auto found = std::ranges::find(places, who, &place::who);
  if (found == places.end()) {
    found = std::ranges::min_element(places, {}, &place::used_until_ns);
    *found = {who, now_ns};
  }
  return most_.take(found->used_until_ns, now_ns);
}

void rate_limiter::give_back(caller const& who) noexcept {
  std::size_t const index = set_of(who);
  auto& places = sets_[index];
  std::lock_guard const lock(mutexes_[index % locks]);
  if (auto const found = std::ranges::find(places, who, &place::who); found != places.end())
    most_.give_back(found->used_until_ns);
}

std::size_t rate_limiter::set_of(caller const& who) const noexcept {
  std::uint64_t halves[2];
  static_assert(sizeof halves == sizeof who);
  std::memcpy(halves, who.data(), sizeof halves);
  std::uint64_t hash = seed_;
  for (std::uint64_t const half : halves) {
    hash = (hash ^ half) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
  }
  return hash % sets_.size();
}

std::int64_t steady_ns() noexcept {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

error too_many(usage const& used, std::string words) {
  error e(errc::rate_limited, std::move(words));
  e.retry_after_s = static_cast<unsigned>(used.more_s());
  return e;
}

} // namespace alloy::auth
