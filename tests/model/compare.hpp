#pragma once
// Whether what the server holds is what the model says. Each function gives a line for everything that differs.
#include "projections/history.hpp"
#include "tests/model/world.hpp"

namespace alloy::model {

using faults = std::vector<std::string>;

// Every entity with all its fields and its version, who is in what, and the tags.
faults compare_entities(world const& wanted, reader const& state);
// The same as far as the log tells it, as it was at a moment.
faults compare_past(world const& wanted, projections::past const& then);
// Lists by every index and order, counts, names, references and what belongs to what; also that no row is left over.
faults compare_indexes(world const& wanted, reader const& state);

} // namespace alloy::model
