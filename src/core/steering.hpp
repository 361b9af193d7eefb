#pragma once
// Characters that steer whoever shows a text instead of standing in it: C0 and C1 controls (ESC and CSI among them),
// DEL, and Unicode's controls of writing direction, which show a text in another order than it has (UTR #36). In what
// goes to a terminal or a log they are written as JSON escapes. Pure, any thread.
#include <cstddef>
#include <string>
#include <string_view>

namespace alloy {

// How many bytes the UTF-8 character at the front of `text` has; 0 where there is none (RFC 3629).
std::size_t character_size(std::string_view text) noexcept;
// The code point of a character that is whole.
char32_t decode_point(std::string_view character) noexcept;
bool steers(char32_t c) noexcept;

// The escape of JSON: \u001b.
void append_escape(std::string& out, char32_t c);

// As it is, but for what steers and what is no UTF-8. Line breaks and tabs stay; a JSON text stays the same JSON.
std::string without_steering(std::string_view text);

} // namespace alloy
