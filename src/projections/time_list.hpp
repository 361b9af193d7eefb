#pragma once
// Lists of time entries, in the order of their work dates and, within a day, as they were logged. Pure but for the
// reader.
#include "projections/page.hpp"
#include "projections/time_index.hpp"

namespace alloy::projections {

struct time_filter { // what is empty filters nothing
  std::optional<uuid> project, ticket, user;
  std::vector<time_status> status = {};
  std::optional<date> from, to; // both in
  std::vector<uuid> only = {};  // the projects that the caller may see
};

page list_time(reader const& state, uuid const& org, time_filter const& f, page_request const& ask);

} // namespace alloy::projections
