#include "tests/model/taking_back.hpp"

#include <algorithm>

namespace alloy::model {
namespace {

template <class Map> auto const* find(Map const& all, typename Map::key_type const& id) {
  auto const at = all.find(id);
  return at == all.end() ? nullptr : &at->second;
}

bool exists(world const& w, carrier const& c) {
  switch (c.kind) {
  case entity::ticket: return w.tickets.contains(c.id);
  case entity::project: return w.projects.contains(c.id);
  case entity::team: return w.teams.contains(c.id);
  default: return w.members.contains(c.id);
  }
}

class merge {
 public:
  merge(std::int64_t clock, std::function<bool(carrier const&)> const& touched) : clock_(clock), touched_(touched) {}

  bool stands() const noexcept { return stands_; }

  template <class E>
  void things(entity kind, std::map<number, E> const& before, std::map<number, E> const& after,
              std::map<number, E>& now) {
    each_changed(before, after, [&](number id, E const* was, E const* became) {
      auto const at = now.find(id);
      bool const there = at != now.end();
      if (!was) {
        require(there && !touched_({kind, id}));
        now.erase(id);
      } else if (!became) {
        require(!there);
        E again = *was;
        again.updated = clock_;
        ++again.version;
        now.insert_or_assign(id, std::move(again));
      } else if (require(there))
        std::apply([&](auto... field) { fields(*was, *became, at->second, field...); }, E::fields());
    });
  }
  void memberships(std::map<pair, std::int64_t> const& before, std::map<pair, std::int64_t> const& after,
                   std::map<pair, std::int64_t>& now) {
    each_changed(before, after, [&](pair const& id, std::int64_t const* was, std::int64_t const*) {
      if (was) {
        require(!now.contains(id));
        now[id] = clock_;
      } else
        require(now.erase(id) == 1);
    });
  }
  void tags(world const& before, world const& after, world const& there, world& now) {
    each_changed(before.tags, after.tags, [&](carrier const& of, tag_set const* was, tag_set const* became) {
      require(exists(there, of) || exists(now, of));
      static tag_set const none;
      auto& set = now.tags[of];
      bool any = false;
      each_changed((was ? *was : none).values, (became ? *became : none).values,
                   [&](std::string const& name, std::string const* value, std::string const* changed) {
                     auto const* const current = find(set.values, name);
                     require(changed ? current && *current == *changed : !current);
                     if (value)
                       set.values[name] = *value;
                     else
                       set.values.erase(name);
                     any = true;
                   });
      if (any) ++set.version;
      if (set.version == 0) now.tags.erase(of); // an empty set went with its carrier
    });
  }

 private:
  bool require(bool holds) {
    stands_ = stands_ && holds;
    return holds;
  }
  template <class Map, class F> static void each_changed(Map const& before, Map const& after, F f) {
    std::set<typename Map::key_type> ids;
    for (auto const& [id, ignored] : before) ids.insert(id);
    for (auto const& [id, ignored] : after) ids.insert(id);
    for (auto const& id : ids) {
      auto const* const was = find(before, id);
      auto const* const became = find(after, id);
      if (!was || !became || !(*was == *became)) f(id, was, became);
    }
  }
  template <class E, class... Fields> void fields(E const& was, E const& became, E& now, Fields... all) {
    bool const any = (one(was.*all, became.*all, now.*all) | ...);
    if (!any) return; // a ticket in it was counted, which is not taken back
    now.updated = clock_;
    ++now.version;
  }
  template <class T> bool one(T const& was, T const& became, T& now) {
    if (was == became) return false;
    require(now == became);
    now = was;
    return true;
  }
  bool one(std::set<number> const& was, std::set<number> const& became, std::set<number>& now) {
    for (auto const id : became)
      if (!was.contains(id)) require(now.erase(id) == 1);
    for (auto const id : was)
      if (!became.contains(id)) require(now.insert(id).second);
    return was != became;
  }

  std::int64_t clock_;
  std::function<bool(carrier const&)> const& touched_;
  bool stands_ = true;
};

template <class E> bool names_differ(std::map<number, E> const& all) {
  std::set<std::string> names;
  return std::all_of(all.begin(), all.end(), [&](auto const& one) { return names.insert(one.second.name).second; });
}

bool fits(world const& w, ticket const& t) {
  auto const* const p = find(w.projects, t.project);
  if (!p) return false;
  auto const* const flow = find(w.workflows, p->workflow);
  if (!flow || std::none_of(flow->statuses.begin(), flow->statuses.end(),
                            [&](auto const& s) { return s.name == t.status && s.category == t.category; }))
    return false;
  auto const* const s = t.sprint ? find(w.sprints, *t.sprint) : nullptr;
  if (t.sprint && (!s || s->project != t.project)) return false;
  return std::all_of(t.labels.begin(), t.labels.end(), [&](number l) { return w.labels.contains(l); });
}

bool has_status(workflow const& flow, std::string const& name) {
  return std::any_of(flow.statuses.begin(), flow.statuses.end(), [&](auto const& s) { return s.name == name; });
}

// What always holds, whatever is done.
bool allowed(world const& w) {
  bool ok = names_differ(w.labels) && names_differ(w.teams) && names_differ(w.workflows);
  for (auto const& [id, t] : w.tickets) ok = ok && fits(w, t);
  for (auto const& [id, s] : w.sprints) ok = ok && w.projects.contains(s.project);
  for (auto const& [id, flow] : w.workflows)
    for (auto const& t : flow.transitions) ok = ok && has_status(flow, t.from) && has_status(flow, t.to);
  for (auto const& [id, p] : w.projects) ok = ok && w.workflows.contains(p.workflow);
  for (auto const& [id, since] : w.project_members)
    ok = ok && w.projects.contains(id.first) && w.members.contains(id.second);
  for (auto const& [id, since] : w.team_members) ok = ok && w.teams.contains(id.first) && w.members.contains(id.second);
  return ok &&
         std::any_of(w.members.begin(), w.members.end(), [](auto const& m) { return m.second.role == role::Owner; });
}

// What is given to a thing anew must be there to give.
bool can_be_given(world const& now, world const& next) {
  for (auto const& [id, t] : next.tickets) {
    auto const* const old = find(now.tickets, id);
    bool const back = old == nullptr;
    if (t.sprint && (back || old->sprint != t.sprint) && next.sprints.at(*t.sprint).status == sprint_status::Completed)
      return false;
    if (back) continue; // it comes back as it was, also to people who have left
    if (t.assignee && old->assignee != t.assignee && !next.members.contains(*t.assignee)) return false;
  }
  for (auto const& [id, s] : next.sprints)
    if (auto const* const old = find(now.sprints, id);
        old && old->status == sprint_status::Completed && s.status == old->status && s.name != old->name)
      return false;
  for (auto const& [id, c] : next.comments)
    if (!now.comments.contains(id) && !next.tickets.contains(c.ticket)) return false;
  return true;
}

} // namespace

std::optional<world> taken_back(world const& before, world const& after, world const& now, std::int64_t clock,
                                std::function<bool(carrier const&)> const& touched) {
  for (auto const& [id, m] : after.members) // who joined is removed, not undone
    if (!before.members.contains(id)) return std::nullopt;
  world next = now;
  for (auto const& [id, i] : after.invites)
    if (auto const* const was = find(before.invites, id); !was) { // a code that is out is not taken back but revoked
      auto& sent = next.invites.at(id);
      if (sent.status != invite_status::Pending) return std::nullopt;
      sent.status = invite_status::Revoked;
      sent.updated = clock;
      ++sent.version;
    } else if (!(*was == i))
      return std::nullopt;

  merge m(clock, touched);
  m.things(entity::ticket, before.tickets, after.tickets, next.tickets);
  m.things(entity::comment, before.comments, after.comments, next.comments);
  m.things(entity::sprint, before.sprints, after.sprints, next.sprints);
  m.things(entity::label, before.labels, after.labels, next.labels);
  m.things(entity::team, before.teams, after.teams, next.teams);
  m.things(entity::project, before.projects, after.projects, next.projects);
  m.things(entity::member, before.members, after.members, next.members);
  m.things(entity::workflow, before.workflows, after.workflows, next.workflows);
  m.memberships(before.project_members, after.project_members, next.project_members);
  m.memberships(before.team_members, after.team_members, next.team_members);
  m.tags(before, after, now, next);
  for (auto& [id, who] : next.members) // who comes back does so as a new member, without his tags
    if (!now.members.contains(id)) {
      static_cast<stamps&>(who) = {clock, clock, 1};
      next.tags.erase({entity::user, id});
    }
  for (auto& [id, s] : next.sprints) // a deleted sprint comes back as a planned one
    if (!now.sprints.contains(id)) s.status = sprint_status::Planned;
  if (!m.stands() || !allowed(next) || !can_be_given(now, next)) return std::nullopt;
  for (auto& [id, s] : next.sprints) {
    auto const* const old = find(now.sprints, id); // what is started or completed again is so from now on
    if (old && old->status == sprint_status::Planned && s.status == sprint_status::Active) s.started = clock;
    if (old && old->status == sprint_status::Active && s.status == sprint_status::Completed) s.completed = clock;
    if (s.status != sprint_status::Completed) s.completed.reset();
    if (s.status == sprint_status::Planned) s.started.reset();
  }
  std::erase_if(next.tags, [&](auto const& t) { return !exists(next, t.first); });
  return next;
}

} // namespace alloy::model
