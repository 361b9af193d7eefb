// Boards, burndowns, velocity and flow: how a sprint and a project stand, and how they got there.
#include "api/operations/resources.hpp"
#include "api/table/answers.hpp"
#include "api/table/media.hpp"
#include "api/table/server_info.hpp"
#include "core/identifier.hpp"
#include "domain/names.hpp"
#include "projections/burndown_svg.hpp"
#include "projections/flow.hpp"
#include "projections/fold.hpp"
#include "projections/sprint_charts.hpp"
#include "projections/ticket_index.hpp"
#include "projections/ticket_list.hpp"
#include "projections/ticket_past.hpp"

#include <limits>
#include <map>

namespace alloy::api {
namespace {

using namespace projections;

constexpr std::string_view svg_type = "image/svg+xml";
constexpr std::int32_t flow_days_default = 30, flow_days_max = 366;

// ------------------------------------------------------------------------------- boards

struct board_query : list_query {
  std::optional<identifier<1, 64>> status; // the one column to page through
};
BOOST_DESCRIBE_STRUCT(board_query, (list_query), (status))

struct board_column {
  static constexpr bool answer = true;
  std::string status;
  alloy::category category{};
  std::uint64_t count = 0;
  std::vector<domain::ticket> tickets;
  std::optional<std::string> next_cursor; // with status: the rest of this column
  bool has_more = false;
};
BOOST_DESCRIBE_STRUCT(board_column, (), (status, category, count, tickets, next_cursor, has_more))

struct board {
  static constexpr bool answer = true;
  std::vector<board_column> columns; // in the order of the workflow
};
BOOST_DESCRIBE_STRUCT(board, (), (columns))

// A cursor is given for the column that it leads on in, whether or not the column was asked for alone.
call within(call const& c, std::string const& status) {
  call column = c;
  std::erase_if(column.query, [](auto const& q) { return q.first == "status"; });
  column.query.emplace_back("status", status);
  return column;
}

// Of each status, of the tickets in a sprint.
std::map<std::string, std::uint64_t> counts_in(reader const& state, uuid const& org, uuid const& sprint) {
  std::map<std::string, std::uint64_t> counts;
  for (auto const& id : tickets_in_sprint(state, org, sprint))
    if (auto const t = domain::find<domain::ticket>(state, org, id)) ++counts[t->status];
  return counts;
}

// A thing of the organization as it stands, or as it stood at the moment that was asked for.
template <class T> std::optional<T> find_then(read_context const& c, entity kind, uuid const& id) {
  if (!c.then) return domain::find<T>(c.state, c.subject.org, id);
  auto const row = c.then->row(c.subject.org, kind, id);
  if (!row) return std::nullopt;
  return alloy::json::stored<T>(domain::row::json_of(*row));
}

result<reply> board_of(read_context const& c, domain::project const& p, std::optional<uuid> const& sprint,
                       board_query const& q) {
  auto const w = find_then<domain::workflow>(c, entity::workflow, p.workflow_id).value_or(domain::workflow{});
  auto const* const asked_for = q.status ? domain::status_meant(w.statuses, q.status->value) : nullptr;
  if (q.status && !asked_for)
    return error::of_field("/status", "not_one_of", "the workflow " + w.name + " has no such status");
  // A cursor is of one column: without the status it is of no list.
  auto ask = page_asked(asked_for ? within(c, asked_for->name) : static_cast<call const&>(c), q.limit, q.cursor);
  if (!ask) return ask.error();
  if (!q.status) ask->bytes_max /= std::max<std::size_t>(1, w.statuses.size()); // all columns are one answer
  ticket_query query;
  query.scopes.push_back({p.org_id, {p.id}});
  auto& filter = query.scopes.front().filter;
  if (sprint) filter.sprint = id_filter{{*sprint}, false};
  std::map<std::string, projections::status_then> then;
  if (c.then) then = list_statuses_then(c.state, *c.then, query, *ask);
  std::map<std::string, std::uint64_t> counts;
  if (!c.then && sprint) counts = counts_in(c.state, p.org_id, *sprint);
  board b;
  for (auto const& s : w.statuses) {
    if (asked_for && asked_for != &s) continue;
    call const column = within(c, s.name);
    filter.status = {s.name};
    auto const page = c.then ? std::move(then[s.name].first) : list_tickets(c.state, query, *ask);
    auto& shown = b.columns.emplace_back();
    shown.status = s.name;
    shown.category = s.category;
    shown.count = c.then ? then[s.name].count : sprint ? counts[s.name] : count_status(c.state, p.org_id, p.id, s.name);
    for (auto const& row : page.rows) shown.tickets.push_back(alloy::json::stored<domain::ticket>(row));
    shown.has_more = !page.next.empty();
    if (shown.has_more) shown.next_cursor = sealed_cursor(column, page.next);
  }
  return reply_of(b);
}

result<reply> project_board(read_context& c, board_query const& q) {
  return board_of(c, c.entity<domain::project>(), {}, q);
}
result<reply> sprint_board(read_context& c, board_query const& q) {
  auto const s = c.entity<domain::sprint>();
  auto const p = find_then<domain::project>(c, entity::project, s.project_id);
  if (!p) return error(errc::not_found, "the project is gone");
  return board_of(c, *p, s.id, q);
}

// ------------------------------------------------------------------------------- charts

struct burndown_query {
  std::optional<chart_unit> unit;
};
BOOST_DESCRIBE_STRUCT(burndown_query, (), (unit))

result<reply> show_burndown(read_context& c, burndown_query const& q) {
  auto const s = c.entity<domain::sprint>();
  moment const at = c.then ? moment{c.then->position(), c.then->at()} : moment{folded_position(c.state), now()};
  auto const b = read_burndown(c.state, c.with.server.log, c.subject.org, s, at, q.unit.value_or(chart_unit::tickets));
  auto const accept = c.asked.header("accept");
  bool const drawn = quality(accept, svg_type) > quality(accept, c.op.answer_type);
  auto r = drawn ? json_reply(burndown_svg(b, s.name)) : reply_of(b);
  if (drawn) r.content_type = svg_type;
  r.headers.emplace_back("Vary", "Accept");
  return r;
}

struct velocity_query {
  std::optional<bounded<1, 50>> last;
};
BOOST_DESCRIBE_STRUCT(velocity_query, (), (last))

result<reply> show_velocity(read_context& c, velocity_query const& q) {
  constexpr std::int64_t last_default = 7;
  auto const last = q.last ? q.last->value : last_default;
  return reply_of(
      read_velocity(c.state, c.with.server.log, c.subject.org, c.subject.id, static_cast<std::size_t>(last), c.then));
}

struct flow_query {
  std::optional<date> from, to;
};
BOOST_DESCRIBE_STRUCT(flow_query, (), (from, to))

result<reply> show_flow(read_context& c, flow_query const& q) {
  auto const o = domain::find<domain::org>(c.state, c.subject.org, c.subject.org);
  if (!o) return error(errc::not_found, "the organization is gone");
  auto const today = day_in(o->time_zone, now());
  date const to = q.to.value_or(q.from ? date{std::max(today.days, q.from->days)} : today);
  date const from = q.from.value_or(date{to.days - flow_days_default + 1});
  if (to < from) return error::of_field("/to", "before_from", "to must not be before from");
  if (to.days - from.days >= flow_days_max)
    return error::of_field("/from", "too_long", "the range has at most " + std::to_string(flow_days_max) + " days");
  return reply_of(read_flow(c.state, *o, c.entity<domain::project>(), from, to, today));
}

} // namespace

std::vector<operation> chart_operations() {
  constexpr std::string_view board_notes =
      "A column for each status, in the workflow's order, with its first tickets; `limit` is per column. With `status` "
      "that column alone, and with `cursor` the rest of it.";
  std::vector<operation> rows{
      timed(called("sprint board",
                   get<board, board_query>("get_sprint_board", "/api/v1/sprints/{sprint_id}/board", role::Viewer,
                                           "The tickets of a sprint, in columns by status", sprint_board))),
      timed(called("project board",
                   get<board, board_query>("get_project_board", "/api/v1/projects/{project_id}/board", role::Viewer,
                                           "The tickets of a project, in columns by status", project_board))),
      timed(called("sprint burndown",
                   get<burndown, burndown_query>(
                       "get_sprint_burndown", "/api/v1/sprints/{sprint_id}/burndown", role::Viewer,
                       "Scope, completed and remaining at the end of each day of a sprint", show_burndown))),
      timed(called("project velocity",
                   get<velocity, velocity_query>("get_velocity", "/api/v1/projects/{project_id}/velocity", role::Viewer,
                                                 "What the last completed sprints promised and did", show_velocity))),
      called("project flow",
             get<flow, flow_query>("get_project_flow", "/api/v1/projects/{project_id}/flow", role::Viewer,
                                   "Tickets by status at the end of each day, lead and cycle times", show_flow)),
  };
  rows[0].notes = rows[1].notes = board_notes;
  rows[2].also = {svg_type};
  rows[2].notes = "With `Accept: image/svg+xml` as a picture. Each day has the changes that made the step from the day "
                  "before. A completed sprint is shown as it was at its completion, for ever. `points` stand beside, "
                  "whatever the unit.";
  rows[3].notes = "The last 7, or as many as `last` says.";
  rows[4].notes = "The last 30 days, or any range of at most 366. Lead time: created to done; cycle time: first in "
                  "progress to done, of tickets that were in progress; cancelled ones count for neither.";
  bound_keys_may(rows, auth::bound_key::project,
                 {"get_sprint_board", "get_project_board", "get_sprint_burndown", "get_velocity", "get_project_flow"});
  for (auto& row : rows) {
    row.tag = "Charts";
    row.apart = true;
  }
  return rows;
}

} // namespace alloy::api
