#include "projections/sprint_charts.hpp"

#include "core/prefix.hpp"
#include "projections/child_index.hpp"
#include "projections/ticket_past.hpp"

#include <algorithm>

namespace alloy::projections {
namespace {

struct milestones { // positions of the last start and the last completion; 0: none
  std::uint64_t started = 0, completed = 0;
};

milestones milestones_of(reader const& state, events::log const& log, uuid const& org, domain::sprint const& s,
                         std::uint64_t until) {
  milestones m;
  if (s.status == sprint_status::Planned) return m;
  for (auto const& e : read_history(state, log, org, entity::sprint, s.id, 0, until)) {
    if (std::holds_alternative<events::sprint_started>(e.what)) m.started = e.position;
    if (std::holds_alternative<events::sprint_completed>(e.what)) m.completed = e.position;
  }
  if (s.status != sprint_status::Completed) m.completed = 0;
  return m;
}

// 0.1.0 could complete a sprint by an undo of an undo, which said no time.
timestamp ended_at(domain::sprint const& s) {
  return s.completed_at.value_or(s.updated_at);
}

std::vector<domain::sprint> completed_sprints(reader const& state, uuid const& org, uuid const& project,
                                              past const* then) {
  std::vector<domain::sprint> found;
  auto const add = [&](domain::sprint s) {
    if (s.status == sprint_status::Completed) found.push_back(std::move(s));
  };
  auto const ids = ids_under(state, sprints_of(org, project));
  if (then) {
    page_request all;
    all.limit = ~std::size_t{0};
    for (auto const& row : list_then(*then, org, project, entity::sprint, ids, all).rows)
      add(json::stored<domain::sprint>(row));
    return found;
  }
  for (auto const& id : ids)
    if (auto s = domain::find<domain::sprint>(state, org, id)) add(std::move(*s));
  return found;
}

template <class F> velocity_mean each_figure(std::vector<velocity_sprint> const& all, F f) {
  auto const of = [&](auto read) {
    std::vector<std::int64_t> values;
    for (auto const& one : all) values.push_back(read(one).hundredths);
    return decimal{f(std::move(values))};
  };
  velocity_mean m;
  m.commitment = of([](auto const& s) { return s.commitment; });
  m.completed = of([](auto const& s) { return s.completed; });
  m.points.commitment = of([](auto const& s) { return s.points.commitment; });
  m.points.completed = of([](auto const& s) { return s.points.completed; });
  return m;
}

std::int64_t halved(std::int64_t sum, std::int64_t by) { // rounded half up; nothing here is negative
  return (2 * sum + by) / (2 * by);
}

} // namespace

burndown read_burndown(reader const& state, events::log const& log, uuid const& org, domain::sprint const& s,
                       moment const& now, chart_unit unit) {
  auto const m = milestones_of(state, log, org, s, now.position);
  moment const seen = m.completed ? moment{m.completed, ended_at(s)} : now;
  auto const then = past(state, log, seen).row(org, entity::org, org);
  if (!then) throw std::logic_error("a sprint is older than its organization");
  auto const o = json::stored<domain::org>(domain::row::json_of(*then));
  return draw_burndown({s.id, s.start_date, s.end_date, o.time_zone, o.working_days, m.started, seen.at},
                       read_sprint_changes(state, org, s.id, seen.position), unit);
}

velocity read_velocity(reader const& state, events::log const& log, uuid const& org, uuid const& project,
                       std::size_t last, past const* then) {
  auto completed = completed_sprints(state, org, project, then);
  std::sort(completed.begin(), completed.end(),
            [](auto const& a, auto const& b) { return std::pair(ended_at(a), a.id) < std::pair(ended_at(b), b.id); });
  if (completed.size() > last) completed.erase(completed.begin(), completed.end() - static_cast<std::ptrdiff_t>(last));
  velocity v{project, chart_unit::tickets, {}, {}, {}};
  for (auto const& s : completed) {
    auto const m = milestones_of(state, log, org, s, then ? then->position() : log.head());
    auto const r = result_of(m.started, read_sprint_changes(state, org, s.id, m.completed));
    v.sprints.push_back(
        {s.id, s.name, s.start_date, s.end_date, ended_at(s), r.tickets.commitment, r.tickets.completed, r.points});
  }
  if (v.sprints.empty()) return v;
  v.mean = each_figure(v.sprints, [](std::vector<std::int64_t> values) {
    std::int64_t sum = 0;
    for (auto const one : values) sum += one;
    return halved(sum, static_cast<std::int64_t>(values.size()));
  });
  v.median = each_figure(v.sprints, [](std::vector<std::int64_t> values) {
    std::sort(values.begin(), values.end());
    auto const middle = values.size() / 2;
    return values.size() % 2 ? values[middle] : halved(values[middle - 1] + values[middle], 2);
  });
  return v;
}

} // namespace alloy::projections
