#include "tests/model/doors.hpp"

#include "core/prefix.hpp"
#include "domain/members.hpp"
#include "domain/orgs.hpp"
#include "domain/projects.hpp"
#include "domain/sprints.hpp"
#include "domain/tags.hpp"
#include "domain/tickets.hpp"
#include "projections/child_index.hpp"
#include "projections/ticket_index.hpp"

// Among the rules, so that a ticket is theirs and not the model's.
namespace alloy::domain {
namespace {

using model::clearing;
using model::command;
using model::number;
using model::org_id;
using model::ticket_body;
using model::verb;
using answer = result<decision>;

std::optional<uuid> id_of(entity kind, std::optional<number> const& n) {
  return n ? std::optional(model::id_of(kind, *n)) : std::nullopt;
}
list<uuid, 0, 50> labels_of(std::vector<number> const& numbers) {
  list<uuid, 0, 50> all;
  for (auto const n : numbers) all.push_back(model::id_of(entity::label, n));
  return all;
}
list<status_input, 1, 50> inputs(std::vector<workflow_status> const& statuses) {
  list<status_input, 1, 50> all;
  for (auto const& s : statuses) all.push_back({{s.name}, s.category, s.cancels});
  return all;
}
list<transition_input, 0, 500> inputs(std::vector<workflow_transition> const& transitions) {
  list<transition_input, 0, 500> all;
  for (auto const& t : transitions) all.push_back({{t.from}, {t.to}});
  return all;
}
status_map inputs(std::map<std::string, std::string> const& migrate) {
  status_map all;
  for (auto const& [from, to] : migrate) all[from] = {to};
  return all;
}

// A value of the vocabulary as the field of a command.
template <class T> void put(json::changed<T>& field, std::optional<std::string> const& v) {
  if (v) field.value = T{*v};
}
template <class T> void put(json::changed<T>& field, std::optional<T> const& v) {
  field.value = v;
}
template <class T, class V, class F> void put(json::clearable<T>& field, clearing<V> const& v, F as) {
  field.present = v.has_value();
  if (v && *v) field.value = as(**v);
}

auto const as_id = [](entity kind) { return [kind](number n) { return model::id_of(kind, n); }; };
auto const as_minutes = [](int n) { return minutes_estimate{n}; };
auto const as_date = [](int days) { return date{days}; };
auto const as_description = [](std::string const& s) { return ticket_description{s}; };

update_ticket update_of(ticket_body const& b) {
  update_ticket u;
  put(u.project_id, id_of(entity::project, b.project));
  put(u.title, b.title);
  put(u.description, b.description, as_description);
  put(u.status, b.status);
  put(u.priority, b.priority);
  put(u.assignee_id, b.assignee, as_id(entity::user));
  put(u.reporter_id, id_of(entity::user, b.reporter));
  put(u.sprint_id, b.sprint, as_id(entity::sprint));
  if (b.labels) u.labels.value = labels_of(*b.labels);
  put(u.estimate_minutes, b.minutes, as_minutes);
  put(u.due_date, b.due, as_date);
  return u;
}

domain::create_ticket creation_of(command const& c) {
  auto const b = model::ticket_of(c);
  domain::create_ticket t;
  t.id = model::id_of(entity::ticket, c.on % model::tickets);
  t.title = {*b.title};
  if (b.description && *b.description) t.description = ticket_description{**b.description};
  t.priority = b.priority;
  t.assignee_id = id_of(entity::user, b.assignee.value_or(std::nullopt));
  t.reporter_id = id_of(entity::user, b.reporter);
  t.sprint_id = id_of(entity::sprint, b.sprint.value_or(std::nullopt));
  if (b.labels) t.labels = labels_of(*b.labels);
  if (b.minutes && *b.minutes) t.estimate_minutes = minutes_estimate{**b.minutes};
  if (b.due && *b.due) t.due_date = date{**b.due};
  return t;
}

// What the doors of the api do before a rule is asked: find what the command is about.
class door {
 public:
  door(reader const& state, command const& c, context const& by) : state_(state), c_(c), by_(by) {}

  answer run() {
    if (id_of_a_former_one()) return error(errc::already_exists, "there was one with this id");
    switch (c_.what) {
    case verb::create_ticket:
      return on<project>(entity::project, *model::ticket_of(c_).project,
                         [&](auto const& p) { return domain::decide(state_, p, creation_of(c_), by_); });
    case verb::update_ticket: return on_ticket(update_of(model::ticket_of(c_)));
    case verb::transition_ticket: {
      domain::transition_ticket t{{model::status_named(c_.as)}, {}};
      if (c_.has(0)) t.comment = comment_body{"moved"};
      return on_ticket(t);
    }
    case verb::assign_ticket: {
      domain::assign_ticket a;
      a.assignee_id.present = true;
      if (c_.as % 4 != 3) a.assignee_id.value = id_of(entity::user, c_.to % model::users);
      return on_ticket(a);
    }
    case verb::label_ticket: return on_ticket(add_ticket_label{model::id_of(entity::label, c_.to % model::labels)});
    case verb::unlabel_ticket:
      return ticket_and_home([&](auto const& p, auto const& t) {
        return remove_label(p, t, model::id_of(entity::label, c_.to % model::labels));
      });
    case verb::delete_ticket: return ticket_and_home([&](auto const& p, auto const& t) { return remove(p, t, 0); });
    case verb::create_comment:
      return on<ticket>(entity::ticket, c_.to % model::tickets, [&](auto const& t) {
        domain::create_comment k{
            model::id_of(entity::comment, c_.on % model::comments), {model::name_from("words ", c_.as)}, {}};
        return domain::decide(state_, home_of(t), t, k, by_);
      });
    case verb::edit_comment:
      return on_comment([&](auto const& k) {
        update_comment u;
        u.body.value = comment_body{model::name_from("words ", c_.as)};
        return domain::decide(org_id(), k, u, by_);
      });
    case verb::delete_comment: return on_comment([&](auto const& k) { return remove(org_id(), k, by_); });
    case verb::create_sprint:
    case verb::rename_sprint:
    case verb::start_sprint:
    case verb::complete_sprint:
    case verb::delete_sprint: return about_sprints();
    case verb::create_label: {
      domain::create_label l{
          model::id_of(entity::label, c_.on % model::labels), {model::name_from("label ", c_.as)}, {"#000000"}};
      return domain::decide(state_, org(), l, by_);
    }
    case verb::rename_label:
      return on<label>(entity::label, c_.on % model::labels, [&](auto const& l) {
        update_label u;
        put(u.name, std::optional(model::name_from("label ", c_.as)));
        return domain::decide(state_, l, u);
      });
    case verb::delete_label:
      return on<label>(entity::label, c_.on % model::labels, [&](auto const& l) {
        return remove(l, count_rows(state_, key(org_id(), table::ticket_by_label).add(l.id)));
      });
    case verb::create_project:
    case verb::update_project:
    case verb::delete_project:
    case verb::join_project:
    case verb::leave_project: return about_projects();
    case verb::create_workflow:
    case verb::update_workflow:
    case verb::delete_workflow: return about_workflows();
    case verb::set_tags:
    case verb::remove_tag: return about_tags();
    default: return about_people();
    }
  }

 private:
  domain::org org() const { return find<domain::org>(state_, org_id(), org_id()).value(); }
  project home_of(ticket const& t) const { return find<project>(state_, org_id(), t.project_id).value(); }
  // The rules take such an id again for all but tickets and comments, whose histories then go on: no client does it
  // here.
  bool id_of_a_former_one() const {
    auto const was = [&](entity kind, number n) { return has_history(state_, org_id(), kind, model::id_of(kind, n)); };
    switch (c_.what) {
    case verb::create_sprint:
      return was(entity::sprint, c_.on % model::sprints) &&
             state_.has(key_of<project>(org_id(), model::id_of(entity::project, c_.to % model::projects)));
    case verb::create_label: return was(entity::label, c_.on % model::labels);
    case verb::create_project: return was(entity::project, c_.on % model::projects);
    case verb::create_team: return was(entity::team, c_.on % model::teams);
    case verb::create_workflow: return was(entity::workflow, c_.on % model::workflows);
    default: return false;
    }
  }
  static answer absent() { return error(errc::not_found, "there is no such thing"); }

  template <class E, class F> answer on(entity kind, number n, F f) const {
    auto const e = find<E>(state_, org_id(), model::id_of(kind, n));
    return e ? f(*e) : absent();
  }
  template <class F> answer ticket_and_home(F f) const {
    return on<ticket>(entity::ticket, c_.on % model::tickets, [&](auto const& t) { return f(home_of(t), t); });
  }
  template <class Command> answer on_ticket(Command const& k) const {
    return ticket_and_home([&](auto const& p, auto const& t) { return domain::decide(state_, p, t, k, by_); });
  }
  template <class F> answer on_comment(F f) const { // a comment is there as long as its ticket is
    return on<comment>(entity::comment, c_.on % model::comments, [&](auto const& k) {
      return state_.has(key_of<ticket>(org_id(), k.ticket_id)) ? f(k) : absent();
    });
  }

  answer about_sprints() const {
    auto const inside = [&](auto const& s) { return projections::tickets_in_sprint(state_, org_id(), s.id); };
    if (c_.what == verb::create_sprint)
      return on<project>(entity::project, c_.to % model::projects, [&](auto const& p) {
        domain::create_sprint s{model::id_of(entity::sprint, c_.on % model::sprints),
                                {model::name_from("sprint ", c_.as)},
                                {},
                                date{1},
                                date{2}};
        return domain::decide(state_, p, s, by_);
      });
    return on<sprint>(entity::sprint, c_.on % model::sprints, [&](auto const& s) -> answer {
      if (c_.what == verb::start_sprint) return start(org_id(), s);
      if (c_.what == verb::delete_sprint) return remove(org_id(), s, inside(s).size(), by_);
      if (c_.what == verb::rename_sprint) {
        update_sprint u;
        put(u.name, std::optional(model::name_from("sprint ", c_.as)));
        return domain::decide(org_id(), s, u);
      }
      domain::complete_sprint done;
      if (c_.has(0))
        done.move_unfinished_to =
            formed<sprint_or_backlog_rule>{to_string(model::id_of(entity::sprint, c_.to % model::sprints))};
      return domain::decide(state_, org_id(), s, done, inside(s));
    });
  }

  answer about_projects() const {
    auto const b = model::project_of(c_);
    number const id = c_.on % model::projects;
    if (c_.what == verb::create_project) {
      domain::create_project p;
      p.id = model::id_of(entity::project, id);
      p.org_id = org_id();
      p.key = {model::project_key(id)};
      p.name = {b.name.value_or(model::project_key(id))};
      if (b.description && *b.description) p.description = project_description{**b.description};
      p.workflow_id = id_of(entity::workflow, b.workflow);
      return domain::decide(state_, org(), p, by_);
    }
    return on<project>(entity::project, id, [&](auto const& p) -> answer {
      if (c_.what == verb::join_project)
        return domain::decide(state_, p, add_project_member{model::id_of(entity::user, c_.to % model::users)});
      if (c_.what == verb::leave_project)
        return remove_project_member(state_, p, model::id_of(entity::user, c_.to % model::users));
      if (c_.what == verb::delete_project)
        return remove(state_, p, ids_under(state_, projections::sprints_of(org_id(), p.id)),
                      projections::count_tickets(state_, org_id(), p.id), 0);
      domain::update_project u;
      put(u.name, b.name);
      put(u.description, b.description, [](std::string const& s) { return project_description{s}; });
      put(u.workflow_id, id_of(entity::workflow, b.workflow));
      if (b.migrate) u.migrate.value = inputs(*b.migrate);
      return domain::decide(state_, p, u, [&](std::string const& status) {
        return projections::tickets_with_status(state_, org_id(), p.id, status);
      });
    });
  }

  std::vector<uuid> projects_with(uuid const& workflow) const {
    auto all = ids_under(state_, key(org_id(), table::project));
    std::erase_if(all, [&](auto const& id) { return find<project>(state_, org_id(), id)->workflow_id != workflow; });
    return all;
  }
  answer about_workflows() const {
    auto const b = model::workflow_of(c_);
    number const id = c_.on % model::workflows;
    if (c_.what == verb::create_workflow) {
      domain::create_workflow w;
      w.id = model::id_of(entity::workflow, id);
      w.name = {*b.name};
      w.statuses = inputs(*b.statuses);
      if (b.transitions) w.transitions = inputs(*b.transitions);
      w.enforcement = b.enforcement;
      return domain::decide(state_, org(), w, by_);
    }
    return on<workflow>(entity::workflow, id, [&](auto const& w) -> answer {
      if (c_.what == verb::delete_workflow) return remove(org(), w, projects_with(w.id).size());
      domain::update_workflow u;
      put(u.name, b.name);
      if (b.statuses) u.statuses.value = inputs(*b.statuses);
      if (b.transitions) u.transitions.value = inputs(*b.transitions);
      u.enforcement.value = b.enforcement;
      if (b.migrate) u.migrate.value = inputs(*b.migrate);
      return domain::decide(state_, w, u, [&](std::string const& status) {
        std::vector<uuid> all;
        for (auto const& p : projects_with(w.id))
          for (auto const& t : projections::tickets_with_status(state_, org_id(), p, status)) all.push_back(t);
        return all;
      });
    });
  }

  answer about_tags() const {
    auto const of = model::carrier_of(c_);
    table const rows = of.kind == entity::ticket    ? table::ticket
                       : of.kind == entity::project ? table::project
                       : of.kind == entity::team    ? table::team
                                                    : table::member;
    events::subject const carrier{of.kind, model::id_of(of.kind, of.id)};
    if (!state_.has(key(org_id(), rows).add(carrier.id))) return absent();
    if (c_.what == verb::remove_tag) return domain::remove_tag(state_, org_id(), carrier, "area");
    domain::set_tags wanted;
    for (auto const& [name, value] : model::tags_of(c_)) wanted[name] = {value};
    return domain::decide(state_, org_id(), carrier, wanted);
  }

  answer about_people() const {
    auto const invite_id = model::id_of(entity::invite, c_.on % model::invites);
    auto const user = model::id_of(entity::user, c_.to % model::users);
    switch (c_.what) {
    case verb::invite: {
      if (state_.has(key_of<domain::invite>(org_id(), invite_id))) return error(errc::already_exists);
      create_invite i;
      i.role = model::role_of(c_.as);
      return domain::decide(org(), i, sealed_invite{invite_id, "sealed", "hash " + to_string(invite_id)}, by_);
    }
    case verb::accept_invite:
      return on<domain::invite>(entity::invite, c_.on % model::invites,
                                [&](auto const& i) { return accept(state_, org_id(), i, by_); });
    case verb::revoke_invite:
      return on<domain::invite>(entity::invite, c_.on % model::invites,
                                [&](auto const& i) { return revoke(org_id(), i); });
    case verb::update_member:
      return on<member>(entity::user, c_.on % model::users, [&](auto const& m) {
        domain::update_member u;
        u.role.value = model::role_of(c_.as);
        if (c_.has(0)) u.can_view_finance.value = c_.has(1);
        return domain::decide(state_, m, u);
      });
    case verb::remove_member:
      return on<member>(entity::user, c_.on % model::users, [&](auto const& m) { return remove(state_, m, by_); });
    case verb::create_team: {
      domain::create_team t{model::id_of(entity::team, c_.on % model::teams), {model::name_from("team ", c_.as)}};
      return domain::decide(state_, org(), t, by_);
    }
    case verb::rename_team:
      return on<team>(entity::team, c_.on % model::teams, [&](auto const& t) {
        update_team u;
        put(u.name, std::optional(model::name_from("team ", c_.as)));
        return domain::decide(state_, t, u);
      });
    case verb::delete_team:
      return on<team>(entity::team, c_.on % model::teams, [&](auto const& t) { return remove(state_, t); });
    case verb::join_team:
      return on<team>(entity::team, c_.on % model::teams,
                      [&](auto const& t) { return domain::decide(state_, t, add_team_member{user}); });
    case verb::leave_team:
      return on<team>(entity::team, c_.on % model::teams,
                      [&](auto const& t) { return remove_team_member(state_, t, user); });
    default: throw std::logic_error("the server does not know " + model::words_of(c_));
    }
  }

  reader const& state_;
  command const& c_;
  context const& by_;
};

} // namespace
} // namespace alloy::domain

namespace alloy::model {

result<domain::decision> decide_at(reader const& state, command const& c, domain::context const& by) {
  return domain::door(state, c, by).run();
}

} // namespace alloy::model
