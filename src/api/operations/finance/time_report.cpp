// Hours by whom or what they were worked on, whatever their state.
#include "api/access/access.hpp"
#include "api/access/ticket_names.hpp"
#include "api/operations/finance/finance.hpp"
#include "api/operations/finance/report_rows.hpp"
#include "domain/periods.hpp"

#include <algorithm>

namespace alloy::api {
namespace {

using namespace projections;

enum class time_group : std::uint8_t { user, project, ticket, team, activity };
BOOST_DESCRIBE_ENUM(time_group, user, project, ticket, team, activity)

struct time_report_query {
  std::optional<uuid> org_id;
  std::optional<date> from, to;
  std::optional<time_group> group_by;
  std::optional<uuid> project_id;
};
BOOST_DESCRIBE_STRUCT(time_report_query, (), (org_id, from, to, group_by, project_id))

struct time_sums {
  static constexpr bool answer = true;
  std::int64_t minutes = 0;
  alloy::hours hours;
  std::int64_t draft_minutes = 0, submitted_minutes = 0, approved_minutes = 0, rejected_minutes = 0;
  std::optional<std::int64_t> amount_cents = 0; // of what is approved and priced
};
BOOST_DESCRIBE_STRUCT(time_sums, (),
                      (minutes, hours, draft_minutes, submitted_minutes, approved_minutes, rejected_minutes,
                       amount_cents))

struct time_line : time_sums {
  std::optional<std::string> id; // of an activity: its name
  std::string name;
};
BOOST_DESCRIBE_STRUCT(time_line, (time_sums), (id, name))

struct time_report {
  static constexpr bool answer = true;
  date from, to;
  time_group group_by{};
  uuid org_id;
  std::string currency;
  std::int64_t minor_digits = 2;
  std::vector<time_line> groups; // by name, then id
  time_sums totals;
  std::uint64_t position = 0;
};
BOOST_DESCRIBE_STRUCT(time_report, (), (from, to, group_by, org_id, currency, minor_digits, groups, totals, position))

void add(time_sums& to, reckoned const& e) {
  auto const minutes = e.row.minutes;
  to.minutes += minutes;
  to.hours.minutes = to.minutes;
  switch (e.row.status) {
  case time_status::Draft: to.draft_minutes += minutes; break;
  case time_status::Submitted: to.submitted_minutes += minutes; break;
  case time_status::Rejected: to.rejected_minutes += minutes; break;
  case time_status::Approved: to.approved_minutes += minutes; *to.amount_cents += e.cents.value_or(0);
  }
}

std::string key_in(time_group by, reckoned const& e) {
  switch (by) {
  case time_group::user: return std::string(e.row.user_id.view());
  case time_group::project: return std::string(e.row.project_id.view());
  case time_group::ticket: return std::string(e.row.ticket_id.view());
  case time_group::team: return std::string(e.row.team_id ? e.row.team_id->view() : std::string_view());
  case time_group::activity: break;
  }
  return std::string(e.row.activity);
}

// Its id alone, where it is gone or, for a key that is bound to projects, has moved out of reach.
std::string reference_of(report_source const& view, auth::principal const& who, uuid const& ticket_id) {
  std::string stored;
  auto row = view.then ? view.then->row(view.org.id, entity::ticket, ticket_id) : std::nullopt;
  if (!view.then && view.state.get(domain::key_of<domain::ticket>(view.org.id, ticket_id), stored)) row = stored;
  auto const t = row ? std::optional(json::stored<domain::ticket>(domain::row::json_of(*row))) : std::nullopt;
  return t && who.may_touch_project(t->project_id) ? t->reference : to_string(ticket_id);
}

time_line line_for(report_source const& view, auth::principal const& who, time_group by, reckoned const& e) {
  time_line line;
  switch (by) {
  case time_group::user:
    line.id = to_string(e.row.user_id);
    line.name = view.user_name(e.row.user_id);
    break;
  case time_group::project:
    line.id = to_string(e.row.project_id);
    line.name = e.project.name;
    break;
  case time_group::ticket:
    line.id = to_string(e.row.ticket_id);
    line.name = reference_of(view, who, e.row.ticket_id);
    break;
  case time_group::team:
    if (!e.row.team_id) break;
    line.id = to_string(*e.row.team_id);
    line.name = view.team_name(*e.row.team_id);
    break;
  case time_group::activity:
    line.name = e.row.activity;
    if (!line.name.empty()) line.id = line.name;
    break;
  }
  return line;
}

result<reply> report(read_context& c, time_report_query const& q) {
  auto const view = open_view(c, q.org_id);
  if (!view) return view.error();
  auto const today = day_in(view->first.org.time_zone, c.then ? c.then->at() : now());
  date const to = q.to.value_or(q.from ? std::max(today, *q.from) : today);
  date const from = q.from.value_or(domain::first_day(domain::month_of(to)));
  if (to < from) return error::of_field("/to", "before_from", "to must not be before from");
  if (q.project_id)
    if (auto known = project_ever(c, view->first.org.id, to_string(*q.project_id)); !known) return known.error();
  time_report r{from,
                to,
                q.group_by.value_or(time_group::user),
                view->first.org.id,
                view->first.org.currency,
                view->first.org.minor_digits,
                {},
                {},
                view->first.position()};
  std::unordered_map<std::string, time_line> groups;
  cost_calculation books(c.state, c.then, r.org_id, {}, c.who->only_projects);
  books.each(q.project_id, from, to, [&](reckoned const& e) {
    auto const [group, is_new] = groups.try_emplace(key_in(r.group_by, e));
    if (is_new) group->second = line_for(view->first, *c.who, r.group_by, e);
    add(group->second, e);
    add(r.totals, e);
  });
  for (auto& [key, line] : groups) r.groups.push_back(std::move(line));
  std::sort(r.groups.begin(), r.groups.end(),
            [](auto const& a, auto const& b) { return std::tie(a.name, a.id) < std::tie(b.name, b.id); });
  if (!view->second) {
    r.totals.amount_cents.reset();
    for (auto& line : r.groups) line.amount_cents.reset();
  }
  return reply_of(r);
}

} // namespace

operation time_report_row() {
  auto row =
      called("report time",
             get<time_report, time_report_query>("get_time_report", "/api/v1/reports/time", role::Viewer,
                                                 "Hours logged in a range of days, by user, project, ticket, team or "
                                                 "activity",
                                                 report));
  row.notes = "Without `from` and `to`: this month so far. All entries count, each under its state; `amount_cents` is "
              "that of the approved and priced ones, and null "
              "to those who may not see amounts.";
  return row;
}

} // namespace alloy::api
