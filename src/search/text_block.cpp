#include "search/text_block.hpp"

#include "search/text_page.hpp"
#include "search/words.hpp"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <limits>

namespace alloy::projections {
namespace {

constexpr std::size_t words_expected = 4096; // different ones in what is loose; more cost time
constexpr auto gone = std::numeric_limits<std::uint32_t>::max();

// The documents of a sealed block, and which of them the former ones and the loose ones have become.
struct numbering {
  std::vector<document> documents;
  std::vector<std::uint32_t> sealed, loose;
};

numbering number(std::vector<document> const& sealed, std::vector<loose_document> const& loose) {
  numbering n;
  n.sealed.assign(sealed.size(), gone);
  n.loose.assign(loose.size(), gone);
  auto const old = outdated(sealed, loose);
  auto const take = [&](document const& d, std::uint32_t& as) {
    as = static_cast<std::uint32_t>(n.documents.size());
    n.documents.push_back(d);
  };
  std::size_t at = 0;
  auto const take_sealed_until = [&](auto const& is_end) {
    for (; at < sealed.size() && !is_end(sealed[at]); ++at)
      if (!old[at]) take(sealed[at], n.sealed[at]);
  };
  for (std::size_t i = 0; i < loose.size(); ++i) {
    take_sealed_until([&](document const& d) { return loose[i].at < d; });
    if (!loose[i].words.empty()) take(loose[i].at, n.loose[i]);
  }
  take_sealed_until([](document const&) { return false; });
  return n;
}

using inverted = std::vector<std::pair<std::string_view, occurrences>>;

inverted invert(std::vector<loose_document> const& loose, std::vector<std::uint32_t> const& numbers) {
  inverted words;
  boost::unordered_flat_map<std::string_view, std::size_t> places;
  places.reserve(words_expected);
  words.reserve(words_expected);
  for (std::size_t i = 0; i < loose.size(); ++i) {
    for_each_word(loose[i].words, [&](std::string_view word, std::uint32_t position) {
      auto const [place, fresh] = places.emplace(word, words.size());
      if (fresh) words.emplace_back(word, occurrences{});
      words[place->second].second.add(numbers[i], position);
    });
  }
  std::ranges::sort(words, {}, [](auto const& w) { return w.first; });
  return words;
}

// What is left of a word's former occurrences, and the loose ones among them.
occurrences merge(std::string_view former, std::vector<std::uint32_t> const& become, occurrences const* added) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> all;
  for_each_occurrence(former, [&](std::uint32_t document, std::uint32_t position) {
    if (become.at(document) != gone) all.emplace_back(become[document], position);
  });
  auto const middle = static_cast<std::ptrdiff_t>(all.size());
  if (added != nullptr)
    for_each_occurrence(added->bytes(), [&](std::uint32_t d, std::uint32_t p) { all.emplace_back(d, p); });
  std::inplace_merge(all.begin(), all.begin() + middle, all.end());
  occurrences merged;
  for (auto const& [document, position] : all) merged.add(document, position);
  return merged;
}

using row_list = std::vector<std::pair<std::string, std::string>>;

row_list rows_of(reader const& rows, std::string_view prefix) {
  row_list all;
  rows.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view v) {
    all.emplace_back(k, v);
    return true;
  });
  return all;
}

} // namespace

void seal(view& rows, uuid const& tenant, text_block& block) {
  auto loose = all_loose_of(rows, tenant, block);
  std::vector<document> hiding;
  for (auto const& l : loose) {
    rows.erase(loose_key(tenant, block, l.at));
    if (l.at.part == ticket_part::all) hiding.push_back(l.at);
  }
  std::erase_if(loose, [](loose_document const& l) { return l.at.part == ticket_part::all; });
  auto const numbers = number(documents_of(rows, tenant, block.number), loose);
  auto const added = invert(loose, numbers.loose);
  row_list former;
  if (block.sealed_bytes > 0) former = rows_of(rows, page_key(tenant, block.number));
  for (auto const& [k, page] : former) rows.erase(k);

  block.sealed_bytes = block.loose_bytes = 0;
  page_writer pages([&](std::string_view last_word, std::string_view page) {
    rows.put(page_key(tenant, block.number, last_word), page);
    block.sealed_bytes += page.size();
  });
  auto next = added.begin();
  auto const add_before = [&](std::string const* end) {
    for (; next != added.end() && (end == nullptr || next->first < *end); ++next) pages.add(next->first, next->second);
  };
  for (auto const& [k, page] : former)
    for (page_reader entry(page); entry.next();) {
      add_before(&entry.word());
      bool const also = next != added.end() && next->first == entry.word();
      auto const of = merge(entry.occurrences(), numbers.sealed, also ? &(next++)->second : nullptr);
      if (of.documents() > 0) pages.add(entry.word(), of);
    }
  add_before(nullptr);
  pages.finish();

  put_documents(rows, tenant, block.number, numbers.documents);
  ++block.seals;
  for (auto const& d : hiding) rows.put(loose_key(tenant, block, d), {});
  block.loose_bytes = hiding.size(); // so little that they are no reason to seal it once more
}

} // namespace alloy::projections
