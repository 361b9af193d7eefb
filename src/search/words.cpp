#include "search/words.hpp"

#include "search/word_points.hpp"

#include <array>
#include <utf8proc.h>

namespace alloy::projections {
namespace {

// More signs than this behind a word mean nothing: C++ and the like have two.
constexpr std::size_t signs_max = 4;

// Takes a text apart, letter by letter, and writes its words.
class words {
 public:
  words(std::string& to, bool asked) : to_(to), asked_(asked) {}

  void letter(char c) {
    begin_letter(c < '0' || c > '9');
    if (size_++ < word_bytes_max) to_ += c;
  }
  void letter(std::string_view utf8) {
    begin_letter(true);
    add(utf8);
  }
  void alone(std::string_view utf8) {
    end();
    begin(false);
    is_alone_ = true;
    add(utf8);
  }
  void mark(std::string_view utf8) {
    if (inside() && signs_ == 0) add(utf8);
  }
  void other(char c) {
    if ((c == '+' || c == '#') && inside() && !is_alone_) {
      if (signs_ < signs_max) sign_[signs_] = c;
      ++signs_;
      return;
    }
    bool const was_inside = inside();
    if (was_inside) finish(false);
    dot_ = c == '.' && !dots_ ? (was_inside ? dot::within : dot::before) : dot::none;
    dots_ = c == '.';
  }
  void end() {
    if (inside()) finish(false);
    dot_ = dot::none;
    dots_ = false;
  }

 private:
  enum class dot : std::uint8_t { none, before, within }; // before a word, or between two

  bool inside() const noexcept { return size_ > 0; }

  void begin_letter(bool may_have_dot) {
    if (is_alone_) end();
    if (signs_ > 0) finish(true);
    if (!inside()) begin(may_have_dot);
  }
  void begin(bool may_have_dot) {
    if (!to_.empty()) to_ += ' ';
    at_ = to_.size();
    of_word_ = may_have_dot ? dot_ : dot::none;
    dot_ = dot::none;
    dots_ = false;
  }
  void add(std::string_view utf8) {
    if (size_ + utf8.size() <= word_bytes_max) to_ += utf8;
    size_ += utf8.size();
  }

  // `goes_on`: another word follows the signs at once. A single sign between two words is one more way to put them
  // beside each other, a+b, but for the C# of C#7.
  void finish(bool goes_on) {
    auto const size = to_.size() - at_;
    bool const has_signs = signs_ > 0 && signs_ <= signs_max && size + signs_ <= word_bytes_max;
    bool const has_dot = of_word_ != dot::none && size < word_bytes_max;
    std::string_view const signs(sign_.data(), has_signs ? signs_ : 0);
    if (!asked_) {
      std::string const plain = has_signs || has_dot ? to_.substr(at_) : std::string();
      if (has_dot) to_.append(1, other_form).append(".").append(plain);
      if (has_signs) to_.append(1, other_form).append(plain).append(signs);
    } else if (has_signs && (!goes_on || signs_ > 1 || (signs == "#" && size == 1))) {
      to_ += signs;
    } else if (has_dot && of_word_ == dot::before) {
      to_.insert(at_, 1, '.');
    }
    size_ = signs_ = 0;
    is_alone_ = false;
  }

  std::string& to_;
  bool const asked_;
  std::size_t at_ = 0, size_ = 0; // of the word at hand; its size with what was cut
  std::size_t signs_ = 0;         // behind it
  std::array<char, signs_max> sign_{};
  dot of_word_ = dot::none; // of the word at hand
  dot dot_ = dot::none;     // of the next one
  bool dots_ = false;       // a dot was the last thing
  bool is_alone_ = false;
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
      to.other(c);
  }
  to.end();
  return true;
}

void append_utf8(std::string& to, std::int32_t point) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  auto const size = utf8proc_encode_char(point, bytes.data());
  to.append(reinterpret_cast<char const*>(bytes.data()), static_cast<std::size_t>(size));
}

void split_points(std::span<std::int32_t const> points, words& to) {
  std::string utf8;
  for (std::size_t i = 0; i < points.size(); ++i) {
    constexpr std::int32_t music_sharp = 0x266f; // C♯ is C#
    auto const point = points[i];
    auto const rest = points.subspan(i);
    utf8.clear();
    if (auto const size = point == music_sharp ? 0 : emoji_size(rest); size > 0) {
      for (auto const one : rest.first(size)) append_utf8(utf8, one);
      to.alone(utf8);
      to.end();
      i += size - 1;
      continue;
    }
    if (point < static_cast<std::int32_t>(ascii.size()) || point == music_sharp) {
      char const c = point == music_sharp ? '#' : static_cast<char>(point);
      char const folded = ascii[static_cast<std::size_t>(c)];
      folded ? to.letter(folded) : to.other(c);
      continue;
    }
    append_utf8(utf8, point);
    switch (kind_of_point(point)) {
    case point_kind::letter: {
      auto const plain = plain_latin(point);
      to.letter(plain.empty() ? std::string_view(utf8) : plain);
      break;
    }
    case point_kind::mark: to.mark(utf8); break;
    case point_kind::alone: to.alone(utf8); break;
    default: to.other('\0'); break;
    }
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

std::string fold(std::string_view text, bool asked) {
  std::string folded;
  folded.reserve(text.size());
  {
    words to(folded, asked);
    if (fold_ascii(text, to)) return folded;
  }
  folded.clear();
  words to(folded, asked);
  std::vector<std::int32_t> points;
  while (!text.empty()) {
    auto const valid = valid_prefix(text);
    fold_points(text.substr(0, valid), points);
    split_points(points, to);
    text.remove_prefix(std::min(valid + 1, text.size()));
  }
  return folded;
}

} // namespace

std::string fold_words(std::string_view text) {
  return fold(text, false);
}
std::string fold_asked(std::string_view text) {
  return fold(text, true);
}

} // namespace alloy::projections
