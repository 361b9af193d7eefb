#include "projections/ticket_past.hpp"

#include "projections/ticket_index.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace alloy::projections {
namespace {

std::vector<uuid> tickets_ever_in(reader const& state, past const& then, uuid const& tenant, uuid const& project) {
  auto ids = then.former(tenant, project, entity::ticket);
  auto const prefix = statuses_of(tenant, project).str();
  state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
    ids.push_back(rank::at_end_of(k).id());
    return true;
  });
  return ids;
}

} // namespace

page list_tickets_then(reader const& state, past const& then, ticket_query const& q, page_request const& ask) {
  // The first items behind the cursor, kept in order: place and tenant lead to the document.
  std::map<std::string, std::string> first;
  bool const up = q.way == direction::ascending;
  for (auto const& scope : q.scopes) {
    auto projects = scope.projects;
    if (scope.whole_tenant)
      for (auto const& gone : then.former(scope.tenant, scope.tenant, entity::project)) projects.push_back(gone);
    std::set<uuid> seen;
    for (auto const& project : projects)
      for (auto const& id : tickets_ever_in(state, then, scope.tenant, project)) {
        if (!seen.insert(id).second) continue;
        auto const row = then.row(scope.tenant, entity::ticket, id);
        if (!row) continue;
        auto const t = json::stored<domain::ticket>(domain::row::json_of(*row));
        bool const here = std::find(projects.begin(), projects.end(), t.project_id) != projects.end();
        if (!here || !scope.filter.matches(state, scope.tenant, t)) continue;
        auto place = place_in(q.order, t).append(scope.tenant.view());
        if (!ask.after.empty() && (up ? place <= ask.after : place >= ask.after)) continue;
        first.emplace(std::move(place), domain::row::json_of(*row));
        if (first.size() > ask.limit + 1) first.erase(up ? std::prev(first.end()) : first.begin());
      }
  }
  page p;
  auto const take = [&](auto begin, auto end) {
    for (auto at = begin; at != end; ++at) {
      if (p.is_full(ask, at->second.size())) {
        p.next = std::prev(at)->first;
        return;
      }
      p.add(std::move(at->second));
    }
  };
  up ? take(first.begin(), first.end()) : take(first.rbegin(), first.rend());
  return p;
}

page list_then(past const& then, uuid const& tenant, uuid const& owner, entity kind, std::vector<uuid> now,
               page_request const& ask, std::function<bool(std::string_view)> const& keep) {
  for (auto const& id : then.former(tenant, owner, kind)) now.push_back(id);
  std::sort(now.begin(), now.end());
  now.erase(std::unique(now.begin(), now.end()), now.end());
  page p;
  std::string last;
  for (auto const& id : now) {
    if (!ask.after.empty() && id.view() <= ask.after) continue;
    auto const row = then.row(tenant, kind, id);
    if (!row || (keep && !keep(domain::row::json_of(*row)))) continue;
    auto const json = domain::row::json_of(*row);
    if (p.is_full(ask, json.size())) {
      p.next = last;
      return p;
    }
    p.add(std::string(json));
    last = id.view();
  }
  return p;
}

} // namespace alloy::projections
