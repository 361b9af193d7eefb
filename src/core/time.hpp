#pragma once
// Instants (milliseconds UTC, RFC 3339 on the wire), calendar dates, and the days of a time zone (IANA, from tzdata).
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace alloy {

struct timestamp {
  std::int64_t ms = 0; // since 1970-01-01T00:00:00Z
  auto operator<=>(timestamp const&) const = default;
};

struct date {
  std::int32_t days = 0; // since 1970-01-01
  auto operator<=>(date const&) const = default;
};

timestamp now() noexcept;

std::optional<timestamp> parse_timestamp(std::string_view text) noexcept; // with offset or Z, up to nanoseconds (cut)
std::string to_string(timestamp at);                                      // 2026-04-01T09:30:00.123Z
std::optional<date> parse_date(std::string_view text) noexcept;           // YYYY-MM-DD, years 1970..9999
std::string to_string(date day);

date make_date(int year, unsigned month, unsigned day) noexcept;
struct calendar {
  int year;
  unsigned month, day;
};
calendar calendar_of(date day) noexcept;

bool is_time_zone(std::string_view name);
// The day that `at` falls on in the zone, and the instant at which a day begins there (the first one where a
// change of the clocks repeats or skips midnight). An unknown zone is a bug: names are checked on the way in.
date day_in(std::string_view zone, timestamp at);
timestamp day_begin(std::string_view zone, date day);

} // namespace alloy
