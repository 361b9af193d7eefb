#pragma once
// Bytes of answers that wait to be sent, of one server: how many in all and for each address. Only large or waiting
// answers are counted, so that the way of a small one takes no lock. Any thread.
#include "auth/network.hpp"

#include <atomic>
#include <cstddef>
#include <map>
#include <mutex>

namespace alloy::http {

class unsent_bytes {
 public:
  unsent_bytes(std::size_t bytes_max, std::size_t per_address_max) noexcept
      : max_(bytes_max), per_address_max_(per_address_max) {}

  // Counts `more` bytes for the address, unless it then had more than its share. Its share is the limit of an address
  // and, once half of what all may have is taken, an equal part of that half; so who holds little is served while
  // others hold what they can.
  bool take(auth::network const& of, std::size_t more);
  // Counts them in any case: they are there already.
  void add(auth::network const& of, std::size_t more);
  void give_back(auth::network const& of, std::size_t fewer) noexcept;
  // Whether a byte more could be taken.
  bool has_room(auth::network const& of) const;

  std::size_t total() const noexcept { return total_.load(std::memory_order_relaxed); }
  std::size_t of(auth::network const& address) const;

 private:
  bool may_hold(std::size_t bytes, std::size_t total, bool is_new) const noexcept;

  std::size_t const max_, per_address_max_;
  mutable std::mutex mutex_;
  std::map<auth::network, std::size_t> held_; // of those who hold any
  std::atomic<std::size_t> total_{0};
};

} // namespace alloy::http
