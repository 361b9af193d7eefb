#pragma once
// How a project stands: its tickets counted, what runs, what is late. Counts are scans of the status index, and
// lateness reads the document of every open ticket: a summary costs as much as the project has tickets.
#include "domain/entities.hpp"

namespace alloy::projections {

struct category_counts {
  static constexpr bool answer = true;
  std::uint64_t todo = 0, in_progress = 0, done = 0;
};
BOOST_DESCRIBE_STRUCT(category_counts, (), (todo, in_progress, done))

struct ticket_counts {
  static constexpr bool answer = true;
  std::map<std::string, std::uint64_t> by_status; // every status of the workflow
  category_counts by_category;
};
BOOST_DESCRIBE_STRUCT(ticket_counts, (), (by_status, by_category))

struct project_summary {
  static constexpr bool answer = true;
  domain::project project;
  ticket_counts counts;
  std::vector<domain::sprint> active_sprints;
  std::uint64_t open = 0, overdue = 0;
  std::string hours_this_month;
};
BOOST_DESCRIBE_STRUCT(project_summary, (), (project, counts, active_sprints, open, overdue, hours_this_month))

// `today` is the organization's.
project_summary summarize(reader const& state, domain::project const& p, date today);

// Tickets that are not done and were due before today.
std::uint64_t overdue(reader const& state, domain::project const& p, domain::workflow const& w, date today);

} // namespace alloy::projections
