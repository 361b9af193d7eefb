#pragma once
// Time entries by day, as reports add them up and lists find them. Keys end in when: day u64be, created_at ms u64be,
// id.
//   by_day      when -> packed entry      by_project  project, when -> packed entry
//   by_user     user, when                by_ticket   ticket, when           by_status   status, when
// An entry that left a day or is gone leaves a packed row with `gone` there, so that a report as of an earlier position
// meets it. A packed row knows its last change: what changed later than a position is folded anew from the log, and
// everything else is read as it lies.
#include "projections/history.hpp"

namespace alloy::projections {

struct time_row {
  bool gone = false;
  time_status status{};
  capitalization type{};
  std::optional<phase> development_phase = {};
  std::uint64_t position = 0; // of its last change
  std::int64_t minutes = 0;
  uuid user_id, project_id, ticket_id;
  std::optional<uuid> team_id = {};
  std::string_view activity = {}, adjusts = {}; // into the row; empty: none
};

struct when {
  date day;
  timestamp created_at;
  uuid id;
};
inline constexpr std::size_t when_bytes = 32;
when read_when(std::string_view end_of_key);
std::string place_of(when const& w); // as it stands in the keys
std::string when_of(domain::time_entry const& e);

// Moves the rows from how the entry stood to how it stands, by the event at `position`.
void index_time_entry(view& state, uuid const& tenant, std::optional<domain::time_entry> const& before,
                      std::optional<domain::time_entry> const& after, std::uint64_t position);

inline key time_by_day(uuid const& org) {
  return key(org, table::time_by_day);
}
inline key time_of(uuid const& org, table by, uuid const& whose) { // user, project, ticket
  return key(org, by).add(whose);
}
inline key time_in_status(uuid const& org, time_status s) {
  return key(org, table::time_by_status).add_byte(static_cast<std::uint8_t>(s));
}

using time_visitor = std::function<void(when const&, time_row const&)>;

// The entries of days [first, last] in the order of their keys, of all projects or of one; as they stand or, with
// `then`, as they stood.
void each_time_entry(reader const& state, past const* then, uuid const& org, std::optional<uuid> const& project,
                     date first, date last, time_visitor const& visit);

std::uint64_t count_time_of_project(reader const& state, uuid const& org, uuid const& project);
// Minutes logged on a project's tickets in [first, last], whatever became of the entries.
std::int64_t minutes_of_project(reader const& state, uuid const& org, uuid const& project, date first, date last);

} // namespace alloy::projections
