#include "domain/periods.hpp"
#include "api/operations/finance/finance.hpp"
#include "api/operations/resources.hpp"
#include "api/table/server_info.hpp"
#include "domain/currency.hpp"
#include "domain/diff.hpp"
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
  std::int64_t minor_digits = 2, total_minutes = 0;
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
                      (id, org_id, period, status, report_seq, report_position, digest, minor_digits, total_minutes,
                       total_amount_cents, capex_cents, opex_cents, excluded, closed_by, closed_at, reopened_by,
                       reopened_at, reason, created_at, updated_at, version))

// The last position in this log that the signed report counts; none: there is no such record here.
std::optional<std::uint64_t> signed_at(reader const& state, domain::period const& p) {
  auto const closing = p.report_seq ? events::position_of(state, p.org_id, *p.report_seq + 1) : 0;
  return closing > 1 ? std::optional(closing - 1) : std::nullopt;
}

// A report of schema 1 has a position in it, which is one of the log that the month was closed in.
bool is_verifiable(reader const& state, domain::period const& p) {
  return !p.report_position || p.report_position == signed_at(state, p);
}

period_view view_of(reader const& state, domain::period const& p, bool shows_amounts) {
  period_view v;
  take(v, p);
  v.period = p.month;
  v.report_position = signed_at(state, p);
  if (auto const o = find<org>(state, p.org_id, p.org_id))
    v.minor_digits = minor_digits_at(state, *o, p.report_seq.value_or(0));
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
    a.body = alloy::json::to_string(view_of(state, stored, shows_amounts));
    return a;
  };
  return p;
}

result<std::string> month_asked(write_context const& c) {
  auto const& text = c.params.at(1);
  if (month_rule::ok(text)) return text;
  return error(errc::not_found, "a period is a month, as 2026-03");
}

// Signs the report as it stands right before: what its records say has the same digest wherever they are.
result<commands::plan> close_one(write_context& c) {
  auto const month = month_asked(c);
  if (!month) return month.error();
  auto const o = c.entity<org>();
  report_inputs const books{{c.state(), c.head.local, c.with.people, c.with.server.log, nullptr, o},
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

result<commands::plan> reopen_one(write_context& c, reopen_period const& body) {
  auto const month = month_asked(c);
  if (!month) return month.error();
  auto d = reopen(c.state(), c.entity<org>(), *month, body);
  if (!d) return d.error();
  return plan_of(std::move(*d), c.subject.org, *month, c.subject.can_view_finance);
}

result<reply> list(read_context& c, list_query const& q) {
  auto p = stored_page(c, q, key(c.subject.org, table::period).str(), [&](std::string_view json) {
    return alloy::json::to_string(
        view_of(c.state, alloy::json::stored<domain::period>(json), c.subject.can_view_finance));
  });
  if (!p) return p.error();
  return page_reply(c, *p);
}

void add_member(std::string& body, std::string_view name, auto const& value) {
  body += ',';
  alloy::json::write(body, name);
  body += ':';
  alloy::json::write(body, value);
}

// The report that was signed, reckoned anew as of the records that it counts, and whether it still is what was signed.
result<reply> signed_report(read_context& c) {
  auto const& month = c.params.at(1);
  auto const p = month_rule::ok(month) ? find_at<domain::period>(c.state, period_key(c.subject.org, month))
                                       : std::optional<domain::period>();
  auto const position = p ? signed_at(c.state, *p) : std::nullopt;
  if (!position) return error(errc::not_found, "this month was never closed");
  auto const& log = c.with.server.log;
  auto const moment = projections::resolve_as_of(c.state, log, std::to_string(*position));
  if (!moment) return moment.error();
  projections::past const then(c.state, log, *moment);
  auto const stored = then.row(p->org_id, entity::org, p->org_id);
  if (!stored) return error(errc::not_found, "the organization was not there then");
  report_inputs books{{c.state, c.local, c.with.people, log, &then, alloy::json::stored<org>(row::json_of(*stored))},
                      *projections::parse_period(month),
                      projections::report_group::team,
                      {projections::rule_set::asc350},
                      {},
                      {},
                      true};
  auto const form = p->report_position ? report_form::of_position : report_form::of_records;
  std::string body = unsigned_body(books, report_of(books, false), form);
  bool const verifiable = is_verifiable(c.state, *p);
  bool const matches = verifiable && digest_of(body) == p->digest;
  if (!c.subject.can_view_finance) {
    books.shows_amounts = false;
    body = unsigned_body(books, report_of(books, false), form);
  }
  if (form == report_form::of_records) add_member(body, "position", *position);
  add_member(body, "digest", p->digest);
  add_member(body, "digest_verifiable", verifiable);
  body += ",\"digest_matches\":" + std::string(!verifiable ? "null" : matches ? "true" : "false");
  add_member(body, "report_seq", p->report_seq);
  add_member(body, "status", p->status);
  add_member(body, "closed_by", p->closed_by);
  add_member(body, "closed_at", p->closed_at);
  return json_reply(body + "}");
}

std::string signed_report_schema(schema_book& book) {
  return report_schema(book, R"(,"digest_verifiable":{"type":"boolean"},"digest_matches":{"type":["boolean","null"]},)"
                             R"("report_seq":{"type":"integer"},"closed_by":{"type":"string","format":"uuid"},)"
                             R"("closed_at":{"type":"string","format":"date-time"},"status":)" +
                                 schema_of<period_status>(book));
}

} // namespace

std::vector<operation> period_operations() {
  auto close_row =
      post<nothing, period_view>("close_period", "/api/v1/orgs/{org_id}/periods/{period}/close", role::Admin,
                                 "Close a month: its report is signed and stays as it is", close_one);
  close_row.notes = "From then on entries dated in it, their approval and rates in force in it are refused (409 "
                    "`period_closed`). `digest` is that of the report up to the organization's record `report_seq`, "
                    "grouped by team; `excluded` are the minutes that it leaves out.";
  auto reopen_row =
      post<reopen_period, period_view>("reopen_period", "/api/v1/orgs/{org_id}/periods/{period}/reopen", role::Owner,
                                       "Open a closed month again, with a reason", reopen_one);
  auto list_row = get_list<period_view>("list_periods", "/api/v1/orgs/{org_id}/periods", role::Viewer,
                                        "List the months that were closed", list);
  auto report_row = called(
      "period report", get<nothing>("get_period_report", "/api/v1/orgs/{org_id}/periods/{period}/report", role::Viewer,
                                    "The report that was signed when a month was closed", signed_report));
  report_row.answer = signed_report_schema;
  report_row.apart = true;
  report_row.notes =
      "Reckoned anew as of the records that it counts, on any server that has them. `digest` is what was signed, and "
      "`digest_matches` says whether it still is the report's. A month that was closed by version 0.1.0 was signed "
      "with a "
      "position of that server's log: elsewhere `digest_verifiable` is false and `digest_matches` null. Only people "
      "with "
      "the role Admin or `can_view_finance` see amounts. Of a month that was closed again, the last report.";
  std::vector<operation> rows{close_row, reopen_row, list_row, report_row};
  bound_keys_may(rows, auth::bound_key::org, {"close_period", "reopen_period", "list_periods", "get_period_report"});
  for (auto& row : rows) row.tag = "Finance";
  return rows;
}

} // namespace alloy::api
