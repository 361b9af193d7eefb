#pragma once
// Answers a query for one block at a time: what is sealed by its pages, what is loose word by word. One thread.
#include "search/text_rows.hpp"
#include "search/text_search.hpp"

namespace alloy::projections {

class page_reader;

class block_search {
 public:
  // `query` outlives it.
  block_search(reader const& rows, uuid const& tenant, text_query const& query, std::string weights);

  std::vector<scored> matches(text_block const& b); // in ascending order of ranks
  // Adds to each term in how many documents of a sealed block it is, at most.
  void count(std::uint64_t block, std::vector<std::uint64_t>& documents);
  static char weight_of(std::uint64_t documents) noexcept;

 private:
  struct slot { // a word that is asked for
    std::string const& word;
    bool is_prefix, in_phrase;
  };
  struct hit { // where one stands
    std::uint32_t document, position;
    bool exact;
    static bool before(hit const& a, hit const& b) noexcept {
      return a.document != b.document ? a.document < b.document : a.position < b.position;
    }
  };
  struct tally { // what a ticket has of a term
    std::uint32_t weight = 0;
    bool exact = false, reference = false;
    bool found() const noexcept { return weight > 0 || reference; }
  };
  struct placed { // a document of the block at hand
    std::uint32_t ticket, weight;
  };

  static bool may_go_on(slot const& s, std::string_view word) noexcept; // REQUIRES: it begins so
  template <class F> void for_each_entry(std::uint64_t block, slot const& s, F f);
  void find_sealed(std::uint64_t block);
  void find_loose(std::vector<loose_document> const& loose);
  bool may_match(text_block const& b) const;                              // as far as the words tell that were found
  bool is_referred(std::size_t term, text_block const& b) const noexcept; // the term names a ticket of the block
  void place_documents(text_block const& b, std::vector<loose_document> const& loose);
  std::uint32_t number_of_loose(rank const& ticket);
  std::uint32_t number_of_referred(rank const& ticket);
  std::vector<hit> follow(std::size_t first_slot, std::size_t slots) const;
  void tally_up(text_block const& b);
  match_score score(tally const* terms) const noexcept;

  reader const& rows_;
  uuid const tenant_;
  text_query const& query_;
  std::string weights_;
  std::vector<slot> slots_;                         // of all terms, in order
  std::vector<std::optional<referred>> references_; // of each term
  std::unique_ptr<row_cursor> pages_;

  // Of the block at hand.
  std::vector<std::vector<hit>> hits_; // of each slot; of one in a phrase by document and position
  std::vector<placed> sealed_, loose_; // its documents
  std::vector<rank> tickets_;
  std::size_t sealed_tickets_ = 0; // of them: in order
  std::vector<tally> tallies_;     // by ticket, then term
};

} // namespace alloy::projections
