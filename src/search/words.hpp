#pragma once
// Text as the words that search compares: lower case, without accents, strokes and ligatures, compatible forms made one
// (full-width letters), split at what is neither letter nor number. An ideograph, a kana, a Hangul syllable and a
// letter of a script that has no spaces between its words (Thai, Lao, Khmer, Burmese and the like), with its vowel
// signs, are a word each, so that a phrase of them finds them inside a longer run. So is an emoji, however many code
// points it has; its skin tone is left out like an accent. After Unicode's NFKC and case folding (utf8proc). Pure
// functions, any thread.
//
// Some words mean something else with what stands beside them: C++, C#, .NET. They have two forms at one place of the
// text, the plain one first, c and c++, so that either is found; of a query only the form that is meant is taken.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace alloy::projections {

inline constexpr std::size_t word_bytes_max = 64; // a longer word is cut, in texts and in queries alike

// The words with a space between two of them, and other_form between two forms of one. A byte that is not UTF-8 ends a
// word.
inline constexpr char other_form = '\n';
std::string fold_words(std::string_view text);
// Of what is asked for: each word in one form.
std::string fold_asked(std::string_view text);

// Whether it is the second form of a word.
inline bool is_other_form(std::string_view word) noexcept {
  return word.size() > 1 && (word.front() == '.' || word.back() == '+' || word.back() == '#');
}

// Of what they gave: f(word, its place), in order.
template <class F> void for_each_word(std::string_view folded, F f) {
  bool const has_forms = folded.find(other_form) != folded.npos; // few texts have
  for (std::uint32_t place = 0; !folded.empty(); ++place) {
    auto const end = std::min(folded.find(' '), folded.size());
    auto word = folded.substr(0, end);
    for (auto form = has_forms ? word.find(other_form) : word.npos; form != word.npos; form = word.find(other_form)) {
      f(word.substr(0, form), place);
      word.remove_prefix(form + 1);
    }
    f(word, place);
    folded.remove_prefix(std::min(end + 1, folded.size()));
  }
}

} // namespace alloy::projections
