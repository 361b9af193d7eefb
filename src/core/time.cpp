#include "core/time.hpp"

#include <chrono>
#include <date/tz.h>

namespace alloy {
namespace {

using std::chrono::milliseconds;

bool number(std::string_view text, std::size_t at, std::size_t count, int& out) noexcept {
  if (at + count > text.size()) return false;
  out = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + (text[i] - '0');
  }
  return true;
}

// Every answer and every record holds several of these, so they are not left to printf.
void write_digits(char* at, std::int64_t n, int count) {
  for (int i = count - 1; i >= 0; --i, n /= 10) at[i] = static_cast<char>('0' + n % 10);
}

void write_date(char* at, date day) {
  auto const c = calendar_of(day);
  write_digits(at, c.year, 4);
  at[4] = at[7] = '-';
  write_digits(at + 5, c.month, 2);
  write_digits(at + 8, c.day, 2);
}

::date::sys_days sys(date day) {
  return ::date::sys_days{::date::days{day.days}};
}

} // namespace

timestamp now() noexcept {
  auto const since = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<milliseconds>(since).count()};
}

date make_date(int year, unsigned month, unsigned day) noexcept {
  auto const ymd = ::date::year{year} / ::date::month{month} / ::date::day{day};
  return {static_cast<std::int32_t>(::date::sys_days{ymd}.time_since_epoch().count())};
}

calendar calendar_of(date day) noexcept {
  ::date::year_month_day const ymd{sys(day)};
  return {static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day())};
}

std::optional<date> parse_date(std::string_view text) noexcept {
  int year = 0, month = 0, day = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' || !number(text, 0, 4, year) ||
      !number(text, 5, 2, month) || !number(text, 8, 2, day))
    return std::nullopt;
  auto const ymd = ::date::year{year} / month / day;
  if (!ymd.ok() || year < 1970) return std::nullopt;
  return make_date(year, static_cast<unsigned>(month), static_cast<unsigned>(day));
}

std::string to_string(date day) {
  char text[10];
  write_date(text, day);
  return {text, sizeof text};
}

std::optional<timestamp> parse_timestamp(std::string_view text) noexcept {
  int hour = 0, minute = 0, second = 0;
  auto const day = text.size() >= 20 ? parse_date(text.substr(0, 10)) : std::nullopt;
  if (!day || (text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':' ||
      !number(text, 11, 2, hour) || !number(text, 14, 2, minute) || !number(text, 17, 2, second) || hour > 23 ||
      minute > 59 || second > 59)
    return std::nullopt;
  std::size_t at = 19;
  std::int64_t fraction = 0;
  if (text[at] == '.') {
    std::size_t digits = 0;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++digits)
      if (digits < 3) fraction = fraction * 10 + (text[at] - '0');
    if (digits == 0 || digits > 9) return std::nullopt;
    for (; digits < 3; ++digits) fraction *= 10;
  }
  std::int64_t offset_minutes = 0;
  if (at >= text.size()) return std::nullopt;
  if (text[at] == 'Z' || text[at] == 'z') {
    if (at + 1 != text.size()) return std::nullopt;
  } else {
    int hours = 0, minutes = 0;
    if ((text[at] != '+' && text[at] != '-') || at + 6 != text.size() || text[at + 3] != ':' ||
        !number(text, at + 1, 2, hours) || !number(text, at + 4, 2, minutes) || hours > 23 || minutes > 59)
      return std::nullopt;
    offset_minutes = (hours * 60 + minutes) * (text[at] == '-' ? -1 : 1);
  }
  std::int64_t const seconds =
      std::int64_t{day->days} * 86400 + hour * 3600 + minute * 60 + second - offset_minutes * 60;
  // An offset may lead out of the years that the form can write.
  constexpr std::int64_t seconds_end = 253'402'300'800; // 10000-01-01
  if (seconds < 0 || seconds >= seconds_end) return std::nullopt;
  return timestamp{seconds * 1000 + fraction};
}

std::string to_string(timestamp at) {
  std::int64_t days = at.ms / 86400000, rest = at.ms % 86400000;
  if (rest < 0) rest += 86400000, --days;
  char text[24] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'T', 0, 0, ':', 0, 0, ':', 0, 0, '.', 0, 0, 0, 'Z'};
  write_date(text, date{static_cast<std::int32_t>(days)});
  write_digits(text + 11, rest / 3600000, 2);
  write_digits(text + 14, rest / 60000 % 60, 2);
  write_digits(text + 17, rest / 1000 % 60, 2);
  write_digits(text + 20, rest % 1000, 3);
  return {text, sizeof text};
}

date day_in(std::string_view zone, timestamp at) {
  auto const local =
      ::date::locate_zone(std::string(zone))->to_local(::date::sys_time<milliseconds>{milliseconds{at.ms}});
  return {static_cast<std::int32_t>(::date::floor<::date::days>(local).time_since_epoch().count())};
}

timestamp day_begin(std::string_view zone, date day) {
  ::date::local_days const local{::date::days{day.days}};
  auto const begin = ::date::locate_zone(std::string(zone))->to_sys(local, ::date::choose::earliest);
  return {std::chrono::duration_cast<milliseconds>(begin.time_since_epoch()).count()};
}

} // namespace alloy
