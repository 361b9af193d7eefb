#include "core/text.hpp"

#include "core/characters.hpp"
#include "core/currencies.hpp"
#include "core/identifier.hpp"
#include "core/json.hpp"
#include "core/time.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace alloy {
namespace {

bool lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool digit(char c) {
  return c >= '0' && c <= '9';
}

} // namespace

std::size_t code_points(std::string_view utf8) noexcept {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::optional<text_fault> check_text(std::string_view t, std::size_t min, std::size_t max, bool lines) {
  std::size_t const length = code_points(t);
  if (length < min || length > max)
    return text_fault{length < min ? "too_short" : "too_long", "it must have " + std::to_string(min) + " to " +
                                                                   std::to_string(max) + " characters, it has " +
                                                                   std::to_string(length)};
  bool blank = true;
  for (std::size_t at = 0; at < t.size();) {
    code_point const p = next_point(t, at);
    if (is_control(p)) {
      bool const of_prose = p == '\n' || p == '\r' || p == '\t' || p >= 0x80; // C1 has its breaks of lines, too
      if (!lines || !of_prose) return text_fault{"control_character", "it must not hold control characters"};
    } else if (!lines && is_line_break(p)) {
      return text_fault{"line_break", "it must be one line"};
    } else {
      blank = blank && !is_visible(p);
    }
  }
  if (min > 0 && blank) return text_fault{"blank", "it must not be blank"};
  return std::nullopt;
}

bool email_rule::ok(std::string_view t) {
  if (t.size() > 4 * max) return false; // nobody takes the trouble to bring it into a form
  std::string const address = normal(t);
  if (!was_address(address) || !was_address(fold_address(address))) return false;
  for (std::size_t at = 0; at < address.size();)
    if (!is_visible(next_point(address, at))) return false;
  return true;
}

std::string email_rule::normal(std::string_view t) {
  if (t.size() > 4 * max) return std::string(t);
  std::string const address = normal_name(t);
  return is_ascii(address) ? known_address_rule::normal(address) : lower_case(address);
}

bool slug_rule::ok(std::string_view t) noexcept {
  if (t.size() < min || t.size() > max || t.front() == '-' || t.back() == '-' || t.find("--") != std::string_view::npos)
    return false;
  return std::all_of(t.begin(), t.end(), [](char c) { return lower_or_digit(c) || c == '-'; });
}

bool project_key_rule::ok(std::string_view t) noexcept {
  if (t.size() < min || t.size() > max || !upper(t.front())) return false;
  return std::all_of(t.begin(), t.end(), [](char c) { return upper(c) || digit(c); });
}

bool color_rule::ok(std::string_view t) noexcept {
  if (t.size() != 7 || t.front() != '#') return false;
  return std::all_of(t.begin() + 1, t.end(),
                     [](char c) { return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
}

bool currency_rule::ok(std::string_view t) noexcept {
  return minor_digits_of(t).has_value();
}

bool time_zone_rule::ok(std::string_view t) {
  return is_time_zone(t);
}

void read_bounded(json::node const& n, json::reading& at, std::int64_t min, std::int64_t max, std::int64_t& out) {
  if (n.what != json::kind::integer) return json::fail_type(at, n, "an integer");
  if (n.integer < min || n.integer > max)
    return at.fail("out_of_range", "it must be " + std::to_string(min) + " to " + std::to_string(max));
  out = n.integer;
}

void points::read_json(json::node const& n, json::reading& at) {
  double const value = n.what == json::kind::integer ? static_cast<double>(n.integer) : n.number;
  if (n.what != json::kind::integer && n.what != json::kind::number) return json::fail_type(at, n, "a number");
  double const scaled = value * 100;
  if (!(scaled >= 0) || scaled > static_cast<double>(max_hundredths))
    return at.fail("out_of_range", "it must be 0 to 10000");
  double const whole = std::nearbyint(scaled);
  if (std::abs(scaled - whole) > 1e-6) return at.fail("too_precise", "it must have at most two decimals");
  hundredths = static_cast<std::int64_t>(whole);
}

void hours::read_json(json::node const& n, json::reading& at) {
  if (n.what != json::kind::integer && n.what != json::kind::number) return json::fail_type(at, n, "a number");
  double const exact = (n.what == json::kind::integer ? static_cast<double>(n.integer) : n.number) * 60;
  if (!(std::abs(exact) < 1e12)) return at.fail("out_of_range", "it must be a number of hours");
  double const whole = std::nearbyint(exact);
  bool const stored = at.unknown == json::unknown_fields::ignore; // by Alloy itself, which has cut the decimals
  if (!stored && std::abs(exact - whole) > 1e-6)
    return at.fail("not_whole_minutes", "it must be whole minutes, as 0.25 or 1.5");
  minutes = static_cast<std::int64_t>(whole);
}

void day_hours::read_json(json::node const& n, json::reading& at) {
  constexpr std::int64_t day = 24 * 60;
  hours::read_json(n, at);
  if (minutes < 0 || minutes > day) at.fail("out_of_range", "it must be at most 24");
}

void hours::write_json(std::string& out) const {
  out += hours_of(minutes);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
}

std::string hours_of(std::int64_t minutes) {
  std::int64_t const hundredths = (minutes * 100 + (minutes < 0 ? -30 : 30)) / 60;
  std::string const rest = std::to_string(std::abs(hundredths % 100));
  return (hundredths < 0 && hundredths > -100 ? "-" : "") + std::to_string(hundredths / 100) +
         (rest.size() == 1 ? ".0" : ".") + rest;
}

void points::write_json(std::string& out) const {
  decimal{hundredths}.write_json(out);
}

void decimal::write_json(std::string& out) const {
  auto const size = std::abs(hundredths);
  if (hundredths < 0) out += '-';
  json::write_integer(out, size / 100);
  if (auto const rest = size % 100) {
    out += '.';
    out += static_cast<char>('0' + rest / 10);
    if (rest % 10) out += static_cast<char>('0' + rest % 10);
  }
}

} // namespace alloy
