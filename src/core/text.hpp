#pragma once
// Text with its limits in its type: a body that breaks one is refused with the pointer of the field, and the OpenAPI
// document shows the same limits. Lengths are counted in Unicode code points; input is valid UTF-8 (the JSON parser
// has seen to that). Values.
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alloy {

struct text_fault {
  std::string code, detail;
};

std::size_t code_points(std::string_view utf8) noexcept;
std::optional<text_fault> check_text(std::string_view text, std::size_t min, std::size_t max, bool lines);

// One line (no control characters at all) or prose (line breaks and tabs allowed); not blank where Min > 0.
template <std::size_t Min, std::size_t Max, bool Lines = false> struct text {
  static constexpr std::size_t min = Min, max = Max;
  static constexpr bool lines = Lines;
  std::string value;
  static std::optional<text_fault> check(std::string_view t) { return check_text(t, Min, Max, Lines); }
  static std::string normal(std::string_view t) { return std::string(t); }
  auto operator<=>(text const&) const = default;
};
template <std::size_t Min, std::size_t Max> using prose = text<Min, Max, true>;

// Text of a form: `Rule` has `min`, `max`, `words` and `ok(text)`, and for the document `pattern` (ECMA 262), `format`,
// `example` or `choices()`, what there is.
template <class Rule> struct formed {
  using rule = Rule;
  std::string value;
  static std::optional<text_fault> check(std::string_view t) {
    if (Rule::ok(t)) return std::nullopt;
    return text_fault{"malformed", std::string(Rule::words)};
  }
  static std::string normal(std::string_view t) {
    if constexpr (requires { Rule::normal(t); })
      return Rule::normal(t);
    else
      return std::string(t);
  }
  auto operator<=>(formed const&) const = default;
};

struct email_rule {
  static constexpr std::string_view format = "email", words = "it must be an email address, as ada@example.com",
                                    example = "ada@example.com";
  static constexpr std::size_t min = 3, max = 254;
  static bool ok(std::string_view t);
  static std::string normal(std::string_view t); // lower case
};
struct slug_rule {
  static constexpr std::string_view pattern = "^[a-z0-9](-?[a-z0-9])*$",
                                    words = "it must be 2 to 63 of a-z, 0-9 and single hyphens between them",
                                    example = "harbour-board";
  static constexpr std::size_t min = 2, max = 63;
  static bool ok(std::string_view t) noexcept;
};
struct project_key_rule {
  static constexpr std::string_view pattern = "^[A-Z][A-Z0-9]{1,9}$",
                                    words = "it must be 2 to 10 of A-Z and 0-9, a letter first", example = "PIER";
  static constexpr std::size_t min = 2, max = 10;
  static bool ok(std::string_view t) noexcept;
};
struct color_rule {
  static constexpr std::string_view pattern = "^#[0-9a-fA-F]{6}$", words = "it must be a color, as #6366f1",
                                    example = "#6366f1";
  static constexpr std::size_t min = 7, max = 7;
  static bool ok(std::string_view t) noexcept;
};
struct currency_rule {
  static constexpr std::string_view pattern = "^[A-Z]{3}$", words = "it must be an ISO 4217 currency in use, as USD",
                                    example = "USD";
  static constexpr std::size_t min = 3, max = 3;
  static bool ok(std::string_view t) noexcept;
};
struct time_zone_rule {
  static constexpr std::string_view words = "it must be an IANA time zone, as Europe/Berlin", example = "Europe/Berlin";
  static constexpr std::size_t min = 1, max = 64;
  static bool ok(std::string_view t);
};
using email = formed<email_rule>;
using slug = formed<slug_rule>;
using project_key = formed<project_key_rule>;
using color = formed<color_rule>;
using currency = formed<currency_rule>;
using time_zone = formed<time_zone_rule>;

// An integer within [Min, Max].
namespace json {
struct node;
class reading;
} // namespace json
void read_bounded(json::node const& n, json::reading& at, std::int64_t min, std::int64_t max, std::int64_t& out);

template <std::int64_t Min, std::int64_t Max> struct bounded {
  static constexpr std::int64_t min = Min, max = Max;
  std::int64_t value = Min;
  void read_json(json::node const& n, json::reading& at) { read_bounded(n, at, Min, Max, value); }
  void write_json(std::string& out) const { out += std::to_string(value); }
  auto operator<=>(bounded const&) const = default;
};

// Estimate points: a non-negative decimal with at most two places, exact (held as hundredths).
struct points {
  static constexpr std::int64_t max_hundredths = 1'000'000;
  std::int64_t hundredths = 0;
  void read_json(json::node const& n, json::reading& at);
  void write_json(std::string& out) const;
  auto operator<=>(points const&) const = default;
};

// A number with at most two decimals, exact.
struct decimal {
  std::int64_t hundredths = 0;
  void write_json(std::string& out) const;
  auto operator<=>(decimal const&) const = default;
};

// Hours of work as a decimal: whole minutes when they come in, two decimals when they go out.
struct hours {
  std::int64_t minutes = 0;
  void read_json(json::node const& n, json::reading& at);
  void write_json(std::string& out) const;
  auto operator<=>(hours const&) const = default;
};
struct day_hours : hours { // of one day: at most 24
  void read_json(json::node const& n, json::reading& at);
};
// round(minutes / 60), two decimals, half away from zero: "1.50".
std::string hours_of(std::int64_t minutes);

// A list with at most Max elements, none twice where Unique.
template <class T, std::size_t Min, std::size_t Max> struct list : std::vector<T> {
  using std::vector<T>::vector;
  static constexpr std::size_t min = Min, max = Max;
  static std::optional<text_fault> check_size(std::size_t n) {
    if (n >= Min && n <= Max) return std::nullopt;
    return text_fault{n < Min ? "too_few" : "too_many",
                      "it must have " + std::to_string(Min) + " to " + std::to_string(Max) + " elements"};
  }
};

// An object of at most Max members, whose names are of the form Name.
template <class Name, class Value, std::size_t Max> struct dictionary : std::map<std::string, Value> {
  using std::map<std::string, Value>::map;
  using name_form = Name;
  static constexpr std::size_t max = Max;
};

} // namespace alloy
