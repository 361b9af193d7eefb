#pragma once
// The statuses that tickets of a project have. Reads a row for each, however many tickets there are.
#include "core/prefix.hpp"
#include "core/view.hpp"

#include <set>
#include <string>

namespace alloy::domain {

inline std::set<std::string> statuses_in_use(reader const& state, uuid const& org, uuid const& project) {
  std::set<std::string> names;
  // Rows of the index: status, NUL, rank.
  auto const prefix = key(org, table::ticket_by_status).add(project).str();
  auto const rows = state.cursor(prefix, after_prefix(prefix), direction::ascending);
  for (rows->seek(prefix); rows->valid();) {
    auto const column = rows->key().substr(prefix.size());
    std::string const name(column.substr(0, column.find('\0')));
    names.insert(name);
    rows->seek(after_prefix(prefix + name + '\0'));
  }
  return names;
}

} // namespace alloy::domain
