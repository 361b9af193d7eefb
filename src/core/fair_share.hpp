#pragma once
// How much of what all share one may have. Pure.
#include <algorithm>
#include <cmath>
#include <cstddef>

namespace alloy {

// Of `all`, what may one have who finds `left` not taken by others: `of_one` where that is all, and the less the less
// it is, by the square of that part, but one. So those who come first leave something for whoever comes next: of 512
// places and 64 for one it takes more than 100 to have them all, where equal limits let 8.
inline std::size_t fair_share(std::size_t all, std::size_t of_one, std::size_t left) noexcept {
  if (left >= all) return of_one;
  auto const part = static_cast<double>(left) / static_cast<double>(all);
  auto const share = std::ceil(static_cast<double>(of_one) * part * part);
  return share >= static_cast<double>(of_one) ? of_one : std::max<std::size_t>(1, static_cast<std::size_t>(share));
}

// What others leave, where `taken` is everybody's and `own` of it one's own.
inline std::size_t left_by_others(std::size_t all, std::size_t taken, std::size_t own) noexcept {
  auto const others = taken - std::min(own, taken);
  return all - std::min(others, all);
}

} // namespace alloy
