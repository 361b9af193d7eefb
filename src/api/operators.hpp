#pragma once
// Who runs the server: `alloy operator add` says so on its machine, see program/operator_commands.hpp.
#include "api/call.hpp"

namespace alloy::api {

bool is_operator(reader const& state, uuid const& user);
bool may_operate(write_call const& c);

// An organization of which some records are still to come. It has a row beside the log (core/local_rows.hpp).
std::string import_row_of(uuid const& org);
inline bool is_being_imported(reader const& local, uuid const& org) {
  return local.has(import_row_of(org));
}

} // namespace alloy::api
