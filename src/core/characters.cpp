#include "core/characters.hpp"

#include <algorithm>
#include <array>
#include <utf8proc.h>

namespace alloy {
namespace {

constexpr code_point zero_width_non_joiner = 0x200c, zero_width_joiner = 0x200d, emoji_style = 0xfe0f, keycap = 0x20e3,
                     black_flag = 0x1f3f4, final_sigma = 0x3c2, sigma = 0x3c3;

struct span {
  code_point first, last;
  bool has(code_point p) const noexcept { return p >= first && p <= last; }
};
// Scripts whose letters join or form clusters: Arabic to Mandaic, the Indian ones, Tibetan, Myanmar, Khmer, Mongolian,
// and those of the same kinds beside the BMP.
constexpr std::array joining = {span{0x600, 0x8ff},     span{0x900, 0xdff},    span{0xf00, 0x109f},
                                span{0x1700, 0x18af},   span{0x1900, 0x1cff},  span{0xa800, 0xaaff},
                                span{0xabc0, 0xabff},   span{0xfb50, 0xfdff},  span{0xfe70, 0xfefe},
                                span{0x10a00, 0x11fff}, span{0x1e900, 0x1e95f}};
constexpr span variation{0xfe00, emoji_style}, ideographic_variation{0xe0100, 0xe01ef}, tags{0xe0020, 0xe007f},
    mongolian{0x1800, 0x18af}, skin_tones{0x1f3fb, 0x1f3ff};

// What Unicode keeps for characters that draw nothing, though utf8proc knows none there yet, and letters that are
// blank: the null notehead, the filler of Khitan, the blanks of hieroglyphs.
constexpr std::array unseen = {span{0x2065, 0x2065},   span{0xfff0, 0xfff8},   span{0x16fe4, 0x16fe4},
                               span{0x13441, 0x13442}, span{0x1d159, 0x1d159}, span{0xe0000, 0xe0fff}};

utf8proc_property_t const& property(code_point p) noexcept {
  return *utf8proc_get_property(p);
}
bool joins(code_point p) noexcept {
  return std::ranges::any_of(joining, [p](span const& s) { return s.has(p); });
}
bool is_picture(code_point p) noexcept {
  auto const c = property(p).boundclass;
  return c == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC || c == UTF8PROC_BOUNDCLASS_E_ZWG;
}
bool is_symbol(code_point p) noexcept {
  auto const c = property(p).category;
  return c >= UTF8PROC_CATEGORY_SM && c <= UTF8PROC_CATEGORY_SO;
}

std::string as_utf8(std::vector<code_point> const& points) {
  std::string utf8;
  for (auto const p : points) append_point(utf8, p);
  return utf8;
}

// The text as it is where it is no UTF-8: nothing is known of it then.
std::string in_form(std::string_view utf8, int options) {
  auto points = decomposed(utf8, options);
  if (!points) return std::string(utf8);
  compose(*points);
  return as_utf8(*points);
}

// One character for one, so that ß stays itself: who writes it is not who writes ss.
std::string lowered(std::string_view utf8) {
  std::string lower;
  for (std::size_t at = 0; at < utf8.size();) {
    code_point const p = utf8proc_tolower(next_point(utf8, at));
    append_point(lower, p == final_sigma ? sigma : p);
  }
  return in_form(lower, 0);
}

} // namespace

bool is_ascii(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

code_point next_point(std::string_view utf8, std::size_t& at) noexcept {
  auto const first = static_cast<unsigned char>(utf8[at]);
  if (first < 0x80) return ++at, first;
  utf8proc_int32_t p = 0;
  auto const size = utf8proc_iterate(reinterpret_cast<utf8proc_uint8_t const*>(utf8.data() + at),
                                     static_cast<utf8proc_ssize_t>(utf8.size() - at), &p);
  at += size > 0 ? static_cast<std::size_t>(size) : 1;
  return size > 0 ? p : 0xfffd;
}

void append_point(std::string& utf8, code_point p) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  auto const size = utf8proc_encode_char(p, bytes.data());
  utf8.append(reinterpret_cast<char const*>(bytes.data()), static_cast<std::size_t>(size));
}

bool is_control(code_point p) noexcept {
  return p < 0x20 || (p >= 0x7f && p < 0xa0);
}

bool is_line_break(code_point p) noexcept {
  return (p >= 0x0a && p <= 0x0d) || p == 0x85 || p == 0x2028 || p == 0x2029;
}

bool is_space(code_point p) noexcept {
  constexpr code_point empty_braille = 0x2800;
  return p == ' ' || (p >= 0x80 && (property(p).category == UTF8PROC_CATEGORY_ZS || p == empty_braille));
}

bool is_mark(code_point p) noexcept {
  auto const c = property(p).category;
  return c >= UTF8PROC_CATEGORY_MN && c <= UTF8PROC_CATEGORY_ME;
}

bool is_above(code_point p) noexcept {
  constexpr auto above = 230; // its canonical combining class (UAX #44)
  return property(p).combining_class == above;
}

bool is_visible(code_point p) noexcept {
  if (p < 0x80) return p > ' ' && p != 0x7f;
  if (is_control(p) || is_line_break(p) || is_space(p)) return false;
  bool const noncharacter = (p & 0xfffe) == 0xfffe || (p >= 0xfdd0 && p <= 0xfdef);
  bool const annotation = p >= 0xfff9 && p <= 0xfffb;
  return !noncharacter && !annotation && !property(p).ignorable &&
         std::ranges::none_of(unseen, [p](span const& s) { return s.has(p); });
}

bool belongs_between(code_point before, code_point p, code_point after) noexcept {
  if (p == zero_width_non_joiner) return joins(before) && joins(after);
  if (p == zero_width_joiner) {
    bool const after_picture =
        is_picture(before) || before == emoji_style || skin_tones.has(before) || tags.has(before);
    return (joins(before) && joins(after)) || (after_picture && is_picture(after));
  }
  if (variation.has(p))
    return is_picture(before) || (after == keycap && before < 0x80) || utf8proc_charwidth(before) == 2 ||
           (before >= 0x80 && is_symbol(before)) || joins(before);
  if (ideographic_variation.has(p)) return utf8proc_charwidth(before) == 2;
  if (tags.has(p)) return before == black_flag || tags.has(before);
  return mongolian.has(p) && mongolian.has(before);
}

std::optional<std::vector<code_point>> decomposed(std::string_view utf8, int options,
                                                  code_point (*instead)(code_point)) {
  constexpr std::size_t longest = 18; // what one code point comes to, U+FDFA
  auto const how = static_cast<utf8proc_option_t>(options | UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
  std::vector<code_point> points;
  points.reserve(utf8.size());
  std::array<utf8proc_int32_t, longest> part{};
  auto const* const bytes = reinterpret_cast<utf8proc_uint8_t const*>(utf8.data());
  for (std::size_t at = 0; at < utf8.size();) {
    utf8proc_int32_t p = 0;
    auto const size = utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(utf8.size() - at), &p);
    if (size <= 0) return std::nullopt;
    at += static_cast<std::size_t>(size);
    int boundary = 0; // what is not asked for
    auto const count = utf8proc_decompose_char(instead ? instead(p) : p, part.data(), longest, how, &boundary);
    if (count < 0) return std::nullopt;
    points.insert(points.end(), part.begin(), part.begin() + std::min<std::ptrdiff_t>(count, longest));
  }
  auto const is_starter = [](code_point p) { return property(p).combining_class == 0; };
  for (auto from = points.begin(); from != points.end();) {
    from = std::find_if_not(from, points.end(), is_starter);
    auto const to = std::find_if(from, points.end(), is_starter);
    std::stable_sort(
        from, to, [](code_point a, code_point b) { return property(a).combining_class < property(b).combining_class; });
    from = to;
  }
  return points;
}

void compose(std::vector<code_point>& points) {
  auto const count = utf8proc_normalize_utf32(points.data(), static_cast<utf8proc_ssize_t>(points.size()),
                                              static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  points.resize(static_cast<std::size_t>(std::max<utf8proc_ssize_t>(count, 0)));
}

std::string composed(std::string_view utf8) {
  return is_ascii(utf8) ? std::string(utf8) : in_form(utf8, 0);
}

std::string lower_case(std::string_view utf8) {
  return lowered(composed(utf8));
}

std::string compatible_lower_case(std::string_view utf8) {
  return lowered(in_form(utf8, UTF8PROC_COMPAT | UTF8PROC_IGNORE));
}

std::string case_folded(std::string_view utf8) {
  return in_form(in_form(utf8, 0), // marks in order first, for folding may make a letter of one
                 UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
}

} // namespace alloy
