#include "api/operations/finance/finance.hpp"

#include "api/access/access.hpp"
#include "api/access/person_name.hpp"
#include "api/table/server_info.hpp"
#include "core/base64.hpp"
#include "core/crypto.hpp"
#include "projections/fold.hpp"

#include <charconv>

namespace alloy::api {
namespace {

using namespace projections;

std::optional<assumed_rate> parse_rate(std::string_view t) {
  assumed_rate r;
  auto const colon = t.find(':'), at = t.find('@');
  if (colon == t.npos) return std::nullopt;
  auto const who = t.substr(0, colon), cents = t.substr(colon + 1, at == t.npos ? t.npos : at - colon - 1);
  if (who != "*" && !(r.user_id = parse_uuid(who))) return std::nullopt;
  auto const [end, failed] = std::from_chars(cents.data(), cents.data() + cents.size(), r.hourly_rate_cents);
  if (failed != std::errc() || end != cents.data() + cents.size() || cents.empty() || cents.size() > 10 ||
      r.hourly_rate_cents < 0)
    return std::nullopt;
  if (at == t.npos) return r;
  auto const from = parse_date(t.substr(at + 1));
  if (!from) return std::nullopt;
  r.effective_from = *from;
  return r;
}

void member(std::string& out, std::string_view name, auto const& value) {
  if (out.back() != '{') out += ',';
  json::write(out, name);
  out += ':';
  json::write(out, value);
}

void sums(std::string& out, report_sums const& s) {
  boost::mp11::mp_for_each<json::members_of<report_sums>>([&](auto d) { member(out, d.name, s.*d.pointer); });
}

void write_assumed(std::string& body, std::vector<assumed_rate> const& rates) {
  body += ",\"what_if\":{\"rates\":[";
  for (auto const& r : rates) {
    if (body.back() != '[') body += ',';
    body += '{';
    member(body, "user_id", r.user_id);
    member(body, "hourly_rate_cents", r.hourly_rate_cents);
    member(body, "effective_from", r.effective_from);
    body += '}';
  }
  body += "]}";
}

} // namespace

bool assumed_rate_rule::ok(std::string_view t) {
  return parse_rate(t).has_value();
}

std::uint64_t report_source::position() const {
  return then ? then->position() : folded_position(state);
}

std::string report_source::user_name(uuid const& id) const {
  return person_name(state, local, people, org.id, id);
}

std::string report_source::team_name(uuid const& id) const {
  auto const row = then ? then->row(org.id, entity::team, id) : std::nullopt;
  if (row) return json::stored<domain::team>(domain::row::json_of(*row)).name;
  if (auto const t = then ? std::nullopt : domain::find<domain::team>(state, org.id, id)) return t->name;
  // It is gone; how it was called stands in the event that says so.
  for (auto const& e : read_history(state, log, org.id, entity::team, id, 0, then ? then->position() : log.head()))
    if (auto const* gone = std::get_if<events::team_deleted>(&e.what)) return gone->name;
  return {};
}

group_name report_source::name_of(report_group by, reckoned const& e) const {
  switch (by) {
  case report_group::team:
    return e.row.team_id ? group_name{to_string(*e.row.team_id), team_name(*e.row.team_id)} : group_name{};
  case report_group::project: return {to_string(e.row.project_id), e.project.name};
  case report_group::user: return {to_string(e.row.user_id), user_name(e.row.user_id)};
  case report_group::cost_center: break;
  }
  return {e.project.cost_center_id, e.project.cost_center_id.value_or("")};
}

cost_calculation report_inputs::cost_calculation() const {
  return {view.state, view.then, view.org.id, assumed, only};
}

result<std::pair<report_source, bool>> open_view(read_context& c, std::optional<uuid> const& asked) {
  auto const org_id = asked ? asked : c.who->default_org();
  if (!org_id) return error(errc::not_found, "you are in no organization");
  auto entered = authorize_org(*c.who, c.state, *org_id, c.op.least);
  if (!entered) return entered.error();
  auto const stored = c.then ? c.then->row(*org_id, entity::org, *org_id) : std::nullopt;
  auto o = stored ? std::optional(json::stored<domain::org>(domain::row::json_of(*stored))) : std::nullopt;
  if (!c.then) o = domain::find<domain::org>(c.state, *org_id, *org_id);
  if (!o) return error(errc::not_found, "the organization was not there then");
  return std::pair{report_source{c.state, c.local, c.with.people, c.with.server.log, c.then, std::move(*o)},
                   entered->can_view_finance};
}

result<report_inputs> open(read_context& c, books_query const& q) {
  auto view = open_view(c, q.org_id);
  if (!view) return view.error();
  report_inputs books{std::move(view->first),
                      *parse_period(q.period.value),
                      q.group_by.value_or(report_group::team),
                      q.rule_set.value_or(std::vector{rule_set::asc350}),
                      {},
                      c.who->only_projects,
                      view->second};
  if (books.rules.size() > 2 || (books.rules.size() == 2 && books.rules.front() == books.rules.back()))
    return error::of_field("/rule_set", "too_many", "it must be one rule set, or two different ones to compare");
  if (q.rates)
    for (auto const& r : *q.rates) books.assumed.push_back(*parse_rate(r.value));
  return books;
}

report_answer report_of(report_inputs const& books, bool with_budgets) {
  auto cost_calculation = books.cost_calculation();
  report_answer a;
  a.report = capitalize(cost_calculation, books.period, books.group, books.rules.front(),
                        [&](reckoned const& e) { return books.view.name_of(books.group, e); });
  if (with_budgets) add_budgets(a.report, cost_calculation, books.period);
  if (books.rules.size() == 2) a.differences = compare(cost_calculation, books.period, books.rules[0], books.rules[1]);
  if (!books.shows_amounts) {
    hide_amounts(a.report);
    hide_amounts(a.differences);
  }
  return a;
}

group_words words_of(report_group g) {
  switch (g) {
  case report_group::team: return {"teams", "team_id", "team_name"};
  case report_group::project: return {"projects", "project_id", "project_name"};
  case report_group::user: return {"users", "user_id", "user_name"};
  case report_group::cost_center: return {"cost_centers", "cost_center_id", "cost_center_name"};
  }
  return {};
}

std::string unsigned_body(report_inputs const& books, report_answer const& a, report_form form) {
  auto const words = words_of(books.group);
  std::string body = "{";
  member(body, "period", books.period.name);
  member(body, "group_by", books.group);
  member(body, "org_id", books.view.org.id);
  member(body, "currency", books.view.org.currency);
  if (form == report_form::of_records) member(body, "minor_digits", books.view.org.minor_digits);
  member(body, "rule_set", books.rules.front());
  member(body, "note", rules_note);
  if (!books.assumed.empty()) write_assumed(body, books.assumed);
  body += ",\"" + std::string(words.list) + "\":[";
  for (auto const& g : a.report.groups) {
    body += body.back() == '[' ? "{" : ",{";
    member(body, words.id, g.id);
    member(body, words.name, g.name);
    sums(body, g);
    member(body, "projects", g.projects);
    body += '}';
  }
  body += ']';
  member(body, "totals", a.report.totals);
  member(body, "excluded", a.report.excluded);
  if (books.rules.size() == 2) {
    body += ",\"comparison\":{";
    member(body, "rule_sets", books.rules);
    member(body, "projects", a.differences);
    body += '}';
  }
  if (form == report_form::of_position) member(body, "position", books.view.position());
  return body;
}

std::string digest_of(std::string_view unsigned_body) {
  return encode_hex(crypto::view_of(crypto::sha256(unsigned_body)));
}

} // namespace alloy::api
