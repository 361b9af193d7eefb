#pragma once
// The rules of time entries: Draft -> Submitted -> Approved, or -> Rejected -> Draft. An approved one is locked until
// it is reopened, one in a closed month for good. Rows:
//   time_of_day  user, day u64be -> minutes u64be that he has logged for the day, in whatever state
// Pure.
#include "core/identifier.hpp"
#include "domain/context.hpp"
#include "domain/entities.hpp"
#include "domain/periods.hpp"

namespace alloy::domain {

inline constexpr std::int64_t minutes_a_day_max = 1440;

using time_minutes = bounded<1, minutes_a_day_max>;
using time_description = prose<0, 4096>;
using activity_name = identifier<1, 64>;
using decision_reason = prose<1, 1000>;

struct log_time {
  std::optional<uuid> id;
  alloy::date date;
  std::optional<time_minutes> minutes; // one of the two
  std::optional<day_hours> hours;
  std::optional<time_description> description;
  std::optional<activity_name> activity;
  std::optional<capitalization> capitalization_type;
  std::optional<month_name> adjusts;
};
BOOST_DESCRIBE_STRUCT(log_time, (), (id, date, minutes, hours, description, activity, capitalization_type, adjusts))

struct update_time_entry {
  json::changed<alloy::date> date;
  json::changed<time_minutes> minutes;
  json::changed<day_hours> hours;
  json::clearable<time_description> description;
  json::clearable<activity_name> activity;
  json::changed<capitalization> capitalization_type;
  json::clearable<month_name> adjusts;
};
BOOST_DESCRIBE_STRUCT(update_time_entry, (),
                      (date, minutes, hours, description, activity, capitalization_type, adjusts))

struct reasoned {
  decision_reason reason;
};
BOOST_DESCRIBE_STRUCT(reasoned, (), (reason))

inline key time_of_day(uuid const& org, uuid const& user, date day) {
  return key(org, table::time_of_day).add(user).add(static_cast<std::uint64_t>(day.days));
}

std::int64_t minutes_logged(reader const& state, uuid const& org, uuid const& user, date day);

result<decision> decide(reader const& state, org const& o, ticket const& t, log_time const& c, context const& by);
result<decision> decide(reader const& state, org const& o, time_entry const& e, update_time_entry const& c,
                        context const& by);
result<decision> submit(reader const& state, time_entry const& e, context const& by);
result<decision> approve(reader const& state, time_entry const& e, context const& by);
result<decision> reject(reader const& state, time_entry const& e, reasoned const& c, context const& by);
result<decision> reopen(reader const& state, time_entry const& e, reasoned const& c);
result<decision> remove(reader const& state, time_entry const& e, context const& by);

} // namespace alloy::domain
