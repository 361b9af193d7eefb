#pragma once
// What is asked of the text of tickets, `q` of a list:
//   deploy            words that begin so; the word itself counts more than one that goes on. deploy* says the same
//   "blue green"      these words, whole and in this order, in one part: the title, the description or one comment
//   1.2.3  foo-bar    words with something between them are such a phrase, too, whose last word may go on
//   C++ C# .NET       words that mean something else with their signs; C finds C++, too
//   KEY-17            the ticket of that reference, before all others; and those that speak of it
//   deploy "blue green" KEY-17      all of them, each in any part of the ticket
// Words are folded as the index folds them (words.hpp). Values, any thread.
#include "core/error.hpp"

namespace alloy::projections {

struct text_query {
  static constexpr std::size_t characters_max = 500, words_max = 20;

  struct term {
    std::vector<std::string> words; // folded, at least one; they follow each other in one part
    bool is_prefix = false;         // the last one is the beginning of a word
    std::string reference = {};     // in upper case, where the term may be one
    bool operator==(term const&) const = default;
  };
  std::vector<term> terms; // a ticket that matches has them all
  bool operator==(text_query const&) const = default;
};

// The fault's pointer is /q.
result<text_query> parse_query(std::string_view q);

} // namespace alloy::projections
