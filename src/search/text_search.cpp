#include "search/text_search.hpp"

#include "search/block_search.hpp"

#include <algorithm>

namespace alloy::projections {
namespace {

// How many of the newest sealed blocks say how rare a word is.
constexpr std::size_t sampled_blocks_max = 8;

} // namespace

std::string term_weights(reader const& rows, uuid const& tenant, text_query const& query) {
  block_search search(rows, tenant, query, {});
  auto const blocks = blocks_of(rows, tenant);
  std::vector<std::uint64_t> documents(query.terms.size());
  std::size_t sampled = 0;
  for (auto b = blocks.rbegin(); b != blocks.rend() && sampled < sampled_blocks_max; ++b) {
    if (b->sealed_bytes == 0) continue;
    search.count(b->number, documents);
    ++sampled;
  }
  std::string weights;
  for (auto const n : documents) weights.push_back(block_search::weight_of(n));
  return weights;
}

// Blocks follow each other by rank, but for what a clock that was set back has done: one is looked into as soon as it
// may hold the next match, and the matches of those that were are taken in order.
struct match_cursor::body {
  struct run {
    std::vector<scored> matches;
    std::size_t at = 0;
  };

  body(reader const& rows, uuid const& tenant, text_query q, std::string weights, direction way)
      : query(std::move(q)), up(way == direction::ascending), blocks(blocks_of(rows, tenant)),
        search(rows, tenant, query, std::move(weights)) {
    std::ranges::sort(blocks, [this](auto const& a, auto const& b) { return comes_before(start(a), start(b)); });
  }

  bool comes_before(rank const& a, rank const& b) const noexcept { return up ? a < b : b < a; }
  rank const& start(text_block const& b) const noexcept { return up ? b.first : b.last; }
  rank const& end(text_block const& b) const noexcept { return up ? b.last : b.first; }

  // To the first match at `from` or behind it.
  bool settle(rank const& from) {
    for (auto& r : runs) skip(r, from);
    std::erase_if(runs, [](run const& r) { return r.at == r.matches.size(); });
    for (;;) {
      auto const first = std::ranges::min_element(
          runs, [this](run const& a, run const& b) { return comes_before(current(a).at, current(b).at); });
      bool const found = first != runs.end();
      if (next == blocks.size() || (found && comes_before(current(*first).at, start(blocks[next])))) {
        if (found) at = current(*first);
        return found;
      }
      auto const& block = blocks[next++];
      if (comes_before(end(block), from)) continue;
      run r{search.matches(block)};
      if (!up) std::ranges::reverse(r.matches);
      skip(r, from);
      if (r.at < r.matches.size()) runs.push_back(std::move(r));
    }
  }

  static scored const& current(run const& r) noexcept { return r.matches[r.at]; }
  void skip(run& r, rank const& from) const {
    if (r.at < r.matches.size() && !comes_before(current(r).at, from)) return;
    auto const begin = r.matches.begin() + static_cast<std::ptrdiff_t>(r.at);
    auto const it =
        std::partition_point(begin, r.matches.end(), [&](scored const& m) { return comes_before(m.at, from); });
    r.at = static_cast<std::size_t>(it - r.matches.begin());
  }

  text_query const query;
  bool const up;
  std::vector<text_block> blocks; // in the order in which they begin
  std::size_t next = 0;           // of them: not yet looked into
  block_search search;
  std::vector<run> runs;
  scored at;
};

match_cursor::match_cursor(reader const& rows, uuid const& tenant, text_query query, std::string weights, direction way)
    : body_(std::make_unique<body>(rows, tenant, std::move(query), std::move(weights), way)) {}
match_cursor::~match_cursor() = default;
match_cursor::match_cursor(match_cursor&&) noexcept = default;

bool match_cursor::begin() {
  rank first;
  if (!body_->up) first.bytes.fill(0xff);
  return seek(first);
}
bool match_cursor::seek(rank const& from) {
  return body_->settle(from);
}
bool match_cursor::next() {
  // The run of the last match stands at it still, and no other holds the same ticket.
  for (auto& r : body_->runs)
    if (body::current(r).at == body_->at.at) ++r.at;
  return body_->settle(body_->at.at);
}
rank const& match_cursor::at() const noexcept {
  return body_->at.at;
}
match_score match_cursor::score() const noexcept {
  return body_->at.score;
}

std::vector<scored> top_matches(match_cursor& matches, std::size_t limit, std::optional<scored> const& after,
                                std::function<bool(rank const&)> const& keep) {
  std::vector<scored> best; // a heap whose front is the last of them
  auto const by_place = [](scored const& a, scored const& b) { return before(a, b); };
  for (bool more = limit > 0 && matches.begin(); more; more = matches.next()) {
    scored const m{matches.score(), matches.at()};
    if (after && !before(*after, m)) continue;
    if (best.size() == limit && !before(m, best.front())) continue;
    if (keep && !keep(m.at)) continue;
    if (best.size() == limit) {
      std::ranges::pop_heap(best, by_place);
      best.pop_back();
    }
    best.push_back(m);
    std::ranges::push_heap(best, by_place);
  }
  std::ranges::sort_heap(best, by_place);
  return best;
}

} // namespace alloy::projections
