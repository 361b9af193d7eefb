#include "projections/project_summary.hpp"

#include "core/prefix.hpp"
#include "domain/periods.hpp"
#include "projections/child_index.hpp"
#include "projections/ticket_index.hpp"
#include "projections/time_index.hpp"

namespace alloy::projections {
namespace {

struct due { // of a ticket
  std::optional<date> due_date;
};
BOOST_DESCRIBE_STRUCT(due, (), (due_date))

std::uint64_t& count_of(category_counts& counts, category c) {
  switch (c) {
  case category::todo: return counts.todo;
  case category::in_progress: return counts.in_progress;
  case category::done: break;
  }
  return counts.done;
}

} // namespace

// Others write meanwhile, so what is named may be gone by now.
project_summary summarize(reader const& state, domain::project const& p, date today) {
  project_summary s;
  s.project = p;
  auto const w = domain::find<domain::workflow>(state, p.org_id, p.workflow_id).value_or(domain::workflow{});
  for (auto const& status : w.statuses) {
    auto const count = count_status(state, p.org_id, p.id, status.name);
    s.counts.by_status[status.name] = count;
    count_of(s.counts.by_category, status.category) += count;
  }
  s.open = s.counts.by_category.todo + s.counts.by_category.in_progress;
  s.overdue = overdue(state, p, w, today);
  for (auto const& id : ids_under(state, sprints_of(p.org_id, p.id)))
    if (auto sprint = domain::find<domain::sprint>(state, p.org_id, id);
        sprint && sprint->status == sprint_status::Active)
      s.active_sprints.push_back(std::move(*sprint));
  auto const month = domain::month_of(today);
  s.hours_this_month =
      hours_of(minutes_of_project(state, p.org_id, p.id, domain::first_day(month), domain::last_day(month)));
  return s;
}

std::uint64_t overdue(reader const& state, domain::project const& p, domain::workflow const& w, date today) {
  constexpr std::size_t chunk = 1024; // documents read at once
  std::uint64_t late = 0;
  std::vector<std::string> keys;
  auto const look = [&] {
    for (auto const& stored : state.multi_get(keys)) {
      if (!stored) continue;
      auto const day = json::stored<due>(domain::row::json_of(*stored)).due_date;
      late += day && *day < today;
    }
    keys.clear();
  };
  for (auto const& status : w.statuses) {
    if (status.category == category::done) continue;
    for (auto const& id : tickets_with_status(state, p.org_id, p.id, status.name)) {
      keys.push_back(domain::key_of<domain::ticket>(p.org_id, id).str());
      if (keys.size() == chunk) look();
    }
  }
  look();
  return late;
}

} // namespace alloy::projections
