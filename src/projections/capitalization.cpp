#include "projections/capitalization.hpp"

#include <algorithm>
#include <map>

namespace alloy::projections {
namespace {

struct line_key { // one line a project, type and treatment
  uuid project_id;
  capitalization type;
  bool capitalized;
  auto operator<=>(line_key const&) const = default;
};

bool is_capitalized(report_entry const& e) {
  return e.type == capitalization::Capex && (!e.development_phase || *e.development_phase == phase::AppDevelopment);
}

void add(report_sums& sums, report_entry const& e, bool capitalized) {
  sums.total_minutes += e.minutes;
  sums.total_hours = hours_of(sums.total_minutes);
  if (!e.hourly_rate_cents) {
    sums.unpriced_minutes += e.minutes;
    return;
  }
  std::int64_t const cents = amount_cents(e.minutes, *e.hourly_rate_cents);
  *sums.total_amount_cents += cents;
  *(capitalized ? sums.capex_cents : sums.opex_cents) += cents;
}

} // namespace

std::optional<period> parse_period(std::string_view text) {
  if (text.size() == 7 && text[4] == '-' && text[5] == 'Q' && text[6] >= '1' && text[6] <= '4') {
    auto const first_month = static_cast<unsigned>((text[6] - '1') * 3 + 1);
    char month[3] = {static_cast<char>('0' + first_month / 10), static_cast<char>('0' + first_month % 10), 0};
    auto const first = parse_date(std::string(text.substr(0, 5)) + month + "-01");
    if (!first) return std::nullopt;
    auto const c = calendar_of(*first);
    date const behind = first_month == 10 ? make_date(c.year + 1, 1, 1) : make_date(c.year, first_month + 3, 1);
    return period{std::string(text), *first, {behind.days - 1}};
  }
  auto const first = text.size() == 7 ? parse_date(std::string(text) + "-01") : std::nullopt;
  if (!first) return std::nullopt;
  auto const c = calendar_of(*first);
  date const behind = c.month == 12 ? make_date(c.year + 1, 1, 1) : make_date(c.year, c.month + 1, 1);
  return period{std::string(text), *first, {behind.days - 1}};
}

std::int64_t amount_cents(std::int64_t minutes, std::int64_t hourly_rate_cents) noexcept {
  __extension__ using wide = __int128;
  wide const product = static_cast<wide>(minutes) * hourly_rate_cents;
  wide const half = product < 0 ? -30 : 30;
  return static_cast<std::int64_t>((product + half) / 60);
}

std::string hours_of(std::int64_t minutes) {
  std::int64_t const hundredths = (minutes * 100 + (minutes < 0 ? -30 : 30)) / 60;
  std::string const rest = std::to_string(std::abs(hundredths % 100));
  return (hundredths < 0 && hundredths > -100 ? "-" : "") + std::to_string(hundredths / 100) +
         (rest.size() == 1 ? ".0" : ".") + rest;
}

capitalization_report capitalize(std::vector<report_entry> const& entries, left_out const& excluded) {
  struct group {
    group_line line;
    std::map<line_key, project_line> projects;
  };
  std::map<std::optional<std::string>, group> groups;
  capitalization_report report;
  report.excluded = excluded;
  for (auto const& e : entries) {
    auto& g = groups[e.group_id];
    g.line.id = e.group_id;
    g.line.name = e.group_name;
    bool const capitalized = is_capitalized(e);
    auto& line = g.projects[{e.project_id, e.type, capitalized}];
    line.project_id = e.project_id;
    line.project_key = e.project_key;
    line.project_name = e.project_name;
    line.capitalization_type = e.type;
    line.capitalized = capitalized;
    line.minutes += e.minutes;
    line.hours = hours_of(line.minutes);
    line.amount_cents =
        line.amount_cents.value_or(0) + (e.hourly_rate_cents ? amount_cents(e.minutes, *e.hourly_rate_cents) : 0);
    add(g.line, e, capitalized);
    add(report.totals, e, capitalized);
  }
  for (auto& [id, g] : groups) {
    for (auto& [key, line] : g.projects) g.line.projects.push_back(std::move(line));
    std::sort(g.line.projects.begin(), g.line.projects.end(), [](auto const& a, auto const& b) {
      return std::tie(a.project_name, a.project_id, a.capitalized) <
             std::tie(b.project_name, b.project_id, b.capitalized);
    });
    report.groups.push_back(std::move(g.line));
  }
  std::sort(report.groups.begin(), report.groups.end(),
            [](auto const& a, auto const& b) { return std::tie(a.name, a.id) < std::tie(b.name, b.id); });
  report.excluded.unpriced += report.totals.unpriced_minutes;
  return report;
}

void hide_amounts(capitalization_report& report) {
  auto const hide = [](report_sums& s) { s.total_amount_cents = s.capex_cents = s.opex_cents = std::nullopt; };
  hide(report.totals);
  for (auto& g : report.groups) {
    hide(g);
    for (auto& p : g.projects) p.amount_cents = std::nullopt;
  }
}

std::string csv_cell(std::string_view text) {
  std::string cell;
  if (!text.empty() && std::string_view("=+-@\t\r\n").find(text.front()) != std::string_view::npos) cell += '\'';
  cell += text;
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (char const c : cell) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

} // namespace alloy::projections
