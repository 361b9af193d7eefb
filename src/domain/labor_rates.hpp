#pragma once
// The rules of labor rates: what an hour of somebody costs, from a date on until the next rate begins. Nothing is
// overwritten, so that a report can be made again as of any position. Rows:
//   rate_by_user  user, effective_from u64be, org_seq u64be -> cents u64be, id; of one date the last one holds
// org_seq is the organization's own count of records, the same on every server that has them; the user nil has no
// rates, see currency.hpp. Pure.
#include "domain/context.hpp"
#include "domain/entities.hpp"
#include "domain/history.hpp"

namespace alloy::domain {

struct create_labor_rate {
  std::optional<uuid> id;
  bounded<0, 1'000'000'000> hourly_rate_cents;
  date effective_from;
  std::optional<prose<0, 1000>> note;
};
BOOST_DESCRIBE_STRUCT(create_labor_rate, (), (id, hourly_rate_cents, effective_from, note))

inline key rates_of(uuid const& org, uuid const& user) {
  return key(org, table::rate_by_user).add(user);
}

struct dated_rate {
  date effective_from;
  std::int64_t cents = 0;
  std::uint64_t seq = 0; // of the record that set it
  uuid id;
};
// One a date, in the order of dates, as they stood at the position `until` of the log, in the unit of then.
std::vector<dated_rate> read_rates(reader const& state, uuid const& org, uuid const& user,
                                   std::uint64_t until = ~std::uint64_t{0});
// The rate in force on the day; null where there is none.
dated_rate const* rate_on(std::vector<dated_rate> const& rates, date day) noexcept;

result<decision> decide(reader const& state, uuid const& org, uuid const& user, create_labor_rate const& c,
                        context const& by);

} // namespace alloy::domain
