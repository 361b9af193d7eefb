#pragma once
// The capitalization report as it is asked for, answered and signed: one place for its query, its bytes and its digest,
// so that the report, its export, its explanation and the closing of a month speak of the same thing.
#include "api/table/answers.hpp"
#include "reports/capitalization.hpp"

namespace alloy::api {

struct period_rule {
  static constexpr std::string_view pattern = "^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2]|Q[1-4])$",
                                    words = "it must be a month, as 2026-03, or a quarter, as 2026-Q1",
                                    example = "2026-03";
  static constexpr std::size_t min = 7, max = 7;
  static bool ok(std::string_view t) { return projections::parse_period(t).has_value(); }
};

// USER_ID:CENTS, or with a date from which on it holds, USER_ID:CENTS@2026-03-15; * for everybody else.
struct assumed_rate_rule {
  static constexpr std::string_view pattern = R"(^(\*|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}):[0-9]{1,10})"
                                              R"((@[0-9]{4}-[0-9]{2}-[0-9]{2})?$)",
                                    words = "it must be USER_ID:CENTS or *:CENTS, with @DATE where it begins later";
  static constexpr std::size_t min = 3, max = 64;
  static bool ok(std::string_view t);
};

struct books_query { // what the report and its explanation have in common
  formed<period_rule> period;
  std::optional<projections::report_group> group_by;
  std::optional<uuid> org_id;
  std::optional<std::vector<projections::rule_set>> rule_set;
  std::optional<std::vector<formed<assumed_rate_rule>>> rates;
};
BOOST_DESCRIBE_STRUCT(books_query, (), (period, group_by, org_id, rule_set, rates))

struct report_query : books_query {
  std::optional<bool> include_budget;
};
BOOST_DESCRIBE_STRUCT(report_query, (books_query), (include_budget))

// Where the report looks, and as of when.
struct report_source {
  reader const& state;
  reader const& local;
  auth::pii_store const& people;
  events::log const& log;
  projections::past const* then = nullptr;
  domain::org org;

  std::uint64_t position() const;
  std::string user_name(uuid const& id) const;
  std::string team_name(uuid const& id) const;
  projections::group_name name_of(projections::report_group by, projections::reckoned const& e) const;
};

struct report_inputs {
  report_source view;
  projections::report_period period;
  projections::report_group group{};
  std::vector<projections::rule_set> rules; // one, or two to compare
  std::vector<projections::assumed_rate> assumed;
  std::vector<uuid> only;
  bool shows_amounts = false;

  projections::cost_calculation cost_calculation() const;
};
// The organization of a query, or the caller's default one, and whether he may see amounts there.
result<std::pair<report_source, bool>> open_view(read_context& c, std::optional<uuid> const& org_id);
// The organization entered, the query read; refused where one of the two does not allow it.
result<report_inputs> open(read_context& c, books_query const& q);

struct report_answer {
  projections::capitalization_report report;
  std::vector<projections::project_difference> differences; // of two rule sets
};
report_answer report_of(report_inputs const& books, bool with_budgets);
// What is hashed, and what is answered but for its closing members. Digests of closed months are kept for ever: a form
// never changes, another one is another schema of period.closed.
//   of_records   the same wherever the organization's records are
//   of_position  (schema 1) with the position of the log in it, and without minor_digits
enum class report_form : std::uint8_t { of_position, of_records };
std::string unsigned_body(report_inputs const& books, report_answer const& a,
                          report_form form = report_form::of_records);
std::string digest_of(std::string_view unsigned_body);
// The schema of the report; `more` are further members, each with a comma before it.
std::string report_schema(schema_book& book, std::string_view more = {});
// The names of the groups' list, id and name, as `group_by` says.
struct group_words {
  std::string_view list, id, name;
};
group_words words_of(projections::report_group g);

inline constexpr std::string_view rules_note = "Alloy records and computes; it decides nothing. Which rules apply, and "
                                               "whether they are met, is for your auditors.";

} // namespace alloy::api
