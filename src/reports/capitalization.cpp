#include "reports/capitalization.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace alloy::projections {
namespace {

// Type, phase and whether it is capitalized, in one number that sorts as they do.
unsigned treatment_of(tally::booking const& b) {
  auto const in = b.development_phase ? static_cast<unsigned>(*b.development_phase) + 1 : 0U;
  return static_cast<unsigned>(b.type) << 3 | in << 1 | (b.capitalized ? 1U : 0U);
}

void add(report_sums& to, project_line const& line) {
  to.total_minutes += line.minutes;
  to.total_hours = hours_of(to.total_minutes);
  to.unpriced_minutes += line.unpriced_minutes;
  auto const cents = line.amount_cents.value_or(0);
  *to.total_amount_cents += cents;
  *(line.capitalized ? to.capex_cents : to.opex_cents) += cents;
}

date first_of(int year, unsigned month) {
  return make_date(year + static_cast<int>((month - 1) / 12), (month - 1) % 12 + 1, 1);
}

struct budget_time {
  date first, last;
  unsigned budgets = 1; // how many budget periods lie in it
};

budget_time time_of_budget(budget_span span, report_period const& p) {
  auto const c = calendar_of(p.first);
  auto const months = [&](unsigned from, unsigned count) {
    return budget_time{first_of(c.year, from), {first_of(c.year, from + count).days - 1}, 1};
  };
  switch (span) {
  case budget_span::Monthly: return {p.first, p.last, p.months};
  case budget_span::Quarterly: return months((c.month - 1) / 3 * 3 + 1, 3);
  case budget_span::Annual: return months(1, 12);
  case budget_span::Total: break;
  }
  return {{0}, p.last, 1};
}

struct spending {
  std::optional<std::int64_t> budget_cents;
  std::optional<budget_span> span;
  std::optional<std::int64_t> spent, remaining;
  std::optional<double> percent;
};

spending spending_of(cost_calculation& books, uuid const& project_id, report_period const& p) {
  auto const& project = books.project(project_id);
  spending s{project.budget_cents, project.budget_period, {}, {}, {}};
  auto const time = time_of_budget(project.budget_period.value_or(budget_span::Total), p);
  std::int64_t spent = 0;
  books.each(project_id, time.first, time.last, [&](reckoned const& e) {
    if (e.row.status == time_status::Approved) spent += e.cents.value_or(0);
  });
  s.spent = spent;
  if (!s.budget_cents) return s;
  *s.budget_cents *= time.budgets;
  s.remaining = *s.budget_cents - spent;
  if (*s.budget_cents > 0)
    s.percent = std::round(static_cast<double>(spent) * 10'000 / static_cast<double>(*s.budget_cents)) / 100;
  return s;
}

} // namespace

std::optional<report_period> parse_period(std::string_view text) {
  bool const quarter = text.size() == 7 && text[5] == 'Q' && text[6] >= '1' && text[6] <= '4';
  auto const month = quarter ? std::to_string(101 + (text[6] - '1') * 3).substr(1)
                             : std::string(text.substr(std::min<std::size_t>(5, text.size())));
  auto const first = text.size() == 7 ? parse_date(std::string(text.substr(0, 5)) + month + "-01") : std::nullopt;
  if (!first) return std::nullopt;
  auto const c = calendar_of(*first);
  unsigned const months = quarter ? 3 : 1;
  return report_period{std::string(text), *first, {first_of(c.year, c.month + months).days - 1}, months};
}

std::size_t tally::add_group(std::optional<std::string> id, std::string name) {
  groups_.push_back({std::move(id), std::move(name)});
  return groups_.size() - 1;
}

void tally::add(booking const& b) {
  auto& line = lines_[{b.group, &b.project, treatment_of(b)}];
  if (!b.cents) {
    line.unpriced += b.minutes;
    return;
  }
  line.minutes += b.minutes;
  line.cents += *b.cents;
}

void tally::leave_out(time_status s, std::int64_t minutes) noexcept {
  (s == time_status::Draft       ? excluded_.draft
   : s == time_status::Submitted ? excluded_.submitted
                                 : excluded_.rejected) += minutes;
}

capitalization_report tally::finish() const {
  capitalization_report report;
  report.excluded = excluded_;
  for (auto const& g : groups_) {
    auto& line = report.groups.emplace_back();
    line.id = g.id;
    line.name = g.name;
  }
  for (auto const& [key, sum] : lines_) {
    project_line line;
    line.project_id = key.project->id;
    line.project_key = key.project->key;
    line.project_name = key.project->name;
    line.capitalization_type = static_cast<capitalization>(key.treatment >> 3);
    if (auto const in = key.treatment >> 1 & 3U) line.development_phase = static_cast<phase>(in - 1);
    line.capitalized = key.treatment & 1U;
    line.minutes = sum.minutes;
    line.hours = hours_of(sum.minutes);
    if (sum.minutes) line.amount_cents = sum.cents; // nothing was priced: no amount, which is not 0
    line.unpriced_minutes = sum.unpriced;
    projections::add(report.groups[key.group], line);
    projections::add(report.totals, line);
    report.groups[key.group].projects.push_back(std::move(line));
  }
  for (auto& g : report.groups)
    std::sort(g.projects.begin(), g.projects.end(), [](auto const& a, auto const& b) {
      return std::tie(a.project_name, a.project_id, a.capitalization_type, a.development_phase, a.capitalized) <
             std::tie(b.project_name, b.project_id, b.capitalization_type, b.development_phase, b.capitalized);
    });
  std::sort(report.groups.begin(), report.groups.end(),
            [](auto const& a, auto const& b) { return std::tie(a.name, a.id) < std::tie(b.name, b.id); });
  report.excluded.unpriced = report.totals.unpriced_minutes;
  return report;
}

std::string group_of(report_group by, reckoned const& e) {
  switch (by) {
  case report_group::team: return std::string(e.row.team_id ? e.row.team_id->view() : std::string_view());
  case report_group::project: return std::string(e.row.project_id.view());
  case report_group::user: return std::string(e.row.user_id.view());
  case report_group::cost_center: break;
  }
  return e.project.cost_center_id.value_or("");
}

capitalization_report capitalize(cost_calculation& books, report_period const& p, report_group by, rule_set rules,
                                 group_namer const& name) {
  tally sums;
  std::unordered_map<std::string, std::size_t> groups;
  books.each(std::nullopt, p.first, p.last, [&](reckoned const& e) {
    if (e.row.status != time_status::Approved) return sums.leave_out(e.row.status, e.row.minutes);
    auto const [group, is_new] = groups.try_emplace(group_of(by, e), 0);
    if (is_new) {
      auto named = name(e);
      group->second = sums.add_group(std::move(named.id), std::move(named.name));
    }
    bool const capitalized = !classify(rules, e.row.type, e.row.development_phase, e.at.day, e.project);
    sums.add({group->second, e.project, e.row.type, e.row.development_phase, capitalized, e.row.minutes, e.cents});
  });
  return sums.finish();
}

void add_budgets(capitalization_report& report, cost_calculation& books, report_period const& p) {
  std::map<uuid, spending> known;
  for (auto& g : report.groups)
    for (auto& line : g.projects) {
      auto found = known.find(line.project_id);
      if (found == known.end()) found = known.emplace(line.project_id, spending_of(books, line.project_id, p)).first;
      auto const& s = found->second;
      line.budget_cents.value = s.budget_cents;
      line.budget_period.value = s.span;
      line.spent_cents.value = s.spent;
      line.remaining_cents.value = s.remaining;
      line.percent_used.value = s.percent;
    }
}

std::vector<project_difference> compare(cost_calculation& books, report_period const& p, rule_set first,
                                        rule_set second) {
  std::map<uuid, project_difference> by_project;
  books.each(std::nullopt, p.first, p.last, [&](reckoned const& e) {
    if (e.row.status != time_status::Approved || !e.cents) return;
    auto& d = by_project[e.row.project_id];
    d.minutes += e.row.minutes;
    for (auto const rules : {first, second}) {
      auto& sum = d.capex_cents.try_emplace(std::string(json::name_of(rules)), 0).first->second;
      if (classify(rules, e.row.type, e.row.development_phase, e.at.day, e.project)) continue;
      *sum += *e.cents;
      *d.difference_cents += rules == second ? *e.cents : -*e.cents;
    }
  });
  std::vector<project_difference> all;
  for (auto& [id, d] : by_project) {
    auto const& project = books.project(id);
    d.project_id = id;
    d.project_key = project.key;
    d.project_name = project.name;
    all.push_back(std::move(d));
  }
  std::stable_sort(all.begin(), all.end(),
                   [](auto const& a, auto const& b) { return a.project_name < b.project_name; });
  return all;
}

void hide_amounts(std::vector<project_difference>& differences) {
  for (auto& d : differences) {
    d.difference_cents.reset();
    for (auto& [rules, cents] : d.capex_cents) cents.reset();
  }
}

void hide_amounts(capitalization_report& report) {
  auto const hide = [](report_sums& s) { s.total_amount_cents = s.capex_cents = s.opex_cents = std::nullopt; };
  hide(report.totals);
  for (auto& g : report.groups) {
    hide(g);
    for (auto& p : g.projects) {
      p.amount_cents = std::nullopt;
      for (auto* const cents : {&p.budget_cents, &p.spent_cents, &p.remaining_cents})
        if (cents->value) cents->value.emplace();
      if (p.percent_used) p.percent_used.value.emplace();
    }
  }
}

} // namespace alloy::projections
