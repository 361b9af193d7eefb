#pragma once
// The capitalization report over the time entries of a period. Amounts are rounded once per entry, half away from zero;
// every total is a sum of entry amounts, so all groupings foot to the same grand total. Pure.
#include "core/json.hpp"
#include "core/view.hpp"
#include "events/values.hpp"

namespace alloy::projections {

enum class report_group : std::uint8_t { team, project, user, cost_center };
BOOST_DESCRIBE_ENUM(report_group, team, project, user, cost_center)

struct period { // whole days, both in
  std::string name;
  date first, last;
};
// YYYY-MM or YYYY-Qn.
std::optional<period> parse_period(std::string_view text);

// round(minutes x rate / 60), half away from zero.
std::int64_t amount_cents(std::int64_t minutes, std::int64_t hourly_rate_cents) noexcept;

struct report_entry { // an approved time entry of the period with what held on its work date
  std::optional<std::string> group_id;
  std::string group_name;
  uuid project_id;
  std::string project_key, project_name;
  std::optional<std::string> cost_center_id;
  std::optional<phase> development_phase;
  std::optional<std::int64_t> amortization_months;
  capitalization type{};
  std::int64_t minutes = 0;
  std::optional<std::int64_t> hourly_rate_cents; // none: unpriced
};

struct project_line {
  static constexpr bool answer = true;
  uuid project_id;
  std::string project_key, project_name;
  capitalization capitalization_type{};
  std::string hours;
  std::int64_t minutes = 0;
  std::optional<std::int64_t> amount_cents;
  bool capitalized = false;
};
BOOST_DESCRIBE_STRUCT(project_line, (),
                      (project_id, project_key, project_name, capitalization_type, hours, minutes, amount_cents,
                       capitalized))

struct report_sums {
  static constexpr bool answer = true;
  std::string total_hours = "0.00";
  std::int64_t total_minutes = 0;
  std::optional<std::int64_t> total_amount_cents = 0, capex_cents = 0, opex_cents = 0;
  std::int64_t unpriced_minutes = 0;
};
BOOST_DESCRIBE_STRUCT(report_sums, (),
                      (total_hours, total_minutes, total_amount_cents, capex_cents, opex_cents, unpriced_minutes))

struct group_line : report_sums {
  std::optional<std::string> id;
  std::string name;
  std::vector<project_line> projects;
};

struct left_out { // minutes dated in the period that the totals do not count
  static constexpr bool answer = true;
  std::int64_t draft = 0, submitted = 0, rejected = 0, unpriced = 0;
};
BOOST_DESCRIBE_STRUCT(left_out, (), (draft, submitted, rejected, unpriced))

struct capitalization_report {
  std::vector<group_line> groups; // by name, then id
  report_sums totals;
  left_out excluded;
};

capitalization_report capitalize(std::vector<report_entry> const& entries, left_out const& excluded);
// Without the right to see money: hours stay, amounts become null.
void hide_amounts(capitalization_report& report);

std::string hours_of(std::int64_t minutes); // exact sum with two decimals, half away from zero

// One cell of RFC 4180, safe to open in a spreadsheet: what would begin a formula gets an apostrophe.
std::string csv_cell(std::string_view text);

} // namespace alloy::projections
