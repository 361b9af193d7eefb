#pragma once
// The capitalization report over the time entries of a period. Amounts are rounded once per entry, half away from zero;
// every total is a sum of entry amounts, so all groupings foot to the same grand total. An entry without a rate is
// unpriced: its minutes stand by themselves, in no total. Pure.
#include "reports/cost_calculation.hpp"

#include <map>

namespace alloy::projections {

enum class report_group : std::uint8_t { team, project, user, cost_center };
BOOST_DESCRIBE_ENUM(report_group, team, project, user, cost_center)

struct report_period { // whole days, both in
  std::string name;
  date first, last;
  unsigned months = 1;
};
// YYYY-MM or YYYY-Qn.
std::optional<report_period> parse_period(std::string_view text);

struct project_line { // one a project, type, phase and treatment
  static constexpr bool answer = true;
  uuid project_id;
  std::string project_key, project_name;
  capitalization capitalization_type{};
  std::optional<phase> development_phase = {};
  std::string hours = "0.00";
  std::int64_t minutes = 0;
  std::optional<std::int64_t> amount_cents = {};
  bool capitalized = false;
  std::int64_t unpriced_minutes = 0;
  // with include_budget
  json::changed<std::optional<std::int64_t>> budget_cents = {};
  json::changed<std::optional<budget_span>> budget_period = {};
  json::changed<std::optional<std::int64_t>> spent_cents = {}, remaining_cents = {};
  json::changed<std::optional<double>> percent_used = {};
};
BOOST_DESCRIBE_STRUCT(project_line, (),
                      (project_id, project_key, project_name, capitalization_type, development_phase, hours, minutes,
                       amount_cents, capitalized, unpriced_minutes, budget_cents, budget_period, spent_cents,
                       remaining_cents, percent_used))

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

using left_out = events::minutes_left_out; // minutes dated in the period that the totals do not count

struct capitalization_report {
  std::vector<group_line> groups; // by name, then id
  report_sums totals;
  left_out excluded;
};

// Adds entries up, one at a time.
class tally {
 public:
  struct booking {
    std::size_t group;
    domain::project const& project; // outlives the tally
    capitalization type{};
    std::optional<phase> development_phase;
    bool capitalized = false;
    std::int64_t minutes = 0;
    std::optional<std::int64_t> cents; // none: unpriced
  };

  std::size_t add_group(std::optional<std::string> id, std::string name);
  void add(booking const& b);
  void leave_out(time_status s, std::int64_t minutes) noexcept; // one that is not approved
  capitalization_report finish() const;                         // what a group sums up to, in the report's order

 private:
  struct line_key {
    std::size_t group;
    domain::project const* project;
    unsigned treatment;
    bool operator==(line_key const&) const = default;
  };
  struct hash {
    std::size_t operator()(line_key const& k) const noexcept {
      return (std::hash<void const*>()(k.project) * 31 + k.group) * 31 + k.treatment;
    }
  };
  struct sums {
    std::int64_t minutes = 0, cents = 0, unpriced = 0;
  };
  struct group {
    std::optional<std::string> id;
    std::string name;
  };
  std::vector<group> groups_;
  std::unordered_map<line_key, sums, hash> lines_;
  left_out excluded_;
};

struct group_name {
  std::optional<std::string> id = {}; // none: of no team, of no cost center
  std::string name = {};
};
using group_namer = std::function<group_name(reckoned const&)>; // asked once a group

// What an entry is grouped by; two entries of one group have the same.
std::string group_of(report_group by, reckoned const& e);

capitalization_report capitalize(cost_calculation& books, report_period const& p, report_group by, rule_set rules,
                                 group_namer const& name);
// The budgets of the projects in the report, and what was spent in the budget period that holds the reported one; where
// the budget is of a shorter period, the budgets of all its periods.
void add_budgets(capitalization_report& report, cost_calculation& books, report_period const& p);
// Two rule sets side by side: what each capitalizes of a project, and the second less the first.
struct project_difference {
  static constexpr bool answer = true;
  uuid project_id;
  std::string project_key, project_name;
  std::int64_t minutes = 0;
  std::map<std::string, std::optional<std::int64_t>> capex_cents; // by rule set
  std::optional<std::int64_t> difference_cents = 0;
};
BOOST_DESCRIBE_STRUCT(project_difference, (),
                      (project_id, project_key, project_name, minutes, capex_cents, difference_cents))
// By project name, then id.
std::vector<project_difference> compare(cost_calculation& books, report_period const& p, rule_set first,
                                        rule_set second);

// Without the right to see money: hours stay, amounts become null.
void hide_amounts(capitalization_report& report);
void hide_amounts(std::vector<project_difference>& differences);

} // namespace alloy::projections
