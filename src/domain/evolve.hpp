#pragma once
// Folds one event into the entities. Cannot refuse: what is in the log has happened. Pure but for `state`.
#include "core/view.hpp"
#include "events/envelope.hpp"

namespace alloy::domain {

void evolve(view& state, events::stored_event const& e);

} // namespace alloy::domain
