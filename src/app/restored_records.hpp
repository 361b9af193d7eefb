#pragma once
// What a restore learns from the records that it copies, and where it may stop. One thread.
#include "core/view.hpp"
#include "events/codec.hpp"
#include "events/log.hpp"

#include <unordered_map>
#include <unordered_set>

namespace alloy {

// The end of the last command that is whole at the position: all that a command wrote is there, or nothing of it. A
// command's further records name its first position as their cause. `command_max_bytes`: no command is larger. (A piece
// of an import that writes nothing but the other server's records cannot be told from the piece before: an import that
// ends within it is under way, and goes on there.)
events::position whole_commands_until(events::log const& log, events::position at, std::size_t command_max_bytes);

// Follows the records of a log from its beginning.
class restored_records {
 public:
  void see(events::record const& r);

  bool has_invite(uuid const& id) const { return invites_.contains(id); }
  // Makes the rows of the organizations whose imports are not over at the end of what was seen. `before`: the rows of a
  // later point of the same log; who is in the middle of an import there was not through with it earlier.
  void put_imports(reader const& state, reader const& before, view& into) const;

 private:
  std::unordered_set<uuid> accounts_; // users who have a way in
  std::unordered_set<uuid> invites_;
  std::unordered_map<uuid, bool> imports_; // that nobody has taken over -> they were cancelled
};

} // namespace alloy
