#pragma once
// Who runs the server: `alloy operator add` says so on its machine, see app/operator_commands.hpp.
#include "api/table/call.hpp"

namespace alloy::api {

bool is_operator(reader const& state, uuid const& user);
bool may_operate(write_context const& c);

// An organization of which some records are still to come, or were until the import was cancelled. It has a row beside
// the log (core/local_rows.hpp): nothing, or `cancelled`.
enum class import_state : std::uint8_t { none, under_way, cancelled };
import_state import_state_of(reader const& local, uuid const& org);
void set_import_state(view& local, uuid const& org, import_state now);

} // namespace alloy::api
