#include "search/block_search.hpp"

#include "search/text_page.hpp"
#include "search/words.hpp"

#include <algorithm>
#include <bit>

namespace alloy::projections {
namespace {

// What an occurrence counts, by the part that it is in.
std::uint32_t weight_of_part(ticket_part p) noexcept {
  constexpr std::uint32_t weights[] = {4, 2, 1};
  return weights[static_cast<std::size_t>(p)];
}

// A term's own score is of_exact, where a whole word is the one that is asked for, and below of_places, how often and
// where it stands: weight / (weight + half_weight) of it. So no number of words that only begin alike outdoes it.
constexpr std::uint32_t of_exact = 1000, of_places = 1000, half_weight = 4;

// Where the numbers of loose documents begin, behind those of sealed ones.
constexpr std::uint32_t first_loose = 1U << 31;

// Weights of terms: from the rarest words to those in 1000 sampled documents and more, one less each time that a word
// is twice as frequent. They are this coarse so that they seldom change.
constexpr std::uint64_t counted_documents_max = 1000;
constexpr int rarest_weight = 14;

} // namespace

block_search::block_search(reader const& rows, uuid const& tenant, text_query const& query, std::string weights)
    : rows_(rows), tenant_(tenant), query_(query), weights_(std::move(weights)) {
  if (weights_.size() != query.terms.size()) weights_.assign(query.terms.size(), 1);
  for (auto const& t : query.terms) {
    for (auto const& w : t.words) slots_.push_back({w, t.is_prefix && &w == &t.words.back(), t.words.size() > 1});
    references_.push_back(t.reference.empty() ? std::nullopt : find_reference(rows, tenant, t.reference));
  }
  hits_.resize(slots_.size());
  key const pages(tenant, table::text_page);
  pages_ = rows.cursor(pages, after_prefix(pages), direction::ascending);
}

bool block_search::is_referred(std::size_t term, text_block const& b) const noexcept {
  return references_[term] && references_[term]->block == b.number;
}

char block_search::weight_of(std::uint64_t documents) noexcept {
  return static_cast<char>(rarest_weight - std::bit_width(std::min(documents, counted_documents_max)));
}

// What begins like a plain word and is the second form of another one has its first form at the same place.
bool block_search::may_go_on(slot const& s, std::string_view word) noexcept {
  return s.is_prefix && (!is_other_form(word) || is_other_form(s.word));
}

// f(entry, whether it is the word itself)
template <class F> void block_search::for_each_entry(std::uint64_t block, slot const& s, F f) {
  auto const prefix = page_key(tenant_, block);
  for (pages_->seek(page_key(tenant_, block, s.word)); pages_->valid(); pages_->next()) {
    if (!pages_->key().starts_with(prefix.str())) return;
    for (page_reader entry(pages_->value()); entry.next();) {
      if (entry.word() < s.word) continue;
      bool const exact = entry.word() == s.word;
      if (!exact && !(s.is_prefix && entry.word().starts_with(s.word))) return;
      if (exact || may_go_on(s, entry.word())) f(entry, exact);
      if (!s.is_prefix) return;
    }
  }
}

void block_search::count(std::uint64_t block, std::vector<std::uint64_t>& documents) {
  std::size_t at = 0;
  for (std::size_t t = 0; t < query_.terms.size(); ++t) {
    std::uint64_t fewest = counted_documents_max;
    for (std::size_t i = 0; i < query_.terms[t].words.size(); ++i, ++at) {
      std::uint64_t sum = 0;
      for_each_entry(block, slots_[at], [&](page_reader const& e, bool) { sum += e.documents(); });
      fewest = std::min(fewest, sum);
    }
    documents[t] += fewest;
  }
}

std::vector<scored> block_search::matches(text_block const& b) {
  std::vector<scored> found;
  for (auto& h : hits_) h.clear();
  std::vector<loose_document> loose;
  if (b.loose_bytes > 0) loose = loose_of(rows_, tenant_, b);
  if (b.sealed_bytes > 0) find_sealed(b.number);
  find_loose(loose);
  if (!may_match(b)) return found;
  place_documents(b, loose);
  tally_up(b);
  for (std::size_t t = 0; t < tickets_.size(); ++t) {
    auto const* const terms = &tallies_[t * query_.terms.size()];
    if (std::all_of(terms, terms + query_.terms.size(), [](tally const& one) { return one.found(); }))
      found.push_back({score(terms), tickets_[t]});
  }
  if (tickets_.size() > sealed_tickets_) std::ranges::sort(found, {}, &scored::at);
  return found;
}

void block_search::find_sealed(std::uint64_t block) {
  for (std::size_t s = 0; s < slots_.size(); ++s) {
    auto& hits = hits_[s];
    std::size_t words = 0;
    for_each_entry(block, slots_[s], [&](page_reader const& e, bool exact) {
      for_each_occurrence(e.occurrences(), [&](std::uint32_t document, std::uint32_t position) {
        hits.push_back({document, position, exact});
      });
      ++words;
    });
    if (words > 1 && slots_[s].in_phrase) std::ranges::sort(hits, hit::before);
  }
}

bool block_search::may_match(text_block const& b) const {
  std::size_t at = 0;
  for (std::size_t t = 0; t < query_.terms.size(); ++t)
    for (std::size_t i = 0; i < query_.terms[t].words.size(); ++i, ++at)
      if (hits_[at].empty() && !is_referred(t, b)) return false;
  return true;
}

void block_search::place_documents(text_block const& b, std::vector<loose_document> const& loose) {
  tickets_.clear();
  sealed_.clear();
  loose_.clear();
  if (b.sealed_bytes > 0) {
    auto const documents = documents_of(rows_, tenant_, b.number);
    auto const old = outdated(documents, loose);
    for (std::size_t i = 0; i < documents.size(); ++i) {
      auto const& d = documents[i];
      if (tickets_.empty() || tickets_.back() != d.ticket) tickets_.push_back(d.ticket);
      sealed_.push_back({static_cast<std::uint32_t>(tickets_.size() - 1), old[i] ? 0 : weight_of_part(d.part)});
    }
  }
  sealed_tickets_ = tickets_.size();
  for (auto const& l : loose)
    loose_.push_back(l.words.empty() ? placed{} : placed{number_of_loose(l.at.ticket), weight_of_part(l.at.part)});
}

// Loose documents come in the order of their tickets, so one that is not sealed is the last one or a new one.
std::uint32_t block_search::number_of_loose(rank const& ticket) {
  auto const end = tickets_.begin() + static_cast<std::ptrdiff_t>(sealed_tickets_);
  auto const it = std::lower_bound(tickets_.begin(), end, ticket);
  if (it != end && *it == ticket) return static_cast<std::uint32_t>(it - tickets_.begin());
  if (tickets_.size() == sealed_tickets_ || tickets_.back() != ticket) tickets_.push_back(ticket);
  return static_cast<std::uint32_t>(tickets_.size() - 1);
}

// A ticket may have no document: one whose title has no word.
std::uint32_t block_search::number_of_referred(rank const& ticket) {
  auto const it = std::ranges::find(tickets_, ticket);
  auto const number = static_cast<std::uint32_t>(it - tickets_.begin());
  if (it == tickets_.end()) tickets_.push_back(ticket);
  return number;
}

void block_search::find_loose(std::vector<loose_document> const& loose) {
  for (std::size_t i = 0; i < loose.size(); ++i) {
    auto const document = first_loose + static_cast<std::uint32_t>(i);
    for_each_word(loose[i].words, [&](std::string_view word, std::uint32_t position) {
      for (std::size_t s = 0; s < slots_.size(); ++s)
        if (word.starts_with(slots_[s].word) && (word.size() == slots_[s].word.size() || may_go_on(slots_[s], word)))
          hits_[s].push_back({document, position, word.size() == slots_[s].word.size()});
    });
  }
}

// The hits of the first of these slots behind which the others follow.
std::vector<block_search::hit> block_search::follow(std::size_t first_slot, std::size_t slots) const {
  auto found = hits_[first_slot];
  for (std::size_t i = 1; i < slots; ++i) {
    auto next = hits_[first_slot + i].begin();
    auto const end = hits_[first_slot + i].end();
    auto kept = found.begin();
    for (auto const& h : found) {
      hit const wanted{h.document, static_cast<std::uint32_t>(h.position + i), h.exact};
      while (next != end && hit::before(*next, wanted)) ++next;
      if (next != end && !hit::before(wanted, *next)) *kept++ = {h.document, h.position, h.exact && next->exact};
    }
    found.erase(kept, found.end());
  }
  return found;
}

void block_search::tally_up(text_block const& b) {
  auto const terms = query_.terms.size();
  std::vector<std::optional<std::uint32_t>> referred(terms);
  for (std::size_t t = 0; t < terms; ++t)
    if (is_referred(t, b)) referred[t] = number_of_referred(references_[t]->at);
  tallies_.assign(tickets_.size() * terms, {});
  std::size_t first_slot = 0;
  for (std::size_t t = 0; t < terms; ++t) {
    auto const words = query_.terms[t].words.size();
    for (auto const& h : follow(first_slot, words)) {
      auto const& d = h.document < first_loose ? sealed_.at(h.document) : loose_[h.document - first_loose];
      if (d.weight == 0) continue;
      auto& of = tallies_[d.ticket * terms + t];
      of.weight += d.weight;
      of.exact = of.exact || h.exact;
    }
    if (referred[t]) tallies_[*referred[t] * terms + t].reference = true;
    first_slot += words;
  }
}

match_score block_search::score(tally const* terms) const noexcept {
  match_score sum = 0;
  bool reference = false;
  for (std::size_t t = 0; t < query_.terms.size(); ++t) {
    auto const& of = terms[t];
    auto const places = static_cast<match_score>(std::uint64_t{of_places} * of.weight / (of.weight + half_weight));
    sum += static_cast<match_score>(weights_[t]) * (places + (of.exact ? of_exact : 0));
    reference = reference || of.reference;
  }
  return reference ? reference_score + sum : sum;
}

} // namespace alloy::projections
