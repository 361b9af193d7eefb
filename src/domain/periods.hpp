#pragma once
// The rules of accounting periods. A month is open until it is closed; closed, nothing changes any more that its report
// counts. Rows: period, month -> the period; only months that were closed have one. Pure.
#include "domain/context.hpp"
#include "domain/entities.hpp"

namespace alloy::domain {

struct month_rule {
  static constexpr std::string_view pattern = "^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])$",
                                    words = "it must be a month, as 2026-03", example = "2026-03";
  static constexpr std::size_t min = 7, max = 7;
  static bool ok(std::string_view t) noexcept;
};
using month_name = formed<month_rule>;

std::string month_of(date day); // YYYY-MM
date first_day(std::string_view month);
date last_day(std::string_view month);

struct reopen_period {
  prose<1, 1000> reason;
};
BOOST_DESCRIBE_STRUCT(reopen_period, (), (reason))

inline key period_key(uuid const& org, std::string_view month) {
  return key(org, table::period).add(month);
}
bool is_closed(reader const& state, uuid const& org, std::string_view month);
error closed_period(std::string_view month);
// Refuses where the day lies in a closed month.
result<> check_open(reader const& state, uuid const& org, date day);
// The first closed month that has a day within [from, until); without `until` there is no end.
std::optional<std::string> closed_within(reader const& state, uuid const& org, date from, std::optional<date> until);

// `report` is what is signed: position, digest and totals.
result<decision> close(reader const& state, org const& o, std::string const& month, events::period_closed report,
                       context const& by);
result<decision> reopen(reader const& state, org const& o, std::string const& month, reopen_period const& c);

} // namespace alloy::domain
