#pragma once
// The indexes behind ticket lists. Where the order of creation is the order of rows, keys end in the ticket's rank and
// the value is empty, so that any of them can be joined:
//   by_status    project, status, rank        by_assignee  user, rank; without: nil, project, rank
//   by_priority  project, priority, rank      by_sprint    sprint, rank; without: nil, project, rank
//   by_reporter  user, rank                   by_label     label, rank
//   by_due       days since 1970 u64be, rank; only tickets that have a due date
//   by_updated   project, updated_at ms u64be, rank
//   by_number    project, number u64be -> id; stays when the ticket goes elsewhere, so that old references lead to it
#include "domain/entities.hpp"
#include "search/rank.hpp"

namespace alloy::projections {

// Moves the index rows from how the ticket stood to how it stands.
void index_ticket(view& state, uuid const& tenant, std::optional<domain::ticket> const& before,
                  std::optional<domain::ticket> const& after);

inline rank rank_of(domain::ticket const& t) {
  return rank::of(t.created_at, t.id);
}

inline key numbers_of(uuid const& tenant, uuid const& project) {
  return key(tenant, table::ticket_by_number).add(project);
}
inline key statuses_of(uuid const& tenant, uuid const& project) {
  return key(tenant, table::ticket_by_status).add(project);
}
inline key status_of(uuid const& tenant, uuid const& project, std::string_view status) {
  return statuses_of(tenant, project).add(status);
}
inline key priority_of(uuid const& tenant, uuid const& project, priority p) {
  return key(tenant, table::ticket_by_priority).add(project).add_byte(static_cast<std::uint8_t>(p));
}
inline key updates_of(uuid const& tenant, uuid const& project) {
  return key(tenant, table::ticket_by_updated).add(project);
}
inline key holders_of(uuid const& tenant, table by, uuid const& value) { // assignee, sprint, reporter, label
  return key(tenant, by).add(value);
}
inline key without_any(uuid const& tenant, table by, uuid const& project) { // assignee, sprint
  return key(tenant, by).add(uuid{}).add(project);
}
inline key due_on(uuid const& tenant, date day) {
  return key(tenant, table::ticket_by_due).add(static_cast<std::uint64_t>(day.days));
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
