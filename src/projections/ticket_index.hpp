#pragma once
// The indexes behind ticket lists. Every row's value is the ticket's id; every key ends in the ticket's number, so the
// rows of one value come in the order of creation:
//   by_number    project, number                       by_assignee  assignee, project, number
//   by_status    project, status, number               by_sprint    sprint, number
//   by_updated   project, updated_ms, number           by_priority  project, priority, number
#include "domain/entities.hpp"

namespace alloy::projections {

// Moves the index rows from how the ticket stood to how it stands.
void index_ticket(view& state, uuid const& tenant, std::optional<domain::ticket> const& before,
                  std::optional<domain::ticket> const& after);

inline key numbers_of(uuid const& tenant, uuid const& project) {
  return key(tenant, table::ticket_by_number).add(project);
}
inline key statuses_of(uuid const& tenant, uuid const& project, std::string_view status) {
  return key(tenant, table::ticket_by_status).add(project).add(status);
}

std::optional<uuid> ticket_by_number(reader const& state, uuid const& tenant, uuid const& project,
                                     std::uint64_t number);
// How many tickets of the project there are, and how many of them have the status.
std::uint64_t count_tickets(reader const& state, uuid const& tenant, uuid const& project);
std::uint64_t count_status(reader const& state, uuid const& tenant, uuid const& project, std::string_view status);
std::vector<uuid> tickets_with_status(reader const& state, uuid const& tenant, uuid const& project,
                                      std::string_view status);
std::vector<uuid> tickets_in_sprint(reader const& state, uuid const& tenant, uuid const& sprint);

} // namespace alloy::projections
