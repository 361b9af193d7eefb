#include "search/text_query.hpp"

#include "core/text.hpp"
#include "search/words.hpp"

#include <algorithm>
#include <array>

namespace alloy::projections {
namespace {

constexpr std::array<std::string_view, 6> spaces{" ", "\t", "\r", "\n", "\u00a0", "\u3000"};

// The bytes of the space that `text` begins with, or 0.
std::size_t space_at(std::string_view text) {
  for (auto const space : spaces)
    if (text.starts_with(space)) return space.size();
  return 0;
}

// Where the first space or quotation mark is, or the end.
std::size_t end_of_piece(std::string_view text) {
  auto end = std::min(text.find('"'), text.size());
  for (auto const space : spaces) end = std::min(end, text.find(space));
  return end;
}

// The piece as a reference, KEY-17, or nothing.
std::string reference_in(std::string_view piece) {
  constexpr std::size_t digits_max = 18;
  auto const hyphen = std::min(piece.find('-'), piece.size());
  auto const number = piece.substr(std::min(hyphen + 1, piece.size()));
  auto const is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (number.empty() || number.size() > digits_max || !std::all_of(number.begin(), number.end(), is_digit)) return {};
  std::string upper(piece);
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return project_key_rule::ok(std::string_view(upper).substr(0, hyphen)) ? upper : std::string();
}

text_query::term term_of(std::string_view piece, bool quoted) {
  text_query::term t;
  for_each_word(fold_asked(piece), [&](std::string_view word, std::uint32_t) { t.words.emplace_back(word); });
  if (quoted) return t;
  t.reference = reference_in(piece);
  t.is_prefix = t.reference.empty();
  return t;
}

error fault(char const* code, std::string detail) {
  return error::of_field("/q", code, std::move(detail));
}

} // namespace

result<text_query> parse_query(std::string_view q) {
  if (auto const length = code_points(q); length > text_query::characters_max)
    return fault("too_long", "it must have at most " + std::to_string(text_query::characters_max) +
                                 " characters, it has " + std::to_string(length));
  text_query query;
  std::size_t words = 0;
  while (!q.empty()) {
    if (auto const space = space_at(q)) {
      q.remove_prefix(space);
      continue;
    }
    bool const quoted = q.front() == '"';
    if (quoted) q.remove_prefix(1);
    auto const end = quoted ? q.find('"') : end_of_piece(q);
    if (end == q.npos) return fault("unbalanced_quotes", "a phrase begins with a quotation mark and must end with one");
    auto t = term_of(q.substr(0, end), quoted);
    words += t.words.size();
    if (!t.words.empty()) query.terms.push_back(std::move(t));
    q.remove_prefix(quoted ? end + 1 : end);
  }
  if (words == 0) return fault("no_words", "it must hold a word: a letter, a digit or an emoji");
  if (words > text_query::words_max)
    return fault("too_many_words", "it must have at most " + std::to_string(text_query::words_max) + " words, it has " +
                                       std::to_string(words));
  return query;
}

} // namespace alloy::projections
