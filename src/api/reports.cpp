#include "api/access.hpp"
#include "api/answers.hpp"
#include "api/resources.hpp"
#include "api/server_facts.hpp"
#include "core/base64.hpp"
#include "core/crypto.hpp"
#include "events/ledger.hpp"
#include "projections/capitalization.hpp"

namespace alloy::api {
namespace {

using namespace projections;

struct period_rule {
  static constexpr std::string_view pattern = "^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2]|Q[1-4])$",
                                    words = "it must be a month, as 2026-03, or a quarter, as 2026-Q1",
                                    example = "2026-03";
  static constexpr std::size_t min = 7, max = 7;
  static bool ok(std::string_view t) { return parse_period(t).has_value(); }
};

struct report_query {
  formed<period_rule> period;
  std::optional<report_group> group_by;
  std::optional<uuid> org_id;
  std::optional<bool> include_budget;
};
BOOST_DESCRIBE_STRUCT(report_query, (), (period, group_by, org_id, include_budget))

struct asked_report {
  domain::org org;
  projections::period period;
  report_group group;
  capitalization_report report;
  std::uint64_t position = 0;
};

// The groups' key and the names of their id and name, as `group_by` says.
struct group_words {
  std::string_view list, id, name;
};
group_words words_of(report_group g) {
  switch (g) {
  case report_group::team: return {"teams", "team_id", "team_name"};
  case report_group::project: return {"projects", "project_id", "project_name"};
  case report_group::user: return {"users", "user_id", "user_name"};
  case report_group::cost_center: return {"cost_centers", "cost_center_id", "cost_center_name"};
  }
  return {};
}

result<asked_report> ask(read_call& c, report_query const& q) {
  auto const org_id = q.org_id ? q.org_id : c.who->default_org();
  if (!org_id) return error(errc::not_found, "you are in no organization");
  auto entered = enter_org(*c.who, c.state, *org_id, c.op.least);
  if (!entered) return entered.error();
  asked_report a;
  a.org = *domain::find<domain::org>(c.state, *org_id, *org_id);
  a.period = *parse_period(q.period.value);
  a.group = q.group_by.value_or(report_group::team);
  a.position = events::head_of(c.state, *org_id).position;
  // No operation logs time yet, so there is no entry to count; what counts them is capitalize().
  a.report = capitalize({}, {});
  if (!entered->can_view_finance) hide_amounts(a.report);
  return a;
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

std::string body_of(asked_report const& a) {
  auto const words = words_of(a.group);
  std::string body = "{";
  member(body, "period", a.period.name);
  member(body, "group_by", a.group);
  member(body, "org_id", a.org.id);
  member(body, "currency", a.org.currency);
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
  member(body, "position", a.position);
  auto const digest = encode_hex(crypto::view_of(crypto::sha256(body)));
  member(body, "digest", digest);
  return body + "}";
}

std::string csv_of(asked_report const& a) {
  std::string csv = "period,group,project_key,project_name,cost_center_id,capitalization_type,development_phase,hours,"
                    "amount,currency,capitalized,amortization_months\r\n";
  for (auto const& g : a.report.groups)
    for (auto const& p : g.projects) {
      std::string amount;
      if (p.amount_cents)
        amount = std::to_string(*p.amount_cents / 100) + "." + (*p.amount_cents % 100 < 10 ? "0" : "") +
                 std::to_string(*p.amount_cents % 100);
      for (auto const& cell : {a.period.name, g.name, p.project_key, p.project_name, std::string(),
                               std::string(json::name_of(p.capitalization_type)), std::string(), p.hours, amount,
                               a.org.currency, std::string(p.capitalized ? "true" : "false")})
        csv += csv_cell(cell) + ',';
      csv += "\r\n";
    }
  return csv;
}

std::string report_schema(schema_book& book) {
  std::string const string = R"({"type":"string"})";
  std::string groups;
  for (auto const g : {report_group::team, report_group::project, report_group::user, report_group::cost_center}) {
    auto const w = words_of(g);
    std::string line = R"({"type":"object","additionalProperties":false,"properties":{")" + std::string(w.id) +
                       R"(":{"type":["string","null"]},")" + std::string(w.name) + "\":" + string;
    boost::mp11::mp_for_each<json::members_of<report_sums>>([&](auto d) {
      line += ",\"" + std::string(d.name) +
              "\":" + schema_of<std::remove_cvref_t<decltype(std::declval<report_sums&>().*d.pointer)>>(book);
    });
    line += ",\"projects\":" + schema_of<std::vector<project_line>>(book) + "}}";
    groups += ",\"" + std::string(w.list) + "\":{\"type\":\"array\",\"items\":" + line + "}";
  }
  return R"({"type":"object","additionalProperties":false,"properties":{"period":{"type":"string"},"group_by":)" +
         schema_of<report_group>(book) + R"(,"org_id":{"type":"string","format":"uuid"},"currency":{"type":"string"})" +
         groups + ",\"totals\":" + schema_of<report_sums>(book) + ",\"excluded\":" + schema_of<left_out>(book) +
         R"(,"position":{"type":"integer"},"digest":{"type":"string"}},"required":["period","group_by","org_id",)"
         R"("currency","totals","excluded","position","digest"]})";
}

} // namespace

std::vector<operation> report_operations() {
  std::vector<operation> rows{
      get<nothing, report_query>("get_capitalization_report", "/api/v1/reports/capitalization", role::Viewer,
                                 "Hours and amounts of approved time in a month or quarter, capitalized and expensed",
                                 [](read_call& c, report_query const& q) -> result<reply> {
                                   auto a = ask(c, q);
                                   if (!a) return a.error();
                                   return json_reply(body_of(*a));
                                 }),
      get<std::string, report_query>("get_capitalization_export", "/api/v1/reports/capitalization/export", role::Viewer,
                                     "The same report as CSV (RFC 4180)",
                                     [](read_call& c, report_query const& q) -> result<reply> {
                                       auto a = ask(c, q);
                                       if (!a) return a.error();
                                       auto r = json_reply(csv_of(*a));
                                       r.content_type = "text/csv; charset=utf-8";
                                       r.headers.emplace_back("Content-Disposition",
                                                              "attachment; filename=\"capitalization-" +
                                                                  a->period.name + ".csv\"");
                                       return r;
                                     }),
  };
  rows[0].answer = report_schema;
  rows[1].answer_type = "text/csv";
  for (auto& row : rows) {
    row.tag = "Reports";
    row.notes = "Only people with the role Admin or `can_view_finance` see amounts; to others they are null. Without "
                "`org_id`: the caller's default organization.";
  }
  return rows;
}

} // namespace alloy::api
