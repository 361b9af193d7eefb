#include "projections/burndown.hpp"

#include <algorithm>
#include <unordered_map>

namespace alloy::projections {
namespace {

struct counts { // of tickets, or of points in hundredths
  std::int64_t scope = 0, completed = 0;
  counts& operator+=(counts const& o) {
    scope += o.scope;
    completed += o.completed;
    return *this;
  }
  friend counts operator-(counts const& a, counts const& b) { return {a.scope - b.scope, a.completed - b.completed}; }
};

// What a ticket adds to a sprint.
struct share {
  counts tickets, points;
};
share share_of(sprint_change const& c) {
  if (!c.inside || c.state == work::cancelled) return {};
  bool const done = c.state == work::done;
  return {{100, done ? 100 : 0}, {c.points, done ? c.points : 0}};
}

struct id_hash {
  std::size_t operator()(uuid const& id) const noexcept {
    return static_cast<std::size_t>(big_endian_u64(id.view().substr(8)));
  }
};

// How the sprint stands after some of its changes.
class standing {
 public:
  // What the change is, and what it changes.
  std::pair<change_type, share> take(sprint_change const& c) {
    auto& last = tickets_[c.ticket_id];
    static sprint_change const outside;
    auto const& was = last ? *last : outside;
    auto const before = share_of(was), after = share_of(c);
    auto const type = type_of(was, c);
    last = &c;
    share const step{after.tickets - before.tickets, after.points - before.points};
    tickets += step.tickets;
    points += step.points;
    return {type, step};
  }
  std::int64_t unestimated() const {
    return std::count_if(tickets_.begin(), tickets_.end(), [](auto const& t) {
      return t.second->inside && t.second->state != work::cancelled && !t.second->estimated;
    });
  }

  counts tickets, points;

 private:
  static change_type type_of(sprint_change const& was, sprint_change const& is) {
    if (!was.inside) return change_type::Added;
    if (!is.inside) return change_type::Removed;
    if (was.state == is.state) return change_type::Reestimated;
    return is.state == work::done        ? change_type::Done
           : is.state == work::cancelled ? change_type::Cancelled
                                         : change_type::Reopened;
  }

  std::unordered_map<uuid, sprint_change const*, id_hash> tickets_;
};

work_counts shown(counts const& c) {
  return {{c.scope}, {c.completed}, {c.scope - c.completed}};
}

bool is_working(weekdays const& week, date day) {
  auto const of_week = static_cast<weekday>((day.days % 7 + 10) % 7); // 1970-01-01 was a Thursday
  return std::find(week.begin(), week.end(), of_week) != week.end();
}

// The straight line from `from` before the first day to 0 at the end of the last, falling on working days only.
class ideal_line {
 public:
  explicit ideal_line(chart_frame const& f) : frame_(f) {
    for (date d = f.first; d <= f.last; ++d.days) working_ += is_working(f.working_days, d);
  }
  // At the end of the days in their order.
  void step(date day) {
    passed_ += is_working(frame_.working_days, day);
    last_ = day == frame_.last;
  }
  decimal of(std::int64_t from) const {
    if (last_ || from <= 0) return {};
    if (working_ == 0) return {from};
    return {(2 * from * (working_ - passed_) + working_) / (2 * working_)};
  }

 private:
  chart_frame const& frame_;
  std::int64_t working_ = 0, passed_ = 0;
  bool last_ = false;
};

chart_change shown(change_type type, share const& step, sprint_change const& c, chart_unit unit) {
  auto const top = shown(unit == chart_unit::tickets ? step.tickets : step.points);
  return {type, c.ticket_id, c.reference, c.at, top.scope, top.completed, top.remaining, shown(step.points)};
}

} // namespace

burndown draw_burndown(chart_frame const& f, std::vector<sprint_change> const& changes, chart_unit unit) {
  burndown b{f.sprint_id, unit, {}, {}, f.time_zone, {}, 0};
  standing now;
  auto next = changes.begin();
  std::optional<share> committed;
  auto const take = [&] {
    if (f.started && !committed && next->position > f.started) committed = {now.tickets, now.points};
    return now.take(*next++);
  };
  auto const first_instant = day_begin(f.time_zone, f.first);
  while (next != changes.end() && next->at < first_instant) take();
  auto const today = day_in(f.time_zone, f.now);
  for (date d = f.first; d <= f.last; ++d.days) {
    auto& day = b.days.emplace_back();
    day.date = d;
    if (d > today) continue;
    auto const end = day_begin(f.time_zone, {d.days + 1});
    auto& what = day.changes.value.emplace();
    while (next != changes.end() && next->at < end) {
      auto const& c = *next;
      auto const [type, step] = take();
      what.push_back(shown(type, step, c, unit));
    }
    auto const top = shown(unit == chart_unit::tickets ? now.tickets : now.points);
    day.scope.value = top.scope;
    day.completed.value = top.completed;
    day.remaining.value = top.remaining;
    static_cast<work_counts&>(day.points.value.emplace()) = shown(now.points);
  }
  while (next != changes.end()) take(); // it goes on behind its last day
  b.unestimated = now.unestimated();
  if (f.started && !committed) committed = {now.tickets, now.points};
  auto const left = [](counts const& c) { return c.scope - c.completed; };
  std::int64_t tickets = left(now.tickets), points = left(now.points);
  if (committed) {
    tickets = left(committed->tickets);
    points = left(committed->points);
    b.commitment = decimal{unit == chart_unit::tickets ? tickets : points};
    b.points.commitment = decimal{points};
  }
  ideal_line line(f);
  for (auto& day : b.days) {
    line.step(day.date);
    day.ideal = line.of(unit == chart_unit::tickets ? tickets : points);
    if (day.points) day.points.value->ideal.value = line.of(points);
  }
  return b;
}

sprint_results result_of(std::uint64_t started, std::vector<sprint_change> const& changes) {
  standing now;
  std::optional<share> committed;
  for (auto const& c : changes) {
    if (started && !committed && c.position > started) committed = {now.tickets, now.points};
    now.take(c);
  }
  if (!committed) committed = {now.tickets, now.points};
  auto const left = [](counts const& c) { return decimal{c.scope - c.completed}; };
  return {{left(committed->tickets), {now.tickets.completed}}, {left(committed->points), {now.points.completed}}};
}

} // namespace alloy::projections
