#pragma once
// The rows of the search index and their bytes; numbers are u64 big-endian.
//   open       -> block                                   the one that takes the tenant's next ticket
//   ticket     ticket id -> block | created_at ms | gone | references, a line each; the current one is last
//   reference  reference -> block | rank              all that a ticket which is there ever had
//   block      block -> first rank | last rank | loose bytes | sealed bytes | seals
//   loose      block, seals, document -> its words; none: it is gone
//   documents  block -> documents, in order, as documents_of() reads them
//   page       block, last word -> words and where they stand, as text_page.hpp says
// A block is a run of tickets that were created one after the other. A document is a part of one of them: its rank, a
// byte for the part, and of a comment its id. What is said lately is loose, a row a document; a search reads it word by
// word. When that has become much, the block is sealed (text_block.hpp): then its words lead to its documents, and what
// of it changes later is loose beside them again, until it is sealed anew. So one row is written for many words, none
// is ever changed by adding to it, and a search looks into what was written lately and into one page a word and block.
// How often a block was sealed is part of its loose keys, so that no search steps over the remains of former ones.
// A ticket that is deleted may come back, with all that was said about it, so nothing of it is thrown away: a loose row
// that is said of all its parts hides them.
// Pure functions, any thread.
#include "core/key.hpp"
#include "core/view.hpp"
#include "search/rank.hpp"

#include <vector>

namespace alloy::projections {

enum class ticket_part : std::uint8_t { title, description, comment, all = 0xff }; // all: what is said of every part

struct document {
  rank ticket;
  ticket_part part{};
  uuid comment = {}; // nil where the part is none
  auto operator<=>(document const&) const = default;
};

struct ticket_place {
  std::uint64_t block = 0;
  rank at;
  std::vector<std::string> references = {}; // all that it ever had, the current one last
  bool gone = false;
};
std::optional<ticket_place> find_ticket(reader const& rows, uuid const& tenant, uuid const& ticket);
void put_ticket(view& rows, uuid const& tenant, ticket_place const& t); // with what its references lead to
struct referred {
  std::uint64_t block = 0;
  rank at;
};
std::optional<referred> find_reference(reader const& rows, uuid const& tenant, std::string_view reference);

struct text_block {
  std::uint64_t number = 0;
  rank first, last; // of its tickets
  std::uint64_t loose_bytes = 0, sealed_bytes = 0, seals = 0;
};
std::optional<text_block> find_block(reader const& rows, uuid const& tenant, std::uint64_t number);
std::vector<text_block> blocks_of(reader const& rows, uuid const& tenant); // by number
void put_block(view& rows, uuid const& tenant, text_block const& b);

std::uint64_t open_block(reader const& rows, uuid const& tenant);
void put_open_block(view& rows, uuid const& tenant, std::uint64_t number);

key loose_key(uuid const& tenant, text_block const& b, document const& d);
key page_key(uuid const& tenant, std::uint64_t block, std::string_view last_word = {});

// What was sealed, in order.
std::vector<document> documents_of(reader const& rows, uuid const& tenant, std::uint64_t block);
void put_documents(view& rows, uuid const& tenant, std::uint64_t block, std::vector<document> const& all);

// What became of a block since, in order; what is hidden has no words.
struct loose_document {
  document at;
  std::string words; // none: it is gone
};
std::vector<loose_document> loose_of(reader const& rows, uuid const& tenant, text_block const& b);
// The same with the words of what is hidden.
std::vector<loose_document> all_loose_of(reader const& rows, uuid const& tenant, text_block const& b);
// Which of the sealed documents are gone, or loose now.
std::vector<bool> outdated(std::vector<document> const& sealed, std::vector<loose_document> const& loose);

} // namespace alloy::projections
