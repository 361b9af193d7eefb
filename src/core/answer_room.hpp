#pragma once
// Whether an answer could be held until it is read: what a write is to know before it is done, for it cannot be undone
// where its answer is refused. A transport that counts what waits to be read hands one over with each request.
#include <array>
#include <cstdint>

namespace alloy {

class answer_room {
 public:
  using id = std::array<std::uint8_t, 16>; // a network or a UUID; all zero: none

  // False where one of them has as much unread as one may. Any thread.
  virtual bool has_room_for(id const& address, id const& user, id const& org) const = 0;

 protected:
  ~answer_room() = default;
};

} // namespace alloy
