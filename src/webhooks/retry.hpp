#pragma once
// When a delivery is tried again, and when an endpoint is left in peace. Pure: time comes in, times come out.
//   a delivery   tries at 0, 5 s, 5 min, ... after the one before, plus up to a tenth of jitter; Retry-After if later
//   an endpoint  after `failures_before_pause` failures in a row a pause, which doubles with each further failure;
//                failing for `disable_after` without a success between: disabled. 410: disabled at once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace alloy::webhooks {

struct retry_policy {
  std::vector<std::int64_t> waits_ms = {0,          5'000,      300'000,    1'800'000,  7'200'000,
                                        18'000'000, 36'000'000, 50'400'000, 72'000'000, 86'400'000};
  std::int64_t failures_before_pause = 4;
  std::int64_t pause_ms = 60'000, pause_max_ms = 3'600'000;
  std::int64_t disable_after_ms = 432'000'000;
  std::int64_t retry_after_max_ms = 86'400'000;
};

// The wait before the next try after `tries` have failed; nothing where there is none any more. `random` is within [0,
// 1).
inline std::optional<std::int64_t> wait_before_next(retry_policy const& p, std::int64_t tries, double random,
                                                    std::int64_t retry_after_ms = 0) {
  if (tries < 0 || static_cast<std::size_t>(tries) >= p.waits_ms.size()) return std::nullopt;
  auto const wait = p.waits_ms[static_cast<std::size_t>(tries)];
  auto const jitter = static_cast<std::int64_t>(static_cast<double>(wait) * 0.1 * random);
  return std::max(wait + jitter, std::min(retry_after_ms, p.retry_after_max_ms));
}

// How long an endpoint rests after so many failures in a row; 0: not at all.
inline std::int64_t pause_after(retry_policy const& p, std::int64_t failures) {
  if (failures < p.failures_before_pause) return 0;
  auto const doublings = std::min<std::int64_t>(failures - p.failures_before_pause, 30);
  return std::min(p.pause_ms << doublings, p.pause_max_ms);
}

inline bool has_failed_for_good(retry_policy const& p, std::int64_t failing_since_ms, std::int64_t now_ms) {
  return failing_since_ms != 0 && now_ms - failing_since_ms >= p.disable_after_ms;
}

} // namespace alloy::webhooks
