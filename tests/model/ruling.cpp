#include "tests/model/ruling.hpp"

#include <algorithm>
#include <stdexcept>

namespace alloy::model {
namespace {

template <class Map> auto* find(Map& all, typename Map::key_type const& id) {
  auto const at = all.find(id);
  return at == all.end() ? nullptr : &at->second;
}

outcome no(errc why) {
  return {why, false, false};
}
outcome const yes{std::nullopt, true, false}, nothing{};

// One command about one world.
class ruling {
 public:
  ruling(world& w, std::function<bool(carrier const&)> const& ever, command const& c, std::int64_t clock,
         unsigned fresh)
      : w_(w), ever_(ever), c_(c), clock_(clock), fresh_(fresh), who_(c.who % users) {}

  outcome run() {
    if (c_.what == verb::accept_invite) return accept();
    if (!w_.members.contains(who_)) return no(errc::not_found);
    switch (c_.what) {
    case verb::create_ticket: return create_ticket();
    case verb::update_ticket: return about_ticket([&](ticket& t) { return change(t, ticket_of(c_)); });
    case verb::transition_ticket: return about_ticket([&](ticket& t) { return transition(t); });
    case verb::assign_ticket:
      return about_ticket([&](ticket& t) {
        ticket_body b;
        b.assignee = c_.as % 4 == 3 ? std::optional<number>() : c_.to % users;
        return change(t, b);
      });
    case verb::label_ticket:
      return about_ticket([&](ticket& t) {
        if (!w_.labels.contains(c_.to % labels)) return no(errc::validation_failed);
        ticket const before = t;
        t.labels.insert(c_.to % labels);
        return stamped(before, t);
      });
    case verb::unlabel_ticket:
      return about_ticket([&](ticket& t) {
        ticket const before = t;
        if (!t.labels.erase(c_.to % labels)) return no(errc::not_found);
        return stamped(before, t);
      });
    case verb::delete_ticket:
      return about_ticket([&](ticket&) {
        w_.tickets.erase(c_.on % tickets);
        w_.tags.erase({entity::ticket, c_.on % tickets});
        return yes;
      });
    case verb::create_comment: return create_comment();
    case verb::edit_comment:
      return about_comment([&](comment& k) {
        comment const before = k;
        k.body = name_from("words ", c_.as);
        return stamped(before, k);
      });
    case verb::delete_comment:
      return about_comment([&](comment&) {
        w_.comments.erase(c_.on % comments);
        return yes;
      });
    case verb::create_sprint: return create_sprint();
    case verb::rename_sprint:
      return about_sprint([&](sprint& s) {
        if (s.status == sprint_status::Completed) return no(errc::wrong_state);
        sprint const before = s;
        s.name = name_from("sprint ", c_.as);
        return stamped(before, s);
      });
    case verb::start_sprint:
      return about_sprint([&](sprint& s) {
        if (s.status != sprint_status::Planned) return no(errc::sprint_not_planned);
        sprint const before = s;
        s.status = sprint_status::Active;
        s.started = clock_;
        return stamped(before, s);
      });
    case verb::complete_sprint: return about_sprint([&](sprint& s) { return complete(s); });
    case verb::delete_sprint:
      return about_sprint([&](sprint& s) {
        if (s.status != sprint_status::Planned && rank() < role::Admin) return no(errc::role_too_low);
        if (any_ticket([&](ticket const& t) { return t.sprint == c_.on % sprints; })) return no(errc::in_use);
        w_.sprints.erase(c_.on % sprints);
        return yes;
      });
    default: return about_org();
    }
  }

 private:
  outcome about_org() {
    switch (c_.what) {
    case verb::create_label: return create_named(w_.labels, entity::label, c_.on % labels, "label ");
    case verb::rename_label: return rename(w_.labels, c_.on % labels, "label ");
    case verb::delete_label:
      if (!w_.labels.contains(c_.on % labels)) return no(errc::not_found);
      if (any_ticket([&](ticket const& t) { return t.labels.contains(c_.on % labels); })) return no(errc::in_use);
      w_.labels.erase(c_.on % labels);
      return yes;
    case verb::create_project: return create_project();
    case verb::update_project: return update_project();
    case verb::delete_project: return delete_project();
    case verb::join_project: return join(w_.projects, w_.project_members, c_.on % projects);
    case verb::leave_project: return leave(w_.projects, w_.project_members, c_.on % projects);
    case verb::invite: return send_invite();
    case verb::revoke_invite: {
      auto* const i = find(w_.invites, c_.on % invites);
      if (!i) return no(errc::not_found);
      if (i->status != invite_status::Pending) return no(errc::wrong_state);
      invite const before = *i;
      i->status = invite_status::Revoked;
      return stamped(before, *i);
    }
    case verb::update_member: return update_member();
    case verb::remove_member: return remove_member();
    case verb::create_team: return create_named(w_.teams, entity::team, c_.on % teams, "team ");
    case verb::rename_team: return rename(w_.teams, c_.on % teams, "team ");
    case verb::delete_team:
      if (!w_.teams.erase(c_.on % teams)) return no(errc::not_found);
      std::erase_if(w_.team_members, [&](auto const& m) { return m.first.first == c_.on % teams; });
      w_.tags.erase({entity::team, c_.on % teams});
      return yes;
    case verb::join_team: return join(w_.teams, w_.team_members, c_.on % teams);
    case verb::leave_team: return leave(w_.teams, w_.team_members, c_.on % teams);
    case verb::set_tags:
    case verb::remove_tag: return change_tags();
    case verb::create_workflow: return create_workflow();
    case verb::update_workflow: return update_workflow();
    case verb::delete_workflow: return delete_workflow();
    default: throw std::logic_error("the model does not know " + words_of(c_));
    }
  }

  role rank() const { return w_.members.at(who_).role; }
  bool ever(entity kind, number id) const { return ever_({kind, id}); }
  template <class E> E made(E e) const {
    e.created = e.updated = clock_;
    return e;
  }
  template <class E> outcome stamped(E const& before, E& now) const {
    if (before == now) return nothing;
    now.updated = clock_;
    ++now.version;
    return yes;
  }
  template <class F> bool any_ticket(F f) const {
    return std::any_of(w_.tickets.begin(), w_.tickets.end(), [&](auto const& t) { return f(t.second); });
  }
  workflow& flow_of(number project) { return w_.workflows.at(w_.projects.at(project).workflow); }

  template <class F> outcome about_ticket(F f) {
    auto* const t = find(w_.tickets, c_.on % tickets);
    return t ? f(*t) : no(errc::not_found);
  }
  template <class F> outcome about_sprint(F f) {
    auto* const s = find(w_.sprints, c_.on % sprints);
    return s ? f(*s) : no(errc::not_found);
  }
  template <class F> outcome about_comment(F f) {
    auto* const k = find(w_.comments, c_.on % comments);
    if (!k || !w_.tickets.contains(k->ticket)) return no(errc::not_found);
    if (k->author != who_ && rank() < role::Admin) return no(errc::role_too_low);
    return f(*k);
  }

  // ---------------------------------------------------------------------------------------------------- tickets

  bool takes_tickets(std::optional<number> const& sprint, number project) const {
    if (!sprint) return true;
    auto const* const s = find(w_.sprints, *sprint);
    return s && s->project == project && s->status != sprint_status::Completed;
  }
  bool good_labels(std::vector<number> const& all) const {
    return std::set<number>(all.begin(), all.end()).size() == all.size() &&
           std::all_of(all.begin(), all.end(), [&](number l) { return w_.labels.contains(l); });
  }
  void count(ticket& t, number id) {
    t.ticket_number = ++w_.projects.at(t.project).counter;
    t.reference = project_key(t.project) + "-" + std::to_string(t.ticket_number);
    w_.references[{t.project, t.ticket_number}] = id;
  }

  outcome create_ticket() {
    auto const b = ticket_of(c_);
    if (!w_.projects.contains(*b.project)) return no(errc::not_found);
    if (ever(entity::ticket, c_.on % tickets)) return no(errc::already_exists);
    ticket t = made(ticket());
    t.project = *b.project;
    t.title = *b.title;
    t.description = b.description.value_or(std::nullopt);
    t.status = flow_of(t.project).statuses.front().name;
    t.category = flow_of(t.project).statuses.front().category;
    t.priority = b.priority.value_or(priority::Medium);
    t.assignee = b.assignee.value_or(std::nullopt);
    t.reporter = b.reporter.value_or(who_);
    t.sprint = b.sprint.value_or(std::nullopt);
    if (b.labels) t.labels.insert(b.labels->begin(), b.labels->end());
    t.minutes = b.minutes.value_or(std::nullopt);
    t.due = b.due.value_or(std::nullopt);
    if ((t.reporter != who_ && rank() < role::Member) || !w_.members.contains(t.reporter) ||
        (t.assignee && !w_.members.contains(*t.assignee)) || !takes_tickets(t.sprint, t.project) ||
        (b.labels && !good_labels(*b.labels)))
      return no(errc::validation_failed);
    count(t, c_.on % tickets);
    w_.tickets.emplace(c_.on % tickets, t);
    return yes;
  }

  // To a status of its project's workflow.
  outcome move(ticket& t, std::string const& to, bool stays) {
    auto const& flow = flow_of(t.project);
    if (stays && t.status == to) return nothing;
    auto const wanted =
        std::find_if(flow.statuses.begin(), flow.statuses.end(), [&](auto const& s) { return s.name == to; });
    if (wanted == flow.statuses.end()) return no(errc::validation_failed);
    bool const free = !stays || flow.enforcement == enforcement::none || flow.transitions.empty() ||
                      std::find(flow.transitions.begin(), flow.transitions.end(), workflow_transition{t.status, to}) !=
                          flow.transitions.end();
    if (!free && flow.enforcement == enforcement::strict) return no(errc::transition_not_allowed);
    t.status = to;
    t.category = wanted->category;
    return {std::nullopt, true, !free};
  }

  outcome change(ticket& t, ticket_body const& b) {
    ticket next = t;
    bool const leaves = b.project && *b.project != t.project;
    if (leaves && !w_.projects.contains(*b.project)) return no(errc::validation_failed);
    if (leaves) {
      next.project = *b.project;
      next.sprint.reset();
    }
    if (b.title) next.title = *b.title;
    if (b.description) next.description = *b.description;
    if (b.priority) next.priority = *b.priority;
    if (b.assignee) next.assignee = *b.assignee;
    if (b.reporter) next.reporter = *b.reporter;
    if (b.sprint) next.sprint = *b.sprint;
    if (b.labels) next.labels = {b.labels->begin(), b.labels->end()};
    if (b.minutes) next.minutes = *b.minutes;
    if (b.due) next.due = *b.due;
    if ((next.reporter != t.reporter && !w_.members.contains(next.reporter)) ||
        (next.assignee && next.assignee != t.assignee && !w_.members.contains(*next.assignee)) ||
        ((leaves || next.sprint != t.sprint) && !takes_tickets(next.sprint, next.project)) ||
        (b.labels && !good_labels(*b.labels)))
      return no(errc::validation_failed);
    outcome moved;
    if (b.status || leaves) moved = move(next, b.status.value_or(t.status), !leaves);
    if (moved.refused) return moved;
    if (leaves) count(next, c_.on % tickets);
    auto done = stamped(t, next);
    done.warned = moved.warned;
    t = next;
    return done;
  }

  outcome transition(ticket& t) {
    ticket const before = t;
    auto const moved = move(t, status_named(c_.as), true);
    if (moved.refused) return moved;
    auto done = stamped(before, t);
    done.warned = moved.warned;
    if (!c_.has(0)) return done;
    add_comment(fresh_, c_.on % tickets, "moved");
    done.changed = true;
    return done;
  }

  void add_comment(number id, number ticket, std::string const& body) {
    comment k = made(comment());
    k.ticket = ticket;
    k.author = who_;
    k.body = body;
    w_.comments.emplace(id, k);
  }
  outcome create_comment() {
    if (!w_.tickets.contains(c_.to % tickets)) return no(errc::not_found);
    if (ever(entity::comment, c_.on % comments)) return no(errc::already_exists);
    add_comment(c_.on % comments, c_.to % tickets, name_from("words ", c_.as));
    return yes;
  }

  // ---------------------------------------------------------------------------------------------------- sprints

  outcome create_sprint() {
    if (!w_.projects.contains(c_.to % projects)) return no(errc::not_found);
    if (ever(entity::sprint, c_.on % sprints)) return no(errc::already_exists);
    sprint s = made(sprint());
    s.project = c_.to % projects;
    s.name = name_from("sprint ", c_.as);
    w_.sprints.emplace(c_.on % sprints, s);
    return yes;
  }
  outcome complete(sprint& s) {
    if (s.status != sprint_status::Active) return no(errc::wrong_state);
    std::optional<number> next;
    if (c_.has(0)) next = c_.to % sprints;
    if (next && (*next == c_.on % sprints || !takes_tickets(next, s.project))) return no(errc::validation_failed);
    sprint const before = s;
    s.status = sprint_status::Completed;
    s.completed = clock_;
    for (auto& [id, t] : w_.tickets) {
      if (t.sprint != c_.on % sprints || t.category == category::done) continue;
      ticket const in = t;
      t.sprint = next;
      stamped(in, t);
    }
    return stamped(before, s);
  }

  // ---------------------------------------------------------------------------------------------------- names

  template <class E> static bool taken(std::map<number, E> const& all, std::string const& name) {
    return std::any_of(all.begin(), all.end(), [&](auto const& e) { return e.second.name == name; });
  }
  outcome create_named(std::map<number, named>& all, entity kind, number id, char const* prefix) {
    auto const name = name_from(prefix, c_.as);
    if (ever(kind, id) || taken(all, name)) return no(errc::already_exists);
    named e = made(named());
    e.name = name;
    all.emplace(id, e);
    return yes;
  }
  outcome rename(std::map<number, named>& all, number id, char const* prefix) {
    auto* const e = find(all, id);
    if (!e) return no(errc::not_found);
    auto const name = name_from(prefix, c_.as);
    if (name != e->name && taken(all, name)) return no(errc::already_exists);
    named const before = *e;
    e->name = name;
    return stamped(before, *e);
  }

  template <class Owners> outcome join(Owners const& owners, std::map<pair, std::int64_t>& in, number owner) {
    if (!owners.contains(owner)) return no(errc::not_found);
    if (!w_.members.contains(c_.to % users)) return no(errc::validation_failed);
    return in.emplace(pair{owner, c_.to % users}, clock_).second ? yes : nothing;
  }
  template <class Owners> outcome leave(Owners const& owners, std::map<pair, std::int64_t>& in, number owner) {
    return owners.contains(owner) && in.erase({owner, c_.to % users}) ? yes : no(errc::not_found);
  }

  outcome change_tags() {
    auto const of = carrier_of(c_);
    bool const there = of.kind == entity::ticket    ? w_.tickets.contains(of.id)
                       : of.kind == entity::project ? w_.projects.contains(of.id)
                       : of.kind == entity::team    ? w_.teams.contains(of.id)
                                                    : w_.members.contains(of.id);
    if (!there) return no(errc::not_found);
    auto const* const set = find(w_.tags, of);
    auto values = set ? set->values : std::map<std::string, std::string>();
    auto const before = values;
    if (c_.what == verb::set_tags)
      values = tags_of(c_);
    else if (!values.erase("area"))
      return no(errc::not_found);
    if (values == before) return nothing;
    auto& now = w_.tags[of];
    now.values = std::move(values);
    ++now.version;
    return yes;
  }

  // ---------------------------------------------------------------------------------------------------- members

  outcome send_invite() {
    if (ever(entity::invite, c_.on % invites)) return no(errc::already_exists);
    if (role_of(c_.as) > rank()) return no(errc::validation_failed);
    invite i = made(invite());
    i.role = role_of(c_.as);
    i.sender = who_;
    w_.invites.emplace(c_.on % invites, i);
    return yes;
  }
  outcome accept() {
    auto* const i = find(w_.invites, c_.on % invites);
    if (!i) return no(errc::not_found);
    if (i->status != invite_status::Pending) return no(errc::wrong_state);
    if (w_.members.contains(who_)) return no(errc::already_exists);
    auto const* const sender = find(w_.members, i->sender); // it gives what its sender could give now
    if (!sender || sender->role < role::Admin || sender->role < i->role) return no(errc::wrong_state);
    member m = made(member());
    m.role = i->role;
    m.finance = i->role >= role::Admin;
    w_.members.emplace(who_, m);
    invite const before = *i;
    i->status = invite_status::Accepted;
    return stamped(before, *i);
  }
  bool last_owner(number id) const {
    return w_.members.at(id).role == role::Owner &&
           std::none_of(w_.members.begin(), w_.members.end(),
                        [&](auto const& m) { return m.first != id && m.second.role == role::Owner; });
  }
  outcome update_member() {
    auto* const m = find(w_.members, c_.on % users);
    if (!m) return no(errc::not_found);
    if (last_owner(c_.on % users) && role_of(c_.as) != role::Owner) return no(errc::last_owner);
    member const before = *m;
    m->role = role_of(c_.as);
    if (c_.has(0)) m->finance = c_.has(1);
    return stamped(before, *m);
  }
  outcome remove_member() {
    number const id = c_.on % users;
    auto const* const m = find(w_.members, id);
    if (!m) return no(errc::not_found);
    if (m->role > rank()) return no(errc::role_too_low);
    if (last_owner(id)) return no(errc::last_owner);
    w_.members.erase(id);
    for (auto* const all : {&w_.team_members, &w_.project_members})
      std::erase_if(*all, [&](auto const& in) { return in.first.second == id; });
    w_.tags.erase({entity::user, id});
    return yes;
  }

  // ---------------------------------------------------------------------------------------------------- projects

  outcome create_project() {
    number const id = c_.on % projects;
    auto const b = project_of(c_);
    if (ever(entity::project, id)) return no(errc::already_exists);
    project p = made(project());
    p.workflow = b.workflow.value_or(0);
    if (!w_.workflows.contains(p.workflow)) return no(errc::validation_failed);
    p.name = b.name.value_or(project_key(id));
    p.description = b.description.value_or(std::nullopt);
    w_.projects.emplace(id, p);
    return yes;
  }
  outcome update_project() {
    number const id = c_.on % projects;
    auto* const p = find(w_.projects, id);
    if (!p) return no(errc::not_found);
    auto const b = project_of(c_);
    project const before = *p;
    project next = *p;
    next.workflow = b.workflow.value_or(p->workflow);
    if (!w_.workflows.contains(next.workflow)) return no(errc::validation_failed);
    if (b.name) next.name = *b.name;
    if (b.description) next.description = *b.description;
    auto done = leave_statuses(w_.workflows.at(p->workflow).statuses, w_.workflows.at(next.workflow).statuses,
                               b.migrate, [&](ticket const& t) { return t.project == id; });
    if (done.refused) return done;
    *p = next;
    done.changed = stamped(before, *p).changed || done.changed;
    return done;
  }
  outcome delete_project() {
    number const id = c_.on % projects;
    if (!w_.projects.contains(id)) return no(errc::not_found);
    if (any_ticket([&](ticket const& t) { return t.project == id; })) return no(errc::in_use);
    w_.projects.erase(id);
    std::erase_if(w_.sprints, [&](auto const& s) { return s.second.project == id; });
    std::erase_if(w_.project_members, [&](auto const& m) { return m.first.first == id; });
    w_.tags.erase({entity::project, id});
    return yes;
  }

  // ---------------------------------------------------------------------------------------------------- workflows

  static workflow_status const* named_in(std::vector<workflow_status> const& all, std::string const& name) {
    auto const at = std::find_if(all.begin(), all.end(), [&](auto const& s) { return s.name == name; });
    return at == all.end() ? nullptr : &*at;
  }
  template <class F>
  outcome leave_statuses(std::vector<workflow_status> const& old, std::vector<workflow_status> const& now,
                         given<std::map<std::string, std::string>> const& migrate, F concerns) {
    auto const stays = [&](workflow_status const& s) {
      auto const* const same = named_in(now, s.name);
      return same && same->category == s.category;
    };
    std::map<std::string, std::string> const none;
    auto const& wanted = migrate ? *migrate : none;
    for (auto const& [from, to] : wanted) {
      auto const* const leaving = named_in(old, from);
      if (!leaving || stays(*leaving) || !named_in(now, to)) return no(errc::validation_failed);
    }
    auto const leaves = [&](ticket const& t) { return concerns(t) && !stays(*named_in(old, t.status)); };
    if (any_ticket([&](ticket const& t) { return leaves(t) && !wanted.contains(t.status); })) return no(errc::in_use);
    outcome done;
    for (auto& [id, t] : w_.tickets) {
      if (!leaves(t)) continue;
      ticket const before = t;
      auto const* const next = named_in(now, wanted.at(t.status));
      t.status = next->name;
      t.category = next->category;
      done.changed = stamped(before, t).changed || done.changed;
    }
    return done;
  }
  // Every transition is between statuses that there are.
  static bool hold_together(workflow const& f) {
    return std::all_of(f.transitions.begin(), f.transitions.end(),
                       [&](auto const& t) { return named_in(f.statuses, t.from) && named_in(f.statuses, t.to); });
  }
  outcome create_workflow() {
    number const id = c_.on % workflows;
    auto const b = workflow_of(c_);
    if (ever(entity::workflow, id) || taken(w_.workflows, *b.name)) return no(errc::already_exists);
    workflow f = made(workflow());
    f.name = *b.name;
    f.statuses = *b.statuses;
    f.transitions = b.transitions.value_or(std::vector<workflow_transition>());
    f.enforcement = b.enforcement.value_or(enforcement::none);
    if (!hold_together(f)) return no(errc::validation_failed);
    w_.workflows.emplace(id, f);
    return yes;
  }
  outcome update_workflow() {
    number const id = c_.on % workflows;
    auto* const f = find(w_.workflows, id);
    if (!f) return no(errc::not_found);
    auto const b = workflow_of(c_);
    if (b.name && *b.name != f->name && taken(w_.workflows, *b.name)) return no(errc::already_exists);
    workflow const before = *f;
    workflow next = *f;
    if (b.name) next.name = *b.name;
    if (b.statuses) next.statuses = *b.statuses;
    if (b.transitions) next.transitions = *b.transitions;
    if (b.enforcement) next.enforcement = *b.enforcement;
    if (!hold_together(next)) return no(errc::validation_failed);
    auto done = leave_statuses(f->statuses, next.statuses, b.migrate,
                               [&](ticket const& t) { return w_.projects.at(t.project).workflow == id; });
    if (done.refused) return done;
    *f = next;
    done.changed = stamped(before, *f).changed || done.changed;
    return done;
  }
  outcome delete_workflow() {
    number const id = c_.on % workflows;
    if (!w_.workflows.contains(id)) return no(errc::not_found);
    if (id == 0) return no(errc::wrong_state); // the organization's default
    for (auto const& [project, p] : w_.projects)
      if (p.workflow == id) return no(errc::in_use);
    w_.workflows.erase(id);
    return yes;
  }

  world& w_;
  std::function<bool(carrier const&)> const& ever_;
  command const& c_;
  std::int64_t const clock_;
  number const fresh_, who_;
};

} // namespace

outcome rule(world& w, std::function<bool(carrier const&)> const& ever, command const& c, std::int64_t clock,
             number fresh) {
  return ruling(w, ever, c, clock, fresh).run();
}

} // namespace alloy::model
