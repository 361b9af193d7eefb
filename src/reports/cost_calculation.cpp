#include "reports/cost_calculation.hpp"

#include <algorithm>

namespace alloy::projections {
namespace {

std::optional<expensed> judge_facts(date day, domain::project const& p) noexcept {
  auto const reached = [&](std::optional<date> const& fact) { return fact && *fact <= day; };
  if (reached(p.abandoned_on)) return expensed::Abandoned;
  if (reached(p.ready_on)) return expensed::ReadyForUse;
  if (!reached(p.authorized_on)) return expensed::NotAuthorized;
  if (!reached(p.funded_on)) return expensed::NotFunded;
  if (!reached(p.probable_from)) return expensed::NotProbable;
  if (!reached(p.uncertainty_resolved_on)) return expensed::UncertaintyUnresolved;
  return std::nullopt;
}

std::optional<expensed> judge_phase(std::optional<phase> in) noexcept {
  if (in == phase::Preliminary) return expensed::Preliminary;
  if (in == phase::PostImplementation) return expensed::PostImplementation;
  return std::nullopt;
}

} // namespace

std::int64_t amount_cents(std::int64_t minutes, std::int64_t hourly_rate_cents) noexcept {
  __extension__ using wide = __int128;
  wide const product = static_cast<wide>(minutes) * hourly_rate_cents;
  wide const half = product < 0 ? -30 : 30;
  return static_cast<std::int64_t>((product + half) / 60);
}

std::optional<expensed> classify(rule_set rules, capitalization type, std::optional<phase> in, date day,
                                 domain::project const& p) noexcept {
  if (type == capitalization::Opex) return expensed::Opex;
  if (rules != rule_set::asu2025_06)
    if (auto const why = judge_phase(in)) return why;
  if (rules == rule_set::asc350) return std::nullopt;
  return judge_facts(day, p);
}

cost_calculation::cost_calculation(reader const& state, past const* then, uuid const& org,
                                   std::vector<assumed_rate> assumed, std::vector<uuid> only)
    : state_(state), then_(then), org_(org), assumed_(std::move(assumed)), only_(std::move(only)) {
  std::stable_sort(assumed_.begin(), assumed_.end(),
                   [](auto const& a, auto const& b) { return a.effective_from < b.effective_from; });
}

void cost_calculation::each(std::optional<uuid> const& project_id, date first, date last,
                            std::function<void(reckoned const&)> const& visit) {
  each_time_entry(state_, then_, org_, project_id, first, last, [&](when const& at, time_row const& row) {
    if (!only_.empty() && std::find(only_.begin(), only_.end(), row.project_id) == only_.end()) return;
    reckoned r{at, row, project(row.project_id)};
    r.rate = domain::rate_on(rates_of(row.user_id), at.day);
    if (r.rate) r.cents = amount_cents(row.minutes, r.rate->cents);
    visit(r);
  });
}

domain::project const& cost_calculation::project(uuid const& id) {
  auto const found = projects_.find(id);
  if (found != projects_.end()) return found->second;
  auto const stored = then_ ? then_->row(org_, entity::project, id) : std::nullopt;
  auto p = then_ ? (stored ? std::optional(json::stored<domain::project>(domain::row::json_of(*stored))) : std::nullopt)
                 : domain::find<domain::project>(state_, org_, id);
  if (!p) { // 0.1.0 could make an entry again whose project was gone: it has no terms and no facts
    p.emplace();
    p->id = id;
    p->org_id = org_;
  }
  return projects_.emplace(id, std::move(*p)).first->second;
}

std::vector<domain::dated_rate> const& cost_calculation::rates_of(uuid const& user) {
  auto const found = rates_.find(user);
  if (found != rates_.end()) return found->second;
  std::vector<domain::dated_rate> rates;
  bool const own = std::any_of(assumed_.begin(), assumed_.end(), [&](auto const& a) { return a.user_id == user; });
  for (auto const& a : assumed_) {
    if (own ? a.user_id != user : a.user_id.has_value()) continue;
    if (!rates.empty() && rates.back().effective_from == a.effective_from) rates.pop_back();
    rates.push_back({a.effective_from, a.hourly_rate_cents, 0, {}});
  }
  if (rates.empty())
    rates = then_ ? domain::read_rates(state_, org_, user, then_->position()) : domain::read_rates(state_, org_, user);
  return rates_.emplace(user, std::move(rates)).first->second;
}

} // namespace alloy::projections
