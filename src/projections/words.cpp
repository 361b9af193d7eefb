#include "projections/words.hpp"

#include <array>
#include <new>
#include <utf8proc.h>
#include <vector>

namespace alloy::projections {
namespace {

class words {
 public:
  explicit words(std::string& to) : to_(to) {}

  void letter(std::string_view utf8) {
    if (size_ == 0 && !to_.empty()) to_ += ' ';
    if (size_ + utf8.size() <= word_bytes_max) to_ += utf8;
    size_ += utf8.size();
  }
  void letter(char c) {
    if (size_ == 0 && !to_.empty()) to_ += ' ';
    if (size_++ < word_bytes_max) to_ += c;
  }
  void end() noexcept { size_ = 0; }
  bool inside() const noexcept { return size_ > 0; }

 private:
  std::string& to_;
  std::size_t size_ = 0; // of the word at hand, with what was cut
};

constexpr std::array<char, 128> ascii = [] { // what a letter or digit becomes; 0: it ends a word
  std::array<char, 128> table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = c;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = table[static_cast<std::size_t>(c - 32)] = c;
  return table;
}();

// False where there is more in it than ASCII.
bool fold_ascii(std::string_view text, words& to) {
  for (char const c : text) {
    if (static_cast<unsigned char>(c) >= ascii.size()) return false;
    if (char const folded = ascii[static_cast<std::size_t>(c)])
      to.letter(folded);
    else
      to.end();
  }
  return true;
}

bool is_mark(utf8proc_property_t const& p) noexcept {
  return p.category >= UTF8PROC_CATEGORY_MN && p.category <= UTF8PROC_CATEGORY_ME;
}
bool is_letter(utf8proc_property_t const& p) noexcept {
  return (p.category >= UTF8PROC_CATEGORY_LU && p.category <= UTF8PROC_CATEGORY_LO) ||
         (p.category >= UTF8PROC_CATEGORY_ND && p.category <= UTF8PROC_CATEGORY_NO);
}
// A mark that stands beside a letter without making it another one: combining classes 7 to 9 are the dots of Indian
// letters, the voicing of kana and the virama, and class 0 are vowels; these belong to the word.
bool is_accent(utf8proc_property_t const& p) noexcept {
  constexpr utf8proc_propval_t nukta = 7, virama = 9;
  return p.combining_class != 0 && (p.combining_class < nukta || p.combining_class > virama);
}

// The code points of valid UTF-8, folded; `points` keeps its memory.
void fold_points(std::string_view utf8, std::vector<utf8proc_int32_t>& points) {
  constexpr auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
                                                          UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  auto const* const bytes = reinterpret_cast<utf8proc_uint8_t const*>(utf8.data());
  auto const decompose = [&] {
    return utf8proc_decompose(bytes, static_cast<utf8proc_ssize_t>(utf8.size()), points.data(),
                              static_cast<utf8proc_ssize_t>(points.size()), options);
  };
  points.resize(utf8.size());
  auto count = decompose();
  if (count > static_cast<utf8proc_ssize_t>(points.size())) {
    points.resize(static_cast<std::size_t>(count));
    count = decompose();
  }
  points.resize(static_cast<std::size_t>(std::max<utf8proc_ssize_t>(count, 0)));
  std::erase_if(points, [](utf8proc_int32_t p) { return is_accent(*utf8proc_get_property(p)); });
  // Together again: Hangul syllables and voiced kana. No accent is left that could come back.
  count = utf8proc_normalize_utf32(points.data(), static_cast<utf8proc_ssize_t>(points.size()),
                                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  points.resize(static_cast<std::size_t>(std::max<utf8proc_ssize_t>(count, 0)));
}

void split_points(std::vector<utf8proc_int32_t> const& points, words& to) {
  bool alone = false; // the word at hand is an ideograph or the like
  for (auto const point : points) {
    auto const& p = *utf8proc_get_property(point);
    bool const mark = is_mark(p);
    if (!is_letter(p) && !(mark && to.inside())) {
      to.end();
      continue;
    }
    constexpr unsigned wide = 2;
    if (!mark) {
      if (alone || p.charwidth == wide) to.end();
      alone = p.charwidth == wide;
    }
    std::array<utf8proc_uint8_t, 4> bytes{};
    auto const size = utf8proc_encode_char(point, bytes.data());
    to.letter({reinterpret_cast<char const*>(bytes.data()), static_cast<std::size_t>(size)});
  }
  to.end();
}

// The first byte that begins no code point, or the end.
std::size_t valid_prefix(std::string_view text) {
  auto const* const bytes = reinterpret_cast<utf8proc_uint8_t const*>(text.data());
  std::size_t at = 0;
  while (at < text.size()) {
    utf8proc_int32_t point = 0;
    auto const size = utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(text.size() - at), &point);
    if (size <= 0) break;
    at += static_cast<std::size_t>(size);
  }
  return at;
}

} // namespace

std::string fold_words(std::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  words to(folded);
  if (fold_ascii(text, to)) return folded;
  folded.clear();
  to.end();
  std::vector<utf8proc_int32_t> points;
  while (!text.empty()) {
    auto const valid = valid_prefix(text);
    fold_points(text.substr(0, valid), points);
    split_points(points, to);
    text.remove_prefix(std::min(valid + 1, text.size()));
  }
  return folded;
}

} // namespace alloy::projections
