#pragma once
// Unicode's half of folding words: code points without case, accents and what cannot be seen, and which of them make a
// word. Pure functions, any thread.
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace alloy::projections {

// The code points of valid UTF-8, folded; `points` keeps its memory. What is left of invisible ones holds an emoji
// together.
void fold_points(std::string_view utf8, std::vector<std::int32_t>& points);

enum class point_kind : std::uint8_t {
  letter, // or a digit: joins the word at hand
  mark,   // joins it, and begins none
  alone,  // a word by itself, which marks may join
  emoji,  // begins one: emoji_size says how long it is
  other,
};
point_kind kind_of_point(std::int32_t point) noexcept;

// The code points of the emoji that these begin with: a picture with those that are joined to it, a flag, a keycap; 0:
// none.
std::size_t emoji_size(std::span<std::int32_t const> points) noexcept;

// What is written instead of a Latin letter that Unicode takes for one of its own, as o for one with a stroke; nothing
// where that is the letter itself.
std::string_view plain_latin(std::int32_t folded_point) noexcept;

} // namespace alloy::projections
