#include "projections/ticket_walk.hpp"

#include "projections/ticket_index.hpp"
#include "search/text_index.hpp"
#include "search/text_rows.hpp"
#include "storage/overlay.hpp"

#include <algorithm>
#include <limits>

namespace alloy::projections {
namespace {

constexpr sealing never{std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<std::uint64_t>::max(), 1};

struct no_rows final : reader {
  bool get(std::string_view, std::string&) const override { return false; }
  void scan(std::string_view, std::string_view, direction, row_visitor) const override {}
};

void put_in_order(std::vector<uuid>& ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

std::vector<uuid> changed_since(reader const& state, ticket_scope const& scope, timestamp since) {
  std::vector<uuid> ids;
  for (auto const& project : scope.projects) {
    auto const all = updates_of(scope.tenant, project).str();
    auto from = all;
    append_u64(from, static_cast<std::uint64_t>(std::max<std::int64_t>(0, since.ms)));
    state.scan(from, after_prefix(all), direction::ascending, [&](std::string_view k, std::string_view) {
      ids.push_back(rank::at_end_of(k).id());
      return true;
    });
  }
  put_in_order(ids);
  return ids;
}

bool is_wanted(reader const& state, ticket_scope const& scope, uuid const& id) {
  auto const t = domain::find<domain::ticket>(state, scope.tenant, id);
  return t && std::find(scope.projects.begin(), scope.projects.end(), t->project_id) != scope.projects.end() &&
         scope.filter.matches(state, scope.tenant, *t);
}

// How well those matched whose words have changed: an index is made of what had been said about them alone.
std::vector<placed_ticket> matches_then(ticket_scope const& scope, std::string const& weights,
                                        walk_memory const& memory, walk const& begun, std::vector<uuid> const& ids) {
  no_rows const nothing;
  storage::overlay rows(nothing);
  for (auto const& id : ids)
    for (auto const& e : memory.history(scope.tenant, id, begun)) index_event(rows, e, never);
  std::vector<placed_ticket> found;
  match_cursor matches(rows, scope.tenant, scope.text->query, weights);
  for (bool more = matches.begin(); more; more = matches.next())
    found.push_back({place_of(scored{matches.score(), matches.at()}), matches.at().id()});
  return found;
}

// Those whose text matches as it is now.
void keep_matching(ticket_scope const& scope, std::vector<placed_ticket>& tickets) {
  match_cursor matches(scope.text->rows, scope.tenant, scope.text->query);
  std::vector<uuid> found;
  std::vector<rank> ranks;
  for (auto const& t : tickets)
    if (auto const place = find_ticket(scope.text->rows, scope.tenant, t.id); place && !place->gone)
      ranks.push_back(place->at);
  std::sort(ranks.begin(), ranks.end());
  for (auto const& at : ranks)
    if (matches.seek(at) && matches.at() == at) found.push_back(at.id());
  put_in_order(found);
  std::erase_if(tickets, [&](placed_ticket const& t) { return !std::binary_search(found.begin(), found.end(), t.id); });
}

} // namespace

std::string walk::as_bytes() const {
  std::string out;
  append_u64(out, position);
  append_u64(out, static_cast<std::uint64_t>(at.ms));
  return out;
}

walk walk::from_bytes(std::string_view of) {
  return {big_endian_u64(of), {static_cast<std::int64_t>(big_endian_u64(of.substr(8)))}};
}

moved_tickets moved_since(reader const& state, ticket_scope const& scope, ticket_order order,
                          std::string const& weights, walk_memory const& memory, walk const& begun) {
  moved_tickets moved;
  if (order == ticket_order::relevance) {
    moved.ids = memory.spoken_of(scope.tenant, begun);
    put_in_order(moved.ids);
    if (!moved.ids.empty()) moved.then = matches_then(scope, weights, memory, begun, moved.ids);
  } else {
    moved.ids = changed_since(state, scope, begun.at);
    for (auto const& id : moved.ids) {
      if (!is_wanted(state, scope, id)) continue; // so that nothing is looked up in vain
      if (auto const t = memory.ticket(scope.tenant, id, begun)) moved.then.push_back({place_in(order, *t), id});
    }
  }
  if (scope.text && !moved.then.empty()) keep_matching(scope, moved.then);
  return moved;
}

} // namespace alloy::projections
