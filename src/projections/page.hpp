#pragma once
// One page of a range of rows: keyset paging, so that a list has no gaps and no doubles while others write. The
// cursor's plain form is the last key of the page behind the range's prefix; the api room signs and binds it.
#include "core/key.hpp"
#include "core/view.hpp"

#include <functional>

namespace alloy::projections {

struct range {
  std::string prefix;
  direction way = direction::ascending;
};

struct page_request {
  std::size_t limit = 50;
  std::string after = {};                  // the plain cursor; empty: from the beginning
  std::size_t bytes_max = ~std::size_t{0}; // of all items; the first one is given however large it is
};

struct page {
  std::vector<std::string> rows = {}; // JSON of the items
  std::string next = {};              // the plain cursor of the next page, empty at the end
  std::size_t bytes = 0;              // of the rows

  // Whether an item of so many bytes is for the next page.
  bool is_full(page_request const& ask, std::size_t item_bytes) const noexcept {
    return rows.size() >= ask.limit || (!rows.empty() && bytes + item_bytes > ask.bytes_max);
  }
  void add(std::string item) {
    bytes += item.size();
    rows.push_back(std::move(item));
  }
};

// Turns an index row into the JSON of its item; false skips it.
using row_reader = std::function<bool(std::string_view key, std::string_view value, std::string& json)>;

// The items are the rows of the range themselves.
page read_page(reader const& state, range const& r, page_request const& ask, row_reader const& item);
// The items are the entities that the rows of the range name: `entity_key` makes their keys, one multi-get reads them;
// `keep` may refuse an item (a filter the index does not know), and then the scan goes on.
page read_entities(reader const& state, range const& r, page_request const& ask,
                   std::function<std::string(std::string_view key, std::string_view value)> const& entity_key,
                   std::function<bool(std::string_view json)> const& keep = {});

} // namespace alloy::projections
