#pragma once
// Tickets by status over time, and how long they took. Rows:
//   flow_count   project, status -> packed count now      flow_count  project, status, day u64be -> packed count then
//   flow_ticket  ticket -> first in_progress ms, done ms (0: not yet), the day of it; each u64be
//   flow_done    project, day u64be, ticket -> created, started, done, each ms u64be
// A count of a day is that of its end, in the organization's time zone at that time; days without a change have no row.
// Pure.
#include "domain/entities.hpp"
#include "events/envelope.hpp"

#include <map>

namespace alloy::projections {

void index_flow(view& state, events::stored_event const& e, std::optional<domain::ticket> const& before,
                std::optional<domain::ticket> const& after);

struct flow_status {
  static constexpr bool answer = true;
  std::string status;
  alloy::category category{};
};
BOOST_DESCRIBE_STRUCT(flow_status, (), (status, category))

struct flow_day {
  static constexpr bool answer = true;
  alloy::date date;
  std::map<std::string, std::int64_t> counts; // of each status of the answer, at the end of the day
};
BOOST_DESCRIBE_STRUCT(flow_day, (), (date, counts))

struct spread { // of durations, nearest rank; null without any
  static constexpr bool answer = true;
  std::int64_t count = 0;
  std::optional<std::int64_t> p50_seconds, p85_seconds, p95_seconds;
};
BOOST_DESCRIBE_STRUCT(spread, (), (count, p50_seconds, p85_seconds, p95_seconds))

struct flow {
  static constexpr bool answer = true;
  uuid project_id;
  date from, to;
  std::string time_zone;
  std::vector<flow_status> statuses; // those of the workflow in its order, then others that had tickets
  std::vector<flow_day> days;        // none that has not come yet
  spread lead_time;                  // created to done, of tickets done in the range and not cancelled
  spread cycle_time;                 // first in progress to done; tickets that never were do not count
};
BOOST_DESCRIBE_STRUCT(flow, (), (project_id, from, to, time_zone, statuses, days, lead_time, cycle_time))

flow read_flow(reader const& state, domain::org const& o, domain::project const& p, date from, date to, date today);

spread spread_of(std::vector<std::int64_t> seconds);

} // namespace alloy::projections
