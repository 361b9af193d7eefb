#include "search/word_points.hpp"

#include "core/characters.hpp"

#include <algorithm>
#include <array>
#include <utf8proc.h>

namespace alloy::projections {
namespace {

static_assert(std::is_same_v<utf8proc_int32_t, std::int32_t>);

constexpr std::int32_t joiner = 0x200d, keycap = 0x20e3;

struct range {
  std::int32_t first, last;
};
template <std::size_t N> bool within(std::array<range, N> const& ranges, std::int32_t point) noexcept {
  return std::any_of(ranges.begin(), ranges.end(), [&](range r) { return point >= r.first && point <= r.last; });
}

// Scripts that have no spaces between their words (UAX 14, class SA, and those of Java and Bali).
constexpr std::array<range, 12> unspaced{{
    {0x0e00, 0x0eff},   // Thai, Lao
    {0x1000, 0x109f},   // Burmese
    {0x1780, 0x17ff},   // Khmer
    {0x1950, 0x19ff},   // Tai Le, New Tai Lue, signs of Khmer
    {0x1a20, 0x1aaf},   // Tai Tham
    {0x1b00, 0x1b7f},   // Balinese
    {0xa980, 0xa9df},   // Javanese
    {0xa9e0, 0xa9ff},   // Burmese, more
    {0xaa60, 0xaa7f},   // Burmese, more
    {0xaa80, 0xaadf},   // Tai Viet
    {0x11700, 0x1174f}, // Ahom
    {0x116d0, 0x116ff}, // Burmese, more
}};

constexpr range skin_tones{0x1f3fb, 0x1f3ff}, tags{0xe0020, 0xe007f}, flag_letters{0x1f1e6, 0x1f1ff};
bool is_in(range r, std::int32_t point) noexcept {
  return point >= r.first && point <= r.last;
}

bool is_picture(std::int32_t point) noexcept {
  return point >= 0xa9 && (utf8proc_get_property(point)->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC ||
                           is_in(skin_tones, point));
}
bool bears_keycap(std::int32_t point) noexcept {
  return (point >= '0' && point <= '9') || point == '#' || point == '*';
}

bool is_mark(utf8proc_property_t const& p) noexcept {
  return p.category >= UTF8PROC_CATEGORY_MN && p.category <= UTF8PROC_CATEGORY_ME;
}
bool is_letter(utf8proc_property_t const& p) noexcept {
  return p.category >= UTF8PROC_CATEGORY_LU && p.category <= UTF8PROC_CATEGORY_LO;
}
bool is_number(utf8proc_property_t const& p) noexcept {
  return p.category >= UTF8PROC_CATEGORY_ND && p.category <= UTF8PROC_CATEGORY_NO;
}

// A mark that stands beside a letter without making it another one. Of those that do, combining class 0 are vowels, 7
// to 9 the dots of Indian letters, the voicing of kana and the virama, the others here vowels of Telugu, Thai, Lao and
// Tibetan.
bool is_accent(utf8proc_property_t const& p) noexcept {
  constexpr std::array<utf8proc_propval_t, 11> of_the_letter{0, 7, 8, 9, 84, 91, 103, 118, 129, 130, 132};
  return std::find(of_the_letter.begin(), of_the_letter.end(), p.combining_class) == of_the_letter.end();
}

// Two emoji that compatibility would take for punctuation.
code_point keep_emoji(code_point point) {
  constexpr code_point two_exclamations = 0x203c, exclamation_question = 0x2049, exclamation = 0x2757;
  return point == two_exclamations || point == exclamation_question ? exclamation : point;
}

// Whether what cannot be seen holds an emoji together: a joiner between two pictures, or letters of a flag's tag.
bool is_glue(std::vector<std::int32_t> const& points, std::size_t kept, std::size_t at) noexcept {
  if (kept == 0) return false;
  auto const before = points[kept - 1];
  if (is_in(tags, points[at])) return is_picture(before) || is_in(tags, before);
  if (points[at] != joiner || !is_picture(before)) return false;
  while (++at < points.size() && utf8proc_get_property(points[at])->ignorable && points[at] != joiner) {
  }
  return at < points.size() && is_picture(points[at]);
}

void drop_accents(std::vector<std::int32_t>& points) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    auto const& p = *utf8proc_get_property(points[i]);
    bool const drop = p.ignorable
                          ? !is_glue(points, kept, i)
                          : is_accent(p) || (kept > 0 && is_in(skin_tones, points[i]) && is_picture(points[kept - 1]));
    if (!drop) points[kept++] = points[i];
  }
  points.resize(kept);
}

struct latin {
  std::int32_t letter;
  std::string_view plain;
};
// In lower case, in order. Those that Unicode decomposes are not here.
constexpr latin letters[] = {
    {0xe6, "ae"},  {0xf0, "d"},   {0xf8, "o"},   {0xfe, "th"},  {0x111, "d"},  {0x127, "h"},  {0x131, "i"},
    {0x138, "k"},  {0x142, "l"},  {0x14b, "n"},  {0x153, "oe"}, {0x167, "t"},  {0x180, "b"},  {0x183, "b"},
    {0x188, "c"},  {0x18c, "d"},  {0x192, "f"},  {0x199, "k"},  {0x19a, "l"},  {0x19e, "n"},  {0x1a5, "p"},
    {0x1ab, "t"},  {0x1ad, "t"},  {0x1b4, "y"},  {0x1b6, "z"},  {0x1e5, "g"},  {0x221, "d"},  {0x225, "z"},
    {0x234, "l"},  {0x235, "n"},  {0x236, "t"},  {0x237, "j"},  {0x23c, "c"},  {0x23f, "s"},  {0x240, "z"},
    {0x247, "e"},  {0x249, "j"},  {0x24b, "q"},  {0x24d, "r"},  {0x24f, "y"},  {0x253, "b"},  {0x255, "c"},
    {0x256, "d"},  {0x257, "d"},  {0x260, "g"},  {0x266, "h"},  {0x268, "i"},  {0x26b, "l"},  {0x26c, "l"},
    {0x26d, "l"},  {0x271, "m"},  {0x272, "n"},  {0x273, "n"},  {0x275, "o"},  {0x27d, "r"},  {0x282, "s"},
    {0x288, "t"},  {0x289, "u"},  {0x28b, "v"},  {0x290, "z"},  {0x2a0, "q"},  {0x1d7d, "p"}, {0x2c61, "l"},
    {0x2c65, "a"}, {0x2c66, "t"}, {0x2c68, "h"}, {0x2c6a, "k"}, {0x2c6c, "z"}, {0x2c73, "w"}, {0xa741, "k"},
    {0xa743, "k"}, {0xa745, "k"}, {0xa749, "l"}, {0xa74b, "o"}, {0xa74d, "o"}, {0xa751, "p"}, {0xa757, "q"},
    {0xa75f, "v"}, {0xa7a1, "g"}, {0xa7a3, "k"}, {0xa7a5, "n"}, {0xa7a7, "r"}, {0xa7a9, "s"},
};
static_assert(std::is_sorted(std::begin(letters), std::end(letters),
                             [](latin const& a, latin const& b) { return a.letter < b.letter; }));

} // namespace

void fold_points(std::string_view utf8, std::vector<std::int32_t>& points) {
  points = decomposed(utf8, UTF8PROC_COMPAT | UTF8PROC_CASEFOLD, keep_emoji).value_or(std::vector<code_point>());
  drop_accents(points);
  // Together again: Hangul syllables and voiced kana. No accent is left that could come back.
  compose(points);
}

point_kind kind_of_point(std::int32_t point) noexcept {
  constexpr unsigned wide = 2;
  auto const& p = *utf8proc_get_property(point);
  if (is_mark(p)) return point_kind::mark;
  if (is_letter(p)) return p.charwidth == wide || within(unspaced, point) ? point_kind::alone : point_kind::letter;
  if (is_number(p)) return p.charwidth == wide ? point_kind::alone : point_kind::letter;
  return is_picture(point) || is_in(flag_letters, point) ? point_kind::emoji : point_kind::other;
}

std::size_t emoji_size(std::span<std::int32_t const> points) noexcept {
  if (points.size() > 1 && points[1] == keycap && bears_keycap(points[0])) return 2;
  if (is_in(flag_letters, points[0])) return points.size() > 1 && is_in(flag_letters, points[1]) ? 2 : 1;
  if (!is_picture(points[0])) return 0;
  std::size_t size = 1;
  while (size < points.size() && is_in(tags, points[size])) ++size;
  while (size + 1 < points.size() && points[size] == joiner && is_picture(points[size + 1])) size += 2;
  return size;
}

std::string_view plain_latin(std::int32_t folded_point) noexcept {
  auto const* const found = std::lower_bound(std::begin(letters), std::end(letters), folded_point,
                                             [](latin const& a, std::int32_t point) { return a.letter < point; });
  return found != std::end(letters) && found->letter == folded_point ? found->plain : std::string_view();
}

} // namespace alloy::projections
