#include "projections/ticket_list.hpp"

#include "tests/projections/any_steps.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>

namespace alloy::projections {
namespace {

// The filter once more, said in another way.
bool wanted(ticket_filter const& f, ticket const& t) {
  auto const one_of = [](auto const& all, auto const& v) {
    return all.empty() || std::count(all.begin(), all.end(), v) > 0;
  };
  auto const id_is = [](std::optional<id_filter> const& of, std::optional<uuid> const& id) {
    if (!of) return true;
    if (!id) return of->none;
    return std::count(of->any.begin(), of->any.end(), *id) > 0;
  };
  bool labeled = f.label.empty();
  for (auto const& l : t.labels)
    for (auto const& w : f.label) labeled = labeled || l == w;
  return one_of(f.status, t.status) && one_of(f.category, t.category) && one_of(f.priority, t.priority) &&
         one_of(f.reporter, t.reporter_id) && id_is(f.assignee, t.assignee_id) && id_is(f.sprint, t.sprint_id) &&
         labeled && !(f.updated_since && t.updated_at < *f.updated_since) &&
         !(f.created_since && t.created_at < *f.created_since) &&
         !(f.due_before && (!t.due_date || *t.due_date >= *f.due_before));
}

std::vector<std::string> by_force(tests::map_view const& state, ticket_query const& q) {
  auto const& scope = q.scopes.front();
  std::vector<ticket> all;
  for (auto const& [k, v] : state.rows())
    if (k[16] == static_cast<char>(table::ticket)) {
      auto t = json::stored<ticket>(domain::row::json_of(v));
      if (std::count(scope.projects.begin(), scope.projects.end(), t.project_id) && wanted(scope.filter, t))
        all.push_back(std::move(t));
    }
  auto const rank = [&](ticket const& t) {
    std::int64_t first = 0; // by creation alone
    if (q.order == ticket_order::updated_at) first = t.updated_at.ms;
    if (q.order == ticket_order::priority) first = static_cast<std::int64_t>(t.priority);
    if (q.order == ticket_order::number) return std::tuple(t.ticket_number, std::int64_t{0}, t.id);
    return std::tuple(first, t.created_at.ms, t.id);
  };
  std::sort(all.begin(), all.end(), [&](auto const& a, auto const& b) { return rank(a) < rank(b); });
  if (q.way == direction::descending) std::reverse(all.begin(), all.end());
  std::vector<std::string> out;
  for (auto const& t : all) out.push_back(json::to_string(t));
  return out;
}

std::vector<std::string> by_pages(reader const& state, ticket_query const& q, std::size_t limit) {
  std::vector<std::string> all;
  page_request ask{limit, {}};
  for (;;) {
    auto const p = list_tickets(state, q, ask);
    if (p.rows.size() > limit) throw std::logic_error("a page has more rows than it may");
    all.insert(all.end(), p.rows.begin(), p.rows.end());
    if (p.next.empty()) return all;
    if (p.rows.size() < limit) throw std::logic_error("a page that is not the last is not full");
    ask.after = p.next;
  }
}

template <class T, class F> std::vector<T> some(F make) {
  std::vector<T> all;
  for (int n = *rc::gen::element(0, 0, 1, 1, 2); n > 0; --n) all.push_back(make());
  return all;
}

std::optional<id_filter> maybe_ids(std::function<uuid()> make) {
  if (*rc::gen::inRange(0, 3)) return std::nullopt;
  return id_filter{some<uuid>(make), *rc::gen::arbitrary<bool>()};
}

ticket_query any_query(history const& h, reader const& state) {
  auto const n = [] { return *rc::gen::inRange(0U, 6U); };
  ticket_query q;
  auto& scope = q.scopes.emplace_back();
  scope.tenant = history::org();
  scope.whole_tenant = n() < 2;
  scope.projects = {history::project(n())};
  if (scope.whole_tenant || n() < 2) scope.projects = {history::project(0), history::project(1)};
  auto& f = scope.filter;
  q.order = *rc::gen::element(ticket_order::created_at, ticket_order::updated_at, ticket_order::priority,
                              ticket_order::number);
  q.way = *rc::gen::element(direction::ascending, direction::descending);
  f.status = some<std::string>([] { return *rc::gen::element<std::string>("Backlog", "Ready", "Done", "Nowhere"); });
  f.category = some<category>([] { return *rc::gen::element(category::todo, category::done); });
  f.priority = some<priority>([&] { return static_cast<priority>(n() % 5); });
  f.assignee = maybe_ids([&] { return history::user(n()); });
  f.sprint = maybe_ids([&] { return history::sprint(n(), n()); }); // of the other project, too
  f.reporter = some<uuid>([&] { return history::user(n()); });
  f.label = some<uuid>([&] { return history::label(n()); });
  if (!h.tickets().empty() && n() == 0) {
    if (auto const t = domain::find<ticket>(state, scope.tenant, h.tickets()[n() % h.tickets().size()]))
      (n() % 2 ? f.updated_since : f.created_since) = t->updated_at;
  }
  if (n() == 0) f.due_before = date{20'005};
  return q;
}

ticket_query of_project(unsigned n) {
  ticket_query q;
  q.scopes.push_back({history::org(), {history::project(n)}});
  return q;
}

} // namespace

BOOST_AUTO_TEST_SUITE(ticket_lists)

RC_BOOST_PROP(a_list_is_what_looking_at_every_ticket_gives, ()) {
  tests::map_view state;
  history h(state);
  for (auto const& s : any_steps(80)) h.take(s);
  for (int i = 0; i < 10; ++i) {
    auto const q = any_query(h, state);
    auto const limit = static_cast<std::size_t>(*rc::gen::inRange(1, 9));
    RC_ASSERT(by_pages(state, q, limit) == by_force(state, q));
  }
}

// Most random filters leave little; this one has the filter and the index that serves it, and little else.
RC_BOOST_PROP(every_index_gives_its_list, ()) {
  tests::map_view state;
  history h(state);
  for (auto const& s : any_steps(80)) h.take(s);
  for (auto const order :
       {ticket_order::created_at, ticket_order::updated_at, ticket_order::priority, ticket_order::number})
    for (auto const way : {direction::ascending, direction::descending})
      for (int which = 0; which < 5; ++which) {
        auto q = of_project(0);
        auto& f = q.scopes.front().filter;
        q.order = order;
        q.way = way;
        if (which == 1) f.status = {"Backlog"};
        if (which == 2) f.priority = {priority::Medium};
        if (which == 3) f.assignee = id_filter{{history::user(0)}, false};
        if (which == 4) f.sprint = id_filter{{history::sprint(0, 0)}, false};
        RC_ASSERT(by_pages(state, q, 3) == by_force(state, q));
      }
}

// Whoever walks a list while others change its tickets: what matched all the while is met once, whatever else happened,
// and nothing is met twice.
RC_BOOST_PROP(a_walk_misses_nothing_and_meets_nothing_twice, ()) {
  tests::map_view state;
  timestamp last{};
  history h(state, [&](events::new_record const& r) { last = events::decode_record(1, r.bytes).head.at; });
  for (auto const& s : any_steps(80)) h.take(s);
  auto q = any_query(h, state);
  auto const then = state;
  auto const limit = static_cast<std::size_t>(*rc::gen::inRange(1, 5));
  walk_memory memory;
  memory.ticket = [&](uuid const& tenant, uuid const& id, walk const&) {
    return domain::find<ticket>(then, tenant, id);
  };
  q.memory = &memory;
  q.begun = {1, last};
  auto const names = [](std::vector<std::string> const& rows) {
    std::vector<uuid> ids;
    for (auto const& row : rows) ids.push_back(json::stored<ticket>(row).id);
    return ids;
  };
  auto const matching = [&] {
    auto ids = names(by_force(state, q));
    return std::set<uuid>(ids.begin(), ids.end());
  };
  auto throughout = matching();
  std::vector<uuid> met;
  for (page_request ask{limit, {}};;) {
    auto const p = list_tickets(state, q, ask);
    for (auto const& id : names(p.rows)) met.push_back(id);
    if (p.next.empty()) break;
    ask.after = p.next;
    for (auto const& s : any_steps(12)) {
      h.take(s);
      auto const now = matching();
      std::erase_if(throughout, [&](uuid const& id) { return !now.contains(id); });
    }
  }
  std::set<uuid> const once(met.begin(), met.end());
  RC_ASSERT(once.size() == met.size());
  RC_ASSERT(std::includes(once.begin(), once.end(), throughout.begin(), throughout.end()));
}

// A walk that nothing disturbs is the list as it stands.
RC_BOOST_PROP(a_walk_in_peace_is_the_list, ()) {
  tests::map_view state;
  timestamp last{};
  history h(state, [&](events::new_record const& r) { last = events::decode_record(1, r.bytes).head.at; });
  for (auto const& s : any_steps(60)) h.take(s);
  walk_memory memory;
  memory.ticket = [&](uuid const& tenant, uuid const& id, walk const&) {
    return domain::find<ticket>(state, tenant, id);
  };
  auto q = any_query(h, state);
  q.memory = &memory;
  q.begun = {1, last};
  RC_ASSERT(by_pages(state, q, 3) == by_force(state, q));
}

BOOST_AUTO_TEST_CASE(a_list_of_another_organization_is_empty) {
  tests::map_view state;
  history h(state);
  h.take({0, 0, 1});
  auto q = of_project(0);
  BOOST_TEST(list_tickets(state, q, {10, {}}).rows.size() == 1U);
  q.scopes.front().tenant = id_of(9);
  BOOST_TEST(list_tickets(state, q, {10, {}}).rows.empty());
}

BOOST_AUTO_TEST_CASE(a_long_list_behind_a_rare_filter_is_read_to_its_end) {
  tests::map_view state;
  history h(state);
  for (unsigned n = 0; n < 300; ++n) h.take({0, 0, 0});
  h.take({5, 4, 1});   // updated, so that it is not the first
  h.take({1, 299, 4}); // the last one is Done
  auto q = of_project(0);
  q.scopes.front().filter.category = {category::done};
  auto const p = list_tickets(state, q, {1, {}});
  BOOST_TEST(p.rows.size() == 1U);
  BOOST_TEST(p.next.empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::projections
