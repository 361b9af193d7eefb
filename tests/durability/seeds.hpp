#pragma once
// Which seeds a test of random faults runs: ALLOY_SEEDS=n for 1..n, ALLOY_SEED=s for that one alone.
#include <cstdint>
#include <cstdlib>
#include <string>

namespace alloy::tests {

template <class Run> void for_each_seed(std::uint64_t how_many, Run run) {
  if (char const* one = std::getenv("ALLOY_SEED")) return run(std::stoull(one));
  if (char const* given = std::getenv("ALLOY_SEEDS")) how_many = std::stoull(given);
  for (std::uint64_t seed = 1; seed <= how_many; ++seed) run(seed);
}

inline std::string how_to_repeat(std::uint64_t seed, char const* program, char const* test_case) {
  return "repeat with: ALLOY_SEED=" + std::to_string(seed) + " " + program + " --run_test=" + test_case;
}

} // namespace alloy::tests
