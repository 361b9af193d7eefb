#pragma once
// What one command does to a world of plain maps, or why it is refused: the rules once more, as simply as possible.
// Knows of the server nothing but the words of its commands. Pure.
#include "core/error.hpp"
#include "tests/model/world.hpp"

#include <functional>

namespace alloy::model {

struct outcome {
  std::optional<errc> refused;
  bool changed = false, warned = false;
  bool operator==(outcome const&) const = default;
};

// Any command but an undo. Where it is refused or changes nothing, the world may be left half done. `ever` tells
// whether there has been such a thing, `fresh` is the number of a comment that the command makes by the way.
outcome rule(world& w, std::function<bool(carrier const&)> const& ever, command const& c, std::int64_t clock,
             number fresh);

} // namespace alloy::model
