#pragma once
// What Unicode says of the characters of a text: whether anything of one is seen, whether it breaks a line, and the
// forms in which two ways of writing one thing become the same bytes (UAX #15, after utf8proc). Pure functions, any
// thread; a byte that is not UTF-8 counts as U+FFFD.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alloy {

using code_point = std::int32_t;

bool is_ascii(std::string_view text) noexcept;
// The code point at `at`, which moves behind it. REQUIRES: at < text.size()
code_point next_point(std::string_view utf8, std::size_t& at) noexcept;
void append_point(std::string& utf8, code_point p);

bool is_control(code_point p) noexcept;    // C0, DEL and C1
bool is_line_break(code_point p) noexcept; // whatever begins a new line: U+000A to U+000D, U+0085, U+2028, U+2029
bool is_space(code_point p) noexcept;      // of any width; U+2800, the empty Braille pattern, is one to the eye
// A mark that is drawn on the character before it.
bool is_mark(code_point p) noexcept;
bool is_above(code_point p) noexcept; // a mark that stands above it, as others of this class do: they stack
// Something of it is seen: it is no space, no control, no format character that fonts draw nothing for, and no
// noncharacter. Private and unassigned code points count as seen, for a font or a later Unicode may have them.
bool is_visible(code_point p) noexcept;
// It draws nothing itself but belongs to what is drawn, as it stands in Persian, Indian and Mongolian words and in
// emoji: a joiner, a variation selector or a tag between the characters that take one.
bool belongs_between(code_point before, code_point p, code_point after) noexcept;

// The decomposition that options of utf8proc (UTF8PROC_COMPAT, _CASEFOLD, _IGNORE) ask for, its marks in canonical
// order; nothing where the text is no UTF-8. `instead` names the code point that another one is taken for. utf8proc's
// own takes time by the square of how many marks stand beside each other: half a minute for 80 kB of them.
std::optional<std::vector<code_point>> decomposed(std::string_view utf8, int options,
                                                  code_point (*instead)(code_point) = nullptr);
// Into NFC, of what is decomposed and in order.
void compose(std::vector<code_point>& decomposed);

std::string composed(std::string_view utf8);              // NFC
std::string lower_case(std::string_view utf8);            // NFC, each character in lower case
std::string compatible_lower_case(std::string_view utf8); // the same of NFKC, without what fonts draw nothing for
std::string case_folded(std::string_view utf8);           // NFKC_Casefold

} // namespace alloy
