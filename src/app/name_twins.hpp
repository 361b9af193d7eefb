#pragma once
// Names of older versions that nobody can tell apart: which there are in a state. Read-only; any snapshot, one thread.
#include "auth/pii_store.hpp"

#include <string>
#include <vector>

namespace alloy {

struct named_twin {
  uuid org;         // nil: of the server
  std::string kind; // label, workflow, team, status, tag or user
  uuid id;          // of a status the workflow's, of a tag its carrier's
  std::string name; // none of a user, whose address it is
};
// Those that are called alike, the one first that has the name.
using name_twins = std::vector<named_twin>;

// Throws std::runtime_error where an address cannot be opened with the key of `people`.
std::vector<name_twins> find_twins(reader const& state, reader const& local, auth::pii_store const& people);

// A line each, as it may stand on a terminal; empty where there are none.
std::string twin_lines(std::vector<name_twins> const& all);

} // namespace alloy
