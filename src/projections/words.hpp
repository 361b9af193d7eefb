#pragma once
// Text as the words that search compares: lower case, without accents, compatible forms made one (full-width letters,
// ligatures), split at what is neither letter nor number. An ideograph, a kana and a Hangul syllable are a word each,
// so that a phrase of them finds them inside a longer run. After Unicode's NFKC and case folding (utf8proc). Pure
// functions, any thread.
#include <cstddef>
#include <string>
#include <string_view>

namespace alloy::projections {

inline constexpr std::size_t word_bytes_max = 64; // a longer word is cut, in texts and in queries alike

// The words with a space between two of them. A byte that is not UTF-8 ends a word.
std::string fold_words(std::string_view text);

// Of what fold_words gave: f(word), in order.
template <class F> void for_each_word(std::string_view folded, F f) {
  while (!folded.empty()) {
    auto const end = std::min(folded.find(' '), folded.size());
    f(folded.substr(0, end));
    folded.remove_prefix(std::min(end + 1, folded.size()));
  }
}

} // namespace alloy::projections
