#pragma once
// What undoing a command means: what it made goes, what it took away comes back, and what it changed becomes as it was,
// where all of that still stands as the command left it and the outcome is a world that the rules allow.
#include "tests/model/world.hpp"

#include <functional>

namespace alloy::model {

// Nothing: it must be refused. `touched` tells whether something happened to a thing behind the command.
std::optional<world> taken_back(world const& before, world const& after, world const& now, std::int64_t clock,
                                std::function<bool(carrier const&)> const& touched);

} // namespace alloy::model
