#pragma once
// So many requests in a window, counted by GCRA (ITU-T I.371): of a caller one instant is kept, the one until which the
// requests so far last at the even rate of window / requests each. A request moves it on by one step; one that would
// move it further ahead than a burst lasts is refused and moves nothing. So who was idle may send a burst at once and
// then goes on at the even rate, and there is no edge between two windows at which twice as many pass. Pure, any
// thread; the clock is the caller's and must not step back.
#include <algorithm>
#include <cstdint>

namespace alloy::auth {

struct usage {
  bool admitted = false;
  std::int64_t left = 0;    // requests that would pass now
  std::int64_t more_ns = 0; // until one more than those would

  constexpr std::int64_t more_s() const noexcept { return (more_ns + 999'999'999) / 1'000'000'000; }
};

class quota {
 public:
  constexpr quota(std::int64_t requests, std::int64_t window_s) noexcept : quota(requests, window_s, requests) {}
  constexpr quota(std::int64_t requests, std::int64_t window_s, std::int64_t burst) noexcept
      : step_ns_(std::max<std::int64_t>(1, window_s * 1'000'000'000 / requests)),
        ahead_max_ns_(step_ns_ * std::clamp<std::int64_t>(burst, 1, requests)) {}

  constexpr usage take(std::int64_t& used_until_ns, std::int64_t now_ns) const noexcept {
    std::int64_t const from_ns = std::max(used_until_ns, now_ns);
    std::int64_t room_ns = ahead_max_ns_ - (from_ns - now_ns);
    bool const admitted = room_ns >= step_ns_;
    if (admitted) {
      used_until_ns = from_ns + step_ns_;
      room_ns -= step_ns_;
    }
    return {admitted, room_ns / step_ns_, step_ns_ - room_ns % step_ns_};
  }
  // One that was admitted and never came to what it was counted for.
  constexpr void give_back(std::int64_t& used_until_ns) const noexcept { used_until_ns -= step_ns_; }

 private:
  std::int64_t step_ns_, ahead_max_ns_;
};

} // namespace alloy::auth
