#pragma once
// The tickets of one tenant that match a query, in the order of creation or the best first. Everything reads rows that
// must not change meanwhile, so `rows` is a snapshot (search_store::rows) and outlives what is made from it. One thread
// at a time per object. Throws what the reader throws.
#include "core/view.hpp"
#include "search/rank.hpp"
#include "search/text_query.hpp"

#include <functional>
#include <memory>

namespace alloy::projections {

// How much each term says, a byte a term: the rarer in the newest tickets, the more. It moves with what is written, so
// the pages of one list must share it: it belongs into their cursor.
std::string term_weights(reader const& rows, uuid const& tenant, text_query const& query);

// Whole numbers, the same for the same rows, query and weights. The ticket of a reference has at least reference_score.
using match_score = std::uint32_t;
inline constexpr match_score reference_score = 1U << 30;

class match_cursor {
 public:
  // `weights` as weigh() made them for this query; those of another length count as even ones.
  match_cursor(reader const& rows, uuid const& tenant, text_query query, std::string weights = {},
               direction way = direction::ascending);
  ~match_cursor();
  match_cursor(match_cursor&&) noexcept;

  // To the first match, or to the first one at `from` or behind it, as the cursor moves: never back. False: no more.
  bool begin();
  bool seek(rank const& from);
  bool next(); // REQUIRES: the last move found one
  rank const& at() const noexcept;
  match_score score() const noexcept;

 private:
  struct body;
  std::unique_ptr<body> body_;
};

struct scored {
  match_score score = 0;
  rank at;
  // What comes first: the better, then the newer.
  friend bool before(scored const& a, scored const& b) noexcept {
    return a.score != b.score ? a.score > b.score : a.at > b.at;
  }
  bool operator==(scored const&) const = default;
};

// The `limit` first matches behind `after`, where that is given. `keep` is asked for those alone that would be among
// them. Reads all matches, holds `limit` of them. REQUIRES: `matches` was not moved
std::vector<scored> top_matches(match_cursor& matches, std::size_t limit, std::optional<scored> const& after = {},
                                std::function<bool(rank const&)> const& keep = {});

} // namespace alloy::projections
