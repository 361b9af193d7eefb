#pragma once
// Sets of tickets in the order of creation, joined without being copied: the rows of one index value, what is in any of
// several sets, what is in all of them (leapfrog: each set jumps to where the furthest stands, so the join costs about
// as many seeks as the smallest set has members). All cursors of a join move in one direction. One thread at a time.
#include "core/view.hpp"
#include "search/rank.hpp"

#include <memory>
#include <vector>

namespace alloy::projections {

class rank_cursor {
 public:
  virtual ~rank_cursor() = default;
  virtual void start() = 0;              // to the first member
  virtual void seek(rank const& to) = 0; // to the first member at `to` or behind it; never backwards
  virtual void next() = 0;               // REQUIRES: valid()
  virtual bool valid() const = 0;
  virtual rank at() const = 0; // REQUIRES: valid()
};
using rank_cursor_ptr = std::unique_ptr<rank_cursor>;

// The rows that begin with `prefix`; their keys end in the rank.
rank_cursor_ptr members_of(reader const& state, std::string prefix, direction way);
// Those that begin with any of the prefixes, of one index. However many prefixes: a few have a cursor each, and many
// share one, for a cursor of the store holds the blocks that it stands on.
rank_cursor_ptr members_of_any(reader const& state, std::vector<std::string> prefixes, direction way);
rank_cursor_ptr all_of(std::vector<rank_cursor_ptr> sets, direction way); // REQUIRES: not empty

} // namespace alloy::projections
