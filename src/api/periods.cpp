#include "domain/periods.hpp"
#include "api/finance.hpp"
#include "api/resources.hpp"
#include "api/server_facts.hpp"
#include "domain/diff.hpp"
#include "events/ledger.hpp"
#include "events/ledger.hpp"

namespace alloy::api {
namespace {

using namespace domain;

struct period_view { // a closed month as its report was signed; amounts null to those who may not see them
  static constexpr bool answer = true;
  uuid id, org_id;
  std::string period;
  period_status status{};
  std::optional<std::uint64_t> report_seq, report_position;
  std::string digest;
  std::int64_t total_minutes = 0;
  std::optional<std::int64_t> total_amount_cents, capex_cents, opex_cents;
  events::minutes_left_out excluded;
  uuid closed_by;
  timestamp closed_at;
  std::optional<uuid> reopened_by;
  std::optional<timestamp> reopened_at;
  std::optional<std::string> reason;
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(period_view, (),
                      (id, org_id, period, status, report_seq, report_position, digest, total_minutes,
                       total_amount_cents, capex_cents, opex_cents, excluded, closed_by, closed_at, reopened_by,
                       reopened_at, reason, created_at, updated_at, version))

period_view view_of(domain::period const& p, bool shows_amounts) {
  period_view v;
  take(v, p);
  v.period = p.month;
  if (!shows_amounts) return v;
  v.total_amount_cents = p.total_amount_cents;
  v.capex_cents = p.capex_cents;
  v.opex_cents = p.opex_cents;
  return v;
}

commands::plan plan_of(decision d, uuid const& org, std::string month, bool shows_amounts) {
  commands::plan p;
  p.events = std::move(d.events);
  p.render = [org, month = std::move(month), shows_amounts](reader const& state) {
    auto const stored = find_at<domain::period>(state, period_key(org, month)).value();
    commands::answer a;
    a.version = stored.version;
    a.body = alloy::json::to_string(view_of(stored, shows_amounts));
    return a;
  };
  return p;
}

result<std::string> month_asked(write_call const& c) {
  auto const& text = c.params.at(1);
  if (month_rule::ok(text)) return text;
  return error(errc::not_found, "a period is a month, as 2026-03");
}

// Signs the report as it stands right before: asked for as of its position, it has the same bytes and digest.
result<commands::plan> close_one(write_call& c) {
  auto const month = month_asked(c);
  if (!month) return month.error();
  auto const o = c.entity<org>();
  open_books const books{{c.state(), c.head.local, c.with.people, c.with.server.log, nullptr, o},
                         *projections::parse_period(*month),
                         projections::report_group::team,
                         {projections::rule_set::asc350},
                         {},
                         {},
                         true};
  auto const answer = report_of(books, false);
  auto const& totals = answer.report.totals;
  events::period_closed e;
  e.report_seq.value = events::head_of(c.state(), o.id).seq;
  e.report_position.value = books.view.position();
  e.digest = digest_of(unsigned_body(books, answer));
  e.total_minutes = totals.total_minutes;
  e.total_amount_cents = *totals.total_amount_cents;
  e.capex_cents = *totals.capex_cents;
  e.opex_cents = *totals.opex_cents;
  e.excluded = answer.report.excluded;
  auto d = close(c.state(), o, *month, std::move(e), c.by());
  if (!d) return d.error();
  return plan_of(std::move(*d), o.id, *month, c.subject.can_view_finance);
}

result<commands::plan> reopen_one(write_call& c, reopen_period const& body) {
  auto const month = month_asked(c);
  if (!month) return month.error();
  auto d = reopen(c.state(), c.entity<org>(), *month, body);
  if (!d) return d.error();
  return plan_of(std::move(*d), c.subject.org, *month, c.subject.can_view_finance);
}

result<reply> list(read_call& c, list_query const& q) {
  auto p = stored_page(c, q, key(c.subject.org, table::period).str());
  if (!p) return p.error();
  for (auto& one : p->rows)
    one = alloy::json::to_string(view_of(alloy::json::stored<domain::period>(one), c.subject.can_view_finance));
  return page_reply(c, *p);
}

} // namespace

std::vector<operation> period_operations() {
  auto close_row =
      post<nothing, period_view>("close_period", "/api/v1/orgs/{org_id}/periods/{period}/close", role::Admin,
                                 "Close a month: its report is signed and stays as it is", close_one);
  close_row.notes = "From then on entries dated in it, their approval and rates in force in it are refused (409 "
                    "`period_closed`). `digest` is that of the report as of `report_position`, grouped by team; "
                    "`excluded` are the minutes that it leaves out.";
  auto reopen_row =
      post<reopen_period, period_view>("reopen_period", "/api/v1/orgs/{org_id}/periods/{period}/reopen", role::Owner,
                                       "Open a closed month again, with a reason", reopen_one);
  auto list_row = get_list<period_view>("list_periods", "/api/v1/orgs/{org_id}/periods", role::Viewer,
                                        "List the months that were closed", list);
  std::vector<operation> rows{close_row, reopen_row, list_row};
  bound_keys_may(rows, auth::bound_key::org, {"close_period", "reopen_period", "list_periods"});
  for (auto& row : rows) row.tag = "Finance";
  return rows;
}

} // namespace alloy::api
