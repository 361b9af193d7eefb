#pragma once
// A sprint's chart and its result, read from the store. As of a completion everything is as it was at that position:
// its changes, and the organization's time zone and working days.
#include "projections/burndown.hpp"
#include "projections/history.hpp"

namespace alloy::projections {

burndown read_burndown(reader const& state, events::log const& log, uuid const& org, domain::sprint const& s,
                       moment const& now, chart_unit unit);

struct velocity_sprint {
  static constexpr bool answer = true;
  uuid sprint_id;
  std::string name;
  date start_date, end_date;
  timestamp completed_at;
  decimal commitment, completed;
  sprint_result points;
};
BOOST_DESCRIBE_STRUCT(velocity_sprint, (),
                      (sprint_id, name, start_date, end_date, completed_at, commitment, completed, points))

struct velocity_mean {
  static constexpr bool answer = true;
  decimal commitment, completed;
  sprint_result points;
};
BOOST_DESCRIBE_STRUCT(velocity_mean, (), (commitment, completed, points))

struct velocity {
  static constexpr bool answer = true;
  uuid project_id;
  chart_unit unit{};
  std::vector<velocity_sprint> sprints; // the last completed ones, the oldest first
  std::optional<velocity_mean> mean, median;
};
BOOST_DESCRIBE_STRUCT(velocity, (), (project_id, unit, sprints, mean, median))

// With `then`: of the sprints that were completed at that moment.
velocity read_velocity(reader const& state, events::log const& log, uuid const& org, uuid const& project,
                       std::size_t last, past const* then = nullptr);

} // namespace alloy::projections
