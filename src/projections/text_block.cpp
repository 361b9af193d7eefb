#include "projections/text_block.hpp"

#include "projections/text_page.hpp"
#include "projections/words.hpp"

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

numbering number(block_content const& c) {
  numbering n;
  n.sealed.assign(c.sealed.size(), gone);
  n.loose.reserve(c.loose.size());
  std::size_t old = 0;
  auto const take_sealed_before = [&](document const* end) {
    for (; old < c.sealed.size() && (end == nullptr || c.sealed[old] < *end); ++old) {
      if (c.stale[old]) continue;
      n.sealed[old] = static_cast<std::uint32_t>(n.documents.size());
      n.documents.push_back(c.sealed[old]);
    }
  };
  for (auto const& l : c.loose) {
    take_sealed_before(&l.at);
    n.loose.push_back(static_cast<std::uint32_t>(n.documents.size()));
    n.documents.push_back(l.at);
  }
  take_sealed_before(nullptr);
  return n;
}

using inverted = std::vector<std::pair<std::string_view, occurrences>>;

inverted invert(block_content const& c, numbering const& n) {
  inverted words;
  boost::unordered_flat_map<std::string_view, std::size_t> places;
  places.reserve(words_expected);
  words.reserve(words_expected);
  for (std::size_t i = 0; i < c.loose.size(); ++i) {
    std::uint32_t position = 0;
    for_each_word(c.loose[i].words, [&](std::string_view word) {
      auto const [place, fresh] = places.emplace(word, words.size());
      if (fresh) words.emplace_back(word, occurrences{});
      words[place->second].second.add(n.loose[i], position++);
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
  auto const content = content_of(rows, tenant, block);
  auto const numbers = number(content);
  auto const added = invert(content, numbers);
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
  auto const loose = loose_key(tenant, block.number);
  std::vector<std::string> taken;
  rows.scan(loose, after_prefix(loose), direction::ascending, [&](std::string_view k, std::string_view) {
    taken.emplace_back(k);
    return true;
  });
  for (auto const& k : taken) rows.erase(k);
}

} // namespace alloy::projections
