#pragma once
// A sprint's chart: what was in it, done and left at the end of each of its days, and which tickets made the step from
// the day before. It is drawn from what happened up to one position, so it never changes afterwards: a completed sprint
// is drawn as of its completion. Pure.
#include "core/json.hpp"
#include "events/values.hpp"
#include "projections/sprint_changes.hpp"

namespace alloy::projections {

enum class chart_unit : std::uint8_t { tickets, points };
BOOST_DESCRIBE_ENUM(chart_unit, tickets, points)

enum class change_type : std::uint8_t { Added, Removed, Reestimated, Done, Reopened, Cancelled };
BOOST_DESCRIBE_ENUM(change_type, Added, Removed, Reestimated, Done, Reopened, Cancelled)

struct work_counts { // scope less completed is remaining, always
  static constexpr bool answer = true;
  decimal scope, completed, remaining;
};
BOOST_DESCRIBE_STRUCT(work_counts, (), (scope, completed, remaining))

struct day_points : work_counts {
  json::changed<decimal> ideal;
};
BOOST_DESCRIBE_STRUCT(day_points, (work_counts), (ideal))

struct chart_change { // with what it changed
  static constexpr bool answer = true;
  change_type type{};
  uuid ticket_id;
  std::string reference;
  timestamp at;
  decimal scope, completed, remaining;
  work_counts points;
};
BOOST_DESCRIBE_STRUCT(chart_change, (), (type, ticket_id, reference, at, scope, completed, remaining, points))

struct chart_day { // of one that has not come yet only the date and the ideal are known
  static constexpr bool answer = true;
  alloy::date date;
  json::changed<decimal> scope, completed, remaining;
  decimal ideal;
  json::changed<day_points> points;
  json::changed<std::vector<chart_change>> changes;
};
BOOST_DESCRIBE_STRUCT(chart_day, (), (date, scope, completed, remaining, ideal, points, changes))

struct chart_commitment {
  static constexpr bool answer = true;
  std::optional<decimal> commitment;
};
BOOST_DESCRIBE_STRUCT(chart_commitment, (), (commitment))

struct burndown {
  static constexpr bool answer = true;
  uuid sprint_id;
  chart_unit unit{};
  std::optional<decimal> commitment; // none until it is started
  chart_commitment points;
  std::string time_zone;
  std::vector<chart_day> days;
  std::int64_t unestimated = 0; // tickets in scope without an estimate
};
BOOST_DESCRIBE_STRUCT(burndown, (), (sprint_id, unit, commitment, points, time_zone, days, unestimated))

struct chart_frame {
  uuid sprint_id;
  date first, last;
  std::string time_zone;
  weekdays working_days;
  std::uint64_t started = 0; // the position of its start; 0: not started
  timestamp now;             // or when it was completed
};

// `changes` in the order of the log, none of them behind `now`.
burndown draw_burndown(chart_frame const& frame, std::vector<sprint_change> const& changes, chart_unit unit);

struct sprint_result { // what was promised at its start, and what was done in the end
  static constexpr bool answer = true;
  decimal commitment, completed;
};
BOOST_DESCRIBE_STRUCT(sprint_result, (), (commitment, completed))
struct sprint_results {
  sprint_result tickets, points;
};
sprint_results result_of(std::uint64_t started, std::vector<sprint_change> const& changes);

} // namespace alloy::projections
