#include "core/identifier.hpp"

#include "core/characters.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <vector>

namespace alloy {
namespace {

// More are no name, whatever its form: then nobody takes the trouble to bring it into one.
constexpr std::size_t name_bytes_max = 16384;

bool is_gap(code_point p) noexcept {
  return is_space(p) || is_control(p) || is_line_break(p);
}

// Without spaces at its ends; of the text's own bytes.
std::string_view trimmed(std::string_view text) noexcept {
  std::size_t first = text.size(), last = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t const begin = at;
    if (is_space(next_point(text, at))) continue;
    first = std::min(first, begin);
    last = at;
  }
  return first < last ? text.substr(first, last - first) : std::string_view();
}

void lower_ascii(std::string& text) noexcept {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
}

std::string with_single_spaces(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool gap = false;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t const begin = at;
    if (is_gap(next_point(text, at))) {
      gap = true;
      continue;
    }
    if (gap && !out.empty()) out += ' ';
    gap = false;
    out.append(text.substr(begin, at - begin));
  }
  return out;
}

text_fault too_long_or_short(std::size_t length, std::size_t min, std::size_t max) {
  return {length < min ? "too_short" : "too_long", "it must have " + std::to_string(min) + " to " +
                                                       std::to_string(max) + " characters, it has " +
                                                       std::to_string(length)};
}

constexpr code_point dot_above = 0x307;

// What has a dot of its own, or is given one by a dot above it: nothing where it is another letter.
std::optional<code_point> with_dot(code_point letter) noexcept {
  switch (letter) {
  case 'i':
  case 0x131: return 'i';
  case 'j':
  case 0x237: return 'j';
  case 0x249:
  case 0x268:
  case 0x29d:
  case 0x3f3:
  case 0x456:
  case 0x458:
  case 0x1d96:
  case 0x1df1a: return letter; // of Unicode's Soft_Dotted
  default: return std::nullopt;
  }
}

// Another dot above a letter that has one is drawn at the same place, unless something else stands between them; one
// above a dotless letter makes it whole. `text` is folded.
std::string without_second_dots(std::string text) {
  if (text.find("\u0307") == std::string::npos) return text;
  auto points = decomposed(text, 0);
  if (!points) return text;
  std::vector<code_point> kept;
  kept.reserve(points->size());
  auto letter = points->size(); // where it is in `kept`, as long as nothing is above it
  for (auto const p : *points) {
    auto const whole = p == dot_above && letter < kept.size() ? with_dot(kept[letter]) : std::nullopt;
    if (whole) {
      kept[letter] = *whole;
      continue;
    }
    kept.push_back(p);
    if (!is_mark(p))
      letter = kept.size() - 1;
    else if (is_above(p))
      letter = points->size();
  }
  compose(kept);
  std::string out;
  for (auto const p : kept) append_point(out, p);
  return out;
}

// What stands behind xn-- in a label of a domain (RFC 3492); nothing where it is no such text.
std::optional<std::string> punycode(std::string_view label) {
  constexpr std::uint64_t base = 36, t_min = 1, t_max = 26, skew = 38, damp = 700, last_point = 0x10ffff;
  constexpr std::size_t label_bytes_max = 63; // RFC 1035
  std::uint64_t n = 128, i = 0, bias = 72;
  auto const dash = label.rfind('-');
  std::vector<code_point> points;
  if (dash != std::string_view::npos) points.assign(label.begin(), label.begin() + static_cast<std::ptrdiff_t>(dash));
  std::size_t at = dash == std::string_view::npos ? 0 : dash + 1;
  if (label.size() > label_bytes_max) return std::nullopt;
  for (bool first = true; at < label.size(); first = false) {
    std::uint64_t const before = i;
    for (std::uint64_t weight = 1, k = base;; k += base) {
      if (at == label.size() || weight > last_point * base) return std::nullopt;
      char const c = label[at++];
      std::uint64_t const digit = c >= 'a' && c <= 'z'   ? static_cast<std::uint64_t>(c - 'a')
                                  : c >= '0' && c <= '9' ? static_cast<std::uint64_t>(c - '0') + t_max
                                                         : base;
      if (digit == base) return std::nullopt;
      i += digit * weight;
      std::uint64_t const t = k <= bias ? t_min : std::min(k - bias, t_max);
      if (digit < t) break;
      weight *= base - t;
    }
    std::uint64_t const size = points.size() + 1;
    std::uint64_t delta = (i - before) / (first ? damp : 2), k = 0;
    for (delta += delta / size; delta > (base - t_min) * t_max / 2; k += base) delta /= base - t_min;
    bias = k + (base - t_min + 1) * delta / (delta + skew);
    n += i / size;
    i %= size;
    if (n > last_point) return std::nullopt;
    points.insert(points.begin() + static_cast<std::ptrdiff_t>(i++), static_cast<code_point>(n));
  }
  std::string utf8;
  for (auto const p : points) append_point(utf8, p);
  return utf8;
}

// A domain with the letters that its labels stand for, which are one domain with it.
std::string spelled_out(std::string_view domain) {
  constexpr std::string_view ascii_form = "xn--", wide_dot = "\u3002";
  std::string dotted(domain), out;
  for (auto at = dotted.find(wide_dot); at != std::string::npos; at = dotted.find(wide_dot))
    dotted.replace(at, wide_dot.size(), ".");
  for (std::string_view rest = dotted; !rest.empty();) {
    auto const label = rest.substr(0, rest.find('.'));
    auto const letters = label.starts_with(ascii_form) ? punycode(label.substr(ascii_form.size())) : std::nullopt;
    out += letters ? without_second_dots(compatible_lower_case(*letters)) : std::string(label);
    rest.remove_prefix(label.size());
    if (rest.empty()) break;
    out += '.';
    rest.remove_prefix(1);
  }
  return out;
}

std::string hex_of(code_point p) {
  std::array<char, 12> text{};
  std::snprintf(text.data(), text.size(), "%04X", static_cast<unsigned>(p));
  return text.data();
}

std::optional<text_fault> check_point(code_point before, code_point p, code_point after) {
  if (is_line_break(p) && p >= 0x80) return text_fault{"line_break", "it must be one line"};
  if (is_control(p)) return text_fault{"control_character", "it must not hold control characters"};
  if (is_visible(p) || (is_space(p) && p != 0x2800) || belongs_between(before, p, after)) return std::nullopt;
  return text_fault{"invisible_character", "it must not hold characters that nobody sees; there is a U+" + hex_of(p)};
}

} // namespace

std::string fold_name(std::string_view name) {
  if (!is_ascii(name)) return with_single_spaces(without_second_dots(case_folded(name)));
  std::string folded = with_single_spaces(name);
  lower_ascii(folded);
  return folded;
}

bool same_name(std::string_view one, std::string_view other) {
  return one == other || fold_name(one) == fold_name(other);
}

std::string normal_name(std::string_view text) {
  auto const name = trimmed(text);
  return name.size() > name_bytes_max ? std::string(name) : composed(name);
}

std::optional<text_fault> check_name(std::string_view text, std::size_t min, std::size_t max) {
  std::string const name = normal_name(text);
  std::size_t const length = code_points(name);
  if (min > 0 && length == 0 && !text.empty()) return text_fault{"blank", "it must not be blank"};
  if (length < min || length > max) return too_long_or_short(length, min, max);
  code_point before = 0;
  for (std::size_t at = 0; at < name.size();) {
    code_point const p = next_point(name, at);
    std::size_t ahead = at;
    code_point const after = at < name.size() ? next_point(name, ahead) : 0;
    if (auto fault = check_point(before, p, after)) return fault;
    before = p;
  }
  return std::nullopt;
}

std::string fold_address(std::string_view address) {
  std::string folded(trimmed(address));
  if (is_ascii(folded))
    lower_ascii(folded);
  else
    folded = without_second_dots(compatible_lower_case(folded));
  auto const at = folded.rfind('@');
  if (at == std::string::npos) return folded;
  return folded.substr(0, at + 1) + spelled_out(std::string_view(folded).substr(at + 1));
}

std::optional<text_fault> check_former_text(std::string_view t, std::size_t min, std::size_t max, bool lines) {
  std::size_t const length = code_points(t);
  if (length < min || length > max) return too_long_or_short(length, min, max);
  bool blank = true;
  for (char const c : t) {
    auto const u = static_cast<unsigned char>(c);
    if (u < 0x20 || u == 0x7f) {
      if (!lines || (c != '\n' && c != '\r' && c != '\t'))
        return text_fault{"control_character", "it must not hold control characters"};
    } else if (c != ' ')
      blank = false;
  }
  if (min > 0 && blank) return text_fault{"blank", "it must not be blank"};
  return std::nullopt;
}

bool was_address(std::string_view t) noexcept {
  auto const at = t.find('@');
  if (t.size() < email_rule::min || t.size() > email_rule::max || at == 0 || at == std::string_view::npos || at > 64 ||
      t.find('@', at + 1) != std::string_view::npos)
    return false;
  auto const domain = t.substr(at + 1);
  if (domain.empty() || domain.front() == '.' || domain.front() == '-' || domain.back() == '.' ||
      domain.find("..") != std::string_view::npos)
    return false;
  if (t.front() == '.' || t[at - 1] == '.' || t.find("..") != std::string_view::npos) return false;
  return std::all_of(t.begin(), t.end(), [](char c) {
    auto const u = static_cast<unsigned char>(c);
    return u > 0x20 && u != 0x7f && std::string_view("\"(),:;<>[\\]").find(c) == std::string_view::npos;
  });
}

bool known_address_rule::ok(std::string_view t) noexcept {
  return was_address(trimmed(t));
}

std::string known_address_rule::normal(std::string_view t) {
  std::string address(trimmed(t));
  lower_ascii(address);
  return address;
}

std::string quoted_name(std::string_view name) {
  std::string out = "\"";
  for (std::size_t at = 0; at < name.size();) {
    std::size_t const begin = at;
    code_point const p = next_point(name, at);
    bool const plain = p == ' ' || (is_visible(p) && !is_mark(p));
    if (p == '"' || p == '\\') out += '\\';
    if (plain) {
      out.append(name.substr(begin, at - begin));
    } else {
      std::array<char, 16> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\u{%x}", static_cast<unsigned>(p));
      out += escaped.data();
    }
  }
  return out + "\"";
}

} // namespace alloy
