#pragma once
// Folds a record into everything that is derived from the log and kept with it: the tenant's chain, the entities, and
// the read models that answer lists. A pure function of the state and the record, so a replay gives the same bytes.
#include "core/view.hpp"
#include "events/codec.hpp"

namespace alloy::projections {

void fold(view& state, events::record const& r, std::string_view bytes);

} // namespace alloy::projections
