#include "api/operations/finance/finance.hpp"
#include "api/operations/finance/report_rows.hpp"
#include "api/operations/resources.hpp"
#include "core/byte_order_mark.hpp"
#include "core/csv.hpp"

namespace alloy::api {
namespace {

using namespace projections;

result<reply> report(read_context& c, report_query const& q) {
  auto const books = open(c, q);
  if (!books) return books.error();
  auto const body = unsigned_body(*books, report_of(*books, q.include_budget.value_or(false)));
  return json_reply(body + ",\"position\":" + std::to_string(books->view.position()) + ",\"digest\":\"" +
                    digest_of(body) + "\"}");
}

// An amount of minor units as the currency writes it.
std::string decimals(std::int64_t amount, std::int64_t digits) {
  auto text = std::to_string(std::abs(amount));
  auto const after = static_cast<std::size_t>(digits);
  if (text.size() <= after) text.insert(0, after + 1 - text.size(), '0');
  if (after > 0) text.insert(text.size() - after, 1, '.');
  return (amount < 0 ? "-" : "") + text;
}

struct export_query : report_query {
  std::optional<bool> bom; // some spreadsheets take a file for UTF-8 only if it begins with a byte order mark
};
BOOST_DESCRIBE_STRUCT(export_query, (report_query), (bom))

std::string heads_of_export() {
  std::string row;
  for (std::string_view const head :
       {"period", "group", "project_key", "project_name", "cost_center_id", "capitalization_type", "development_phase",
        "hours", "amount", "currency", "capitalized", "amortization_months"})
    row += (row.empty() ? "" : ",") + csv_text(head);
  return row + "\r\n";
}

result<reply> export_csv(read_context& c, export_query const& q) {
  auto const books = open(c, q);
  if (!books) return books.error();
  auto const a = report_of(*books, false);
  auto cost_calculation = books->cost_calculation();
  std::string csv(q.bom.value_or(false) ? byte_order_mark : std::string_view());
  csv += heads_of_export();
  for (auto const& g : a.report.groups)
    for (auto const& line : g.projects) {
      auto const& project = cost_calculation.project(line.project_id);
      std::string const in = line.development_phase ? std::string(json::name_of(*line.development_phase)) : "";
      std::string const months = project.amortization_months ? std::to_string(*project.amortization_months) : "";
      std::string row;
      for (auto const& cell :
           {books->period.name, g.name, line.project_key, line.project_name, project.cost_center_id.value_or(""),
            std::string(json::name_of(line.capitalization_type)), in})
        row += csv_text(cell) + ',';
      // Numbers are no formulas: an amount below zero keeps its sign.
      row += line.hours + ',' + (line.amount_cents ? decimals(*line.amount_cents, books->view.org.minor_digits) : "") +
             ',' + csv_text(books->view.org.currency) + ',' + csv_text(line.capitalized ? "true" : "false") + ',' +
             months;
      csv += row + "\r\n";
    }
  auto r = json_reply(std::move(csv));
  r.content_type = "text/csv; charset=utf-8";
  r.headers.emplace_back("Content-Disposition",
                         "attachment; filename=\"capitalization-" + books->period.name + ".csv\"");
  return r;
}

struct assumed_rate_view {
  static constexpr bool answer = true;
  std::optional<uuid> user_id;
  std::int64_t hourly_rate_cents = 0;
  date effective_from;
};
BOOST_DESCRIBE_STRUCT(assumed_rate_view, (), (user_id, hourly_rate_cents, effective_from))

} // namespace

std::string report_schema(schema_book& book, std::string_view more) {
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
         schema_of<report_group>(book) +
         R"(,"org_id":{"type":"string","format":"uuid"},"currency":{"type":"string"},"minor_digits":{"type":"integer"},"rule_set":)" +
         schema_of<rule_set>(book) + R"(,"note":{"type":"string"},"what_if":{"type":"object","properties":{"rates":)" +
         schema_of<std::vector<assumed_rate_view>>(book) + R"(}},"comparison":{"type":"object","properties":)" +
         R"({"rule_sets":)" + schema_of<std::vector<rule_set>>(book) + R"(,"projects":)" +
         schema_of<std::vector<project_difference>>(book) + "}}" + groups +
         ",\"totals\":" + schema_of<report_sums>(book) + ",\"excluded\":" + schema_of<left_out>(book) +
         R"(,"position":{"type":"integer"},"digest":{"type":"string"})" + std::string(more) +
         R"(},"required":["period","group_by","org_id","currency","totals","excluded","position","digest"]})";
}

namespace {

constexpr std::string_view report_notes =
    "Only people with the role Admin or `can_view_finance` see amounts; to others they are null. Without `org_id`: the "
    "caller's default organization. `rule_set` and `rates` are for what-if: nothing of them is stored. Two rule sets, "
    "with a comma between them, are compared per project. The same position and query give the same bytes; `digest` is "
    "the SHA-256 of the bytes up to `,\"position\"`, so it is "
    "the same on a server that the organization was imported into. Amounts named `_cents` are whole numbers of "
    "10^-`minor_digits` of the currency.";

} // namespace

std::vector<operation> report_operations() {
  std::vector<operation> rows{
      called("report capitalization",
             get<nothing, report_query>(
                 "get_capitalization_report", "/api/v1/reports/capitalization", role::Viewer,
                 "Hours and amounts of approved time in a month or quarter, capitalized and expensed", report)),
      called("report export", get<std::string, export_query>(
                                  "get_capitalization_export", "/api/v1/reports/capitalization/export", role::Viewer,
                                  "The same report as CSV (RFC 4180), all but numbers in quotes", export_csv)),
      explanation_row(),
      time_report_row(),
  };
  rows[0].answer = [](schema_book& book) { return report_schema(book); };
  rows[1].answer_type = "text/csv";
  static std::string const export_notes = "With `bom=true` it begins with a byte order mark, by which some "
                                          "spreadsheets know UTF-8. Text that could be taken "
                                          "for a formula begins with an apostrophe. " +
                                          std::string(report_notes);
  rows[1].notes = export_notes;
  bound_keys_may(
      rows, auth::bound_key::project,
      {"get_capitalization_report", "get_capitalization_export", "explain_capitalization", "get_time_report"});
  for (auto& row : rows) {
    row.tag = "Reports";
    row.apart = true;
    row.timed = true;
    if (row.notes.empty()) row.notes = report_notes;
  }
  return rows;
}

} // namespace alloy::api
