#pragma once
// What the doors of the api do with a command: find what it is about, and ask the rule.
#include "core/view.hpp"
#include "domain/context.hpp"
#include "tests/model/commands.hpp"

namespace alloy::model {

uuid id_of(entity kind, number n);
uuid org_id();

result<domain::decision> decide_at(reader const& state, command const& c, domain::context const& by);

} // namespace alloy::model
