#pragma once
// Bytes of answers that wait to be sent, of one server: how many in all, and for each address, user and organization.
// Only large or waiting answers are counted, so that the way of a small one takes no lock. Any thread.
#include "auth/ip_prefix.hpp"
#include "core/answer_room.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <map>
#include <mutex>

namespace alloy::http {

// Whose bytes they are.
struct holders {
  auth::ip_prefix address{};
  std::array<std::uint8_t, 16> user{}, org{}; // all zero: none

  bool operator==(holders const&) const = default;
};

class unsent_bytes final : public answer_room {
 public:
  unsent_bytes(std::size_t bytes_max, std::size_t per_holder_max) noexcept
      : max_(bytes_max), per_holder_max_(per_holder_max) {}

  // Counts `more` bytes for its holders, unless one of them then had more than its share (core/fair_share.hpp). A small
  // part is never refused: who holds little is served whatever others hold, and what all hold may be so much more.
  bool take(holders const& by, std::size_t more);
  // Counts them in any case: they are there already.
  void add(holders const& by, std::size_t more);
  void give_back(holders const& by, std::size_t fewer) noexcept;
  // Whether a byte more could be taken.
  bool has_room(holders const& by) const;
  bool has_room_for(id const& address, id const& user, id const& org) const override;

  std::size_t total() const noexcept { return total_.load(std::memory_order_relaxed); }
  std::size_t of(auth::ip_prefix const& address) const;

 private:
  using counts = std::map<std::array<std::uint8_t, 16>, std::size_t>; // of those who hold any
  static std::size_t held(counts const& in, std::array<std::uint8_t, 16> const& by) noexcept;
  bool may_hold(holders const& by, std::size_t more) const noexcept;
  void count(holders const& by, std::size_t more);

  std::size_t const max_, per_holder_max_;
  mutable std::mutex mutex_;
  counts addresses_, users_, orgs_;
  std::atomic<std::size_t> total_{0};
};

} // namespace alloy::http
