#pragma once
// A quota for each of very many callers, in memory of a fixed size. Callers lie in sets of a few places; one who finds
// his set full takes the place of the caller who has used the least, at best of one who is idle, who loses nothing by
// being forgotten. So nobody is refused for what others did, and who forgets his past by it had the least to forget.
// Any thread; a look-up takes one of many locks and makes nothing on the heap.
#include "auth/quota.hpp"
#include "core/error.hpp"

#include <array>
#include <cstddef>
#include <mutex>
#include <vector>

namespace alloy::auth {

class rate_limiter {
 public:
  using caller = std::array<std::uint8_t, 16>; // a UUID, a network

  rate_limiter(quota most, std::size_t callers_max);

  usage take(caller const& who, std::int64_t now_ns) noexcept;
  void give_back(caller const& who) noexcept; // what was admitted and not carried out; nothing where it is forgotten

 private:
  struct place {
    caller who{};
    std::int64_t used_until_ns = 0;
  };
  static constexpr std::size_t places_of_set = 8, locks = 64;
  using set = std::array<place, places_of_set>;
  struct alignas(64) padded_mutex : std::mutex {}; // a cache line each

  std::size_t set_of(caller const& who) const noexcept;

  quota most_;
  std::uint64_t seed_; // so that nobody can choose whose set he shares
  std::vector<set> sets_;
  std::array<padded_mutex, locks> mutexes_;
};

std::int64_t steady_ns() noexcept; // the clock to give it

// What somebody is told who was not admitted.
error too_many(usage const& used, std::string words);

} // namespace alloy::auth
