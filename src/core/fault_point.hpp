#pragma once
// Tests only: named places in the loops of threads where an exception can be made to come out, so that each can be seen
// to hold one. The setting crash_point names one as `throw:NAME` (std::runtime_error) or `no_memory:NAME`
// (std::bad_alloc), crash_after the how-manieth passing that throws. Off, a point costs one relaxed load.
#include <atomic>
#include <cstdint>
#include <string_view>

namespace alloy::fault_points {

namespace detail {
inline std::atomic<bool> armed{false};
void passed(std::string_view name);
} // namespace detail

// Once, before threads pass any point. Anything else than the two forms arms nothing.
void arm(std::string_view how, std::int64_t after);

inline void pass(std::string_view name) {
  if (detail::armed.load(std::memory_order_relaxed)) [[unlikely]]
    detail::passed(name);
}

} // namespace alloy::fault_points
