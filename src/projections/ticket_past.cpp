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

// Calls `f` with each ticket that the query finds, as it was then, where it stands in the order asked for, and its
// JSON.
template <class F> void each_then(reader const& state, past const& then, ticket_query const& q, F const& f) {
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
        auto const json = domain::row::json_of(*row);
        auto const t = json::stored<domain::ticket>(json);
        bool const here = std::find(projects.begin(), projects.end(), t.project_id) != projects.end();
        if (here && scope.filter.matches(state, scope.tenant, t))
          f(t, place_in(q.order, t).append(scope.tenant.view()), json);
      }
  }
}

// The first items behind the cursor, kept in order: place and tenant lead to the document.
class first_page {
 public:
  first_page(page_request const& ask, direction way) : ask_(ask), up_(way == direction::ascending) {}

  void add(std::string place, std::string_view json) {
    if (!ask_.after.empty() && (up_ ? place <= ask_.after : place >= ask_.after)) return;
    first_.emplace(std::move(place), json);
    if (first_.size() > ask_.limit + 1) first_.erase(up_ ? std::prev(first_.end()) : first_.begin());
  }
  page take() {
    page p;
    up_ ? fill(p, first_.begin(), first_.end()) : fill(p, first_.rbegin(), first_.rend());
    return p;
  }

 private:
  template <class At> void fill(page& p, At begin, At end) {
    for (auto at = begin; at != end; ++at) {
      if (p.is_full(ask_, at->second.size())) {
        p.next = std::prev(at)->first;
        return;
      }
      p.add(std::move(at->second));
    }
  }

  page_request const& ask_;
  bool const up_;
  std::map<std::string, std::string> first_;
};

} // namespace

page list_tickets_then(reader const& state, past const& then, ticket_query const& q, page_request const& ask) {
  first_page first(ask, q.way);
  each_then(state, then, q,
            [&](auto const&, std::string place, std::string_view json) { first.add(std::move(place), json); });
  return first.take();
}

std::map<std::string, status_then> list_statuses_then(reader const& state, past const& then, ticket_query const& q,
                                                      page_request const& ask) {
  std::map<std::string, status_then> all;
  std::map<std::string, first_page> first;
  each_then(state, then, q, [&](domain::ticket const& t, std::string place, std::string_view json) {
    ++all[t.status].count;
    first.try_emplace(t.status, ask, q.way).first->second.add(std::move(place), json);
  });
  for (auto& [status, one] : first) all[status].first = one.take();
  return all;
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
