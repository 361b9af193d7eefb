#include "domain/labor_rates.hpp"

#include "domain/currency.hpp"
#include "domain/diff.hpp"
#include "domain/periods.hpp"
#include "events/ledger.hpp"

#include <algorithm>

namespace alloy::domain {

std::vector<dated_rate> read_rates(reader const& state, uuid const& org, uuid const& user, std::uint64_t until) {
  std::vector<dated_rate> rates;
  auto const head = ~std::uint64_t{0};
  auto const last = until == head ? head : events::seq_at(state, org, until);
  auto const conversions = conversions_of(state, org);
  auto const prefix = rates_of(org, user).str();
  state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view v) {
    auto const columns = k.substr(prefix.size());
    dated_rate r{{static_cast<std::int32_t>(big_endian_u64(columns))},
                 static_cast<std::int64_t>(big_endian_u64(v)),
                 big_endian_u64(columns.substr(8)),
                 uuid::from_view(v.substr(8))};
    if (r.seq > last) return true;
    r.cents = converted(r.cents, conversions, r.seq, last);
    if (!rates.empty() && rates.back().effective_from == r.effective_from) rates.pop_back();
    rates.push_back(r);
    return true;
  });
  return rates;
}

dated_rate const* rate_on(std::vector<dated_rate> const& rates, date day) noexcept {
  auto const next = std::upper_bound(rates.begin(), rates.end(), day,
                                     [](date d, dated_rate const& r) { return d < r.effective_from; });
  return next == rates.begin() ? nullptr : &*std::prev(next);
}

result<decision> decide(reader const& state, uuid const& org, uuid const& user, create_labor_rate const& c,
                        context const& by) {
  if (auto free = check_id<labor_rate>(state, org, entity::labor_rate, c.id); !free) return free.error();
  std::optional<date> until;
  for (auto const& r : read_rates(state, org, user))
    if (!until && r.effective_from > c.effective_from) until = r.effective_from;
  if (auto const month = closed_within(state, org, c.effective_from, until)) return closed_period(*month);
  decision d;
  record(d.events, org, entity::labor_rate, c.id ? *c.id : by.new_id(),
         events::labor_rate_set{user, c.hourly_rate_cents.value, c.effective_from,
                                plain_as<std::optional<std::string>>(c.note)});
  return d;
}

} // namespace alloy::domain
