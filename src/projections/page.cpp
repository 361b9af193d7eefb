#include "projections/page.hpp"

#include "domain/entities.hpp"

#include <algorithm>

namespace alloy::projections {
namespace {

constexpr std::size_t chunk_max = 1024;  // rows looked at between two multi-gets of a filtered list
constexpr std::size_t read_at_once = 64; // and of one that takes all: a page may be full of bytes after a few

void scan_behind(reader const& state, range const& r, std::string const& after, row_visitor visit) {
  std::string from = r.prefix, to = after_prefix(r.prefix);
  if (!after.empty()) {
    if (r.way == direction::ascending)
      from = r.prefix + after + '\0'; // the first key behind it
    else
      to = r.prefix + after;
  }
  state.scan(from, to, r.way, visit);
}

} // namespace

page read_page(reader const& state, range const& r, page_request const& ask, row_reader const& item) {
  page p;
  std::string last, json;
  scan_behind(state, r, ask.after, [&](std::string_view k, std::string_view v) {
    json.clear();
    if (!item(k, v, json)) return true;
    if (p.is_full(ask, json.size())) {
      p.next = last;
      return false;
    }
    p.add(std::move(json));
    last.assign(k.substr(r.prefix.size()));
    return true;
  });
  return p;
}

page read_entities(reader const& state, range const& r, page_request const& ask,
                   std::function<std::string(std::string_view, std::string_view)> const& entity_key,
                   std::function<bool(std::string_view)> const& keep) {
  page p;
  std::string after = ask.after, last;
  for (;;) {
    std::vector<std::string> keys, places;
    std::size_t const want =
        keep ? std::min(chunk_max, (ask.limit + 1) * 4) : std::min(read_at_once, ask.limit + 1 - p.rows.size());
    scan_behind(state, r, after, [&](std::string_view k, std::string_view v) {
      keys.push_back(entity_key(k, v));
      places.emplace_back(k.substr(r.prefix.size()));
      return keys.size() < want;
    });
    auto values = state.multi_get(keys);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!values[i]) continue;
      std::string_view const json = domain::row::json_of(*values[i]);
      if (keep && !keep(json)) continue;
      if (p.is_full(ask, json.size())) {
        p.next = last;
        return p;
      }
      p.add(std::string(json));
      last = places[i];
    }
    if (keys.size() < want) return p;
    after = places.back();
  }
}

} // namespace alloy::projections
