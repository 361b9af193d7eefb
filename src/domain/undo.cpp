#include "domain/undo.hpp"

#include "domain/currency.hpp"
#include "domain/diff.hpp"
#include "domain/event_rules.hpp"
#include "domain/evolve.hpp"
#include "domain/history.hpp"
#include "domain/members.hpp"
#include "domain/projects.hpp"
#include "domain/statuses_in_use.hpp"
#include "domain/teams.hpp"
#include "domain/time_entries.hpp"
#include "events/ledger.hpp"

#include <algorithm>

namespace alloy::domain {
namespace {

using events::envelope;

template <class Created, class E> Created made_again(E const& before) {
  Created e;
  take(e, before);
  e.restores.value = {before.created_at, before.version};
  return e;
}

class undoer {
 public:
  undoer(view& state, std::span<events::stored_event const> command, look_back const& before, context const& by)
      : state_(state), command_(command), before_(before), by_(by) {}

  undoing run() {
    for (auto e = command_.rbegin(); e != command_.rend(); ++e) {
      std::size_t const first = out_.events.size();
      std::visit([&](auto const& what) { back(what, *e); }, e->what);
      for (std::size_t i = first; i < out_.events.size(); ++i) fold(out_.events[i]);
    }
    return std::move(out_);
  }

 private:
  // ------------------------------------------------------------------------------------------------ what all have

  void reason(envelope const& at, std::string const& why) {
    out_.reasons.push_back(std::string(json::name_of(at.subject.kind)) + " " + to_string(at.subject.id) + ": " + why);
  }
  bool refuse(envelope const& at, std::string const& why) {
    reason(at, why);
    return false;
  }
  void add(envelope const& at, events::event what) {
    record(out_.events, at.tenant, at.subject.kind, at.subject.id, std::move(what));
  }
  void fold(events::draft const& d) {
    events::stored_event e;
    e.tenant = d.tenant;
    e.subject = d.subject;
    e.at = by_.at;
    e.actor.user_id = by_.user_id;
    e.what = d.what;
    // What is not taken from another server is not made here, either: no reader knows what to do with it.
    if (auto good = check_foreign(state_, e); !good)
      return reason(e, "it would be as none can be; " + good.error().detail);
    evolve(state_, e);
  }
  template <class E> std::optional<E> now(envelope const& at) {
    auto e = find<E>(state_, at.tenant, at.subject.id);
    if (!e) reason(at, "it is gone");
    return e;
  }
  template <class E> bool there(envelope const& at, uuid const& id, std::string_view what) {
    if (state_.has(key_of<E>(at.tenant, id))) return true;
    reason(at, "the " + std::string(what) + " it would get back is gone");
    return false;
  }
  bool free(envelope const& at, key const& name, std::string_view what) {
    if (!is_taken(state_, name, at.subject.id)) return true;
    reason(at, "the " + std::string(what) + " it would get back is taken by another");
    return false;
  }
  // Twins from before names were folded: one that had its name beside the other one may have it again.
  template <class E> bool free_name(envelope const& at, key const& where, std::string const& name) {
    for (auto const& id : holders_of(state_, where)) {
      if (id == at.subject.id) continue;
      auto const other = find<E>(state_, at.tenant, id);
      auto const then = before_({at.subject.kind, id});
      bool const were_twins =
          then && other && other->name != name && json::stored<E>(domain::row::json_of(then->row)).name == other->name;
      if (!were_twins) return free(at, where, "name");
    }
    return true;
  }
  // Nothing has happened to the subject behind the command.
  bool untouched(envelope const& at) {
    auto from = history_of(at.tenant, at.subject.kind, at.subject.id).add(command_.back().position + 1).str();
    bool touched = false;
    state_.scan(from, after_prefix(std::string_view(from).substr(0, from.size() - 8)), direction::ascending,
                [&](std::string_view, std::string_view) { return touched = true, false; });
    if (touched) reason(at, "it has changed since");
    return !touched;
  }
  bool unused(envelope const& at, std::string_view prefix, std::string_view by) {
    bool used = false;
    state_.scan(prefix, after_prefix(prefix), direction::ascending,
                [&](std::string_view, std::string_view) { return used = true, false; });
    if (used) reason(at, "it has " + std::string(by) + " now");
    return !used;
  }
  // The thing as it was before the command deleted it.
  template <class E> std::optional<E> lost(envelope const& at) {
    auto const then = before_(at.subject);
    if (state_.has(key_of<E>(at.tenant, at.subject.id)))
      reason(at, "there is one with this id again");
    else if (then)
      return json::stored<E>(row::json_of(then->row));
    else
      reason(at, "nobody knows any more what it was");
    return std::nullopt;
  }

  // The thing is made again, and carries its tags again.
  template <class Created, class E> void make_again(envelope const& at, E const& before) {
    add(at, made_again<Created>(before));
    give_tags_back(at);
  }
  void give_tags_back(envelope const& at) {
    events::tags_changed e;
    auto const then = before_(at.subject); // a range over a member of a temporary would outlive it
    auto tags = then->tags;
    for (auto const& other : command_) // what the command itself took off before goes back with that event
      if (auto const* const t = std::get_if<events::tags_changed>(&other.what); t && other.subject == at.subject)
        for (auto const& [tag, change] : t->changes) change.to ? void(tags[tag] = *change.to) : void(tags.erase(tag));
    for (auto const& [tag, value] : tags) e.changes[tag].to = value;
    if (!e.changes.empty()) add(at, std::move(e));
  }

  // An event with `changes`: each field must still be what the event made it.
  template <class E, class Updated> void swap_back(Updated back, envelope const& at) {
    auto const e = now<E>(at);
    if (!e) return;
    bool stands = true;
    boost::mp11::mp_for_each<json::members_of<std::remove_cvref_t<decltype(back.changes)>>>([&](auto d) {
      auto& change = (back.changes.*d.pointer).value;
      if (!change) return;
      detail::with_member<decltype(d)>(*e, [&](auto const& current) {
        if (current == change->to) return;
        reason(at, std::string(d.name) + " has changed since");
        stands = false;
      });
      std::swap(change->from, change->to);
    });
    if (stands && possible(back, at)) add(at, std::move(back));
  }
  // Whether what the event would bring back can be had.
  template <class Updated> bool possible(Updated const&, envelope const&) { return true; }
  bool possible(events::org_updated const& e, envelope const& at) {
    if (e.changes.currency && is_priced(state_, at.tenant)) {
      reason(at, "rates, budgets or closed months are counted in its currency now");
      return false;
    }
    if (e.changes.currency && !has_unit_again(e.changes, at)) return false;
    return !e.changes.slug || free(at, key(identity_tenant, table::org_by_slug).add(e.changes.slug.value->to), "slug");
  }
  // The currency comes back with the unit that it had.
  bool has_unit_again(events::org_changes const& back, envelope const& at) {
    auto const then = before_({entity::org, at.tenant});
    auto const o = find<org>(state_, at.tenant, at.tenant);
    auto const gets = back.minor_digits ? back.minor_digits.value->to : o->minor_digits;
    if (then && json::stored<org>(row::json_of(then->row)).minor_digits == gets) return true;
    reason(at, "its amounts are counted in another unit since");
    return false;
  }
  bool possible(events::label_updated const& e, envelope const& at) {
    return !e.changes.name ||
           free_name<label>(at, label_name_key(at.tenant, e.changes.name.value->to), e.changes.name.value->to);
  }
  bool possible(events::team_updated const& e, envelope const& at) {
    return !e.changes.name ||
           free_name<team>(at, team_name_key(at.tenant, e.changes.name.value->to), e.changes.name.value->to);
  }
  bool possible(events::workflow_updated const& e, envelope const& at) {
    if (e.changes.name &&
        !free_name<workflow>(at, workflow_name_key(at.tenant, e.changes.name.value->to), e.changes.name.value->to))
      return false;
    auto const w = find<workflow>(state_, at.tenant, at.subject.id);
    auto then = *w;
    apply(then, e.changes);
    for (auto const& t : then.transitions)
      for (auto const& name : {t.from, t.to})
        if (!then.find(name)) return refuse(at, "a transition needs the status " + name + ", which it would not have");
    return !e.changes.statuses ||
           each_project([&](project const& p) { return p.workflow_id != w->id || fits(at, p.id, *w, then); });
  }
  // What an amount is a number of: the organization's currency and its unit, right before the command and now.
  bool counts_as_then(envelope const& at) {
    auto const then = before_({entity::org, at.tenant});
    auto const o = find<org>(state_, at.tenant, at.tenant);
    if (then && o) {
      auto const was = json::stored<org>(row::json_of(then->row));
      if (was.currency == o->currency && was.minor_digits == o->minor_digits) return true;
    }
    reason(at, "the organization counts in another currency, or another unit of it, since");
    return false;
  }
  bool possible(events::project_updated const& e, envelope const& at) {
    if (e.changes.budget_cents && e.changes.budget_cents.value->to && !counts_as_then(at)) return false;
    if (!e.changes.workflow_id) return true;
    auto const& id = e.changes.workflow_id.value->to;
    if (!there<workflow>(at, id, "workflow")) return false;
    auto const now_it_has = find<workflow>(state_, at.tenant, e.changes.workflow_id.value->from);
    return fits(at, at.subject.id, now_it_has ? *now_it_has : workflow{}, *find<workflow>(state_, at.tenant, id));
  }
  bool possible(events::sprint_updated const& e, envelope const& at) {
    auto next = *find<sprint>(state_, at.tenant, at.subject.id);
    bool const is_completed = next.status == sprint_status::Completed;
    apply(next, e.changes);
    if (is_completed && next.status == sprint_status::Completed) return refuse(at, "it is Completed");
    if (next.end_date < next.start_date) return refuse(at, "it would end before it starts");
    return true;
  }
  bool possible(events::ticket_updated const& e, envelope const& at) {
    if (e.changes.reporter_id && !there<member>(at, e.changes.reporter_id.value->to, "reporter")) return false;
    if (!e.changes.project_id) return true;
    auto const& home = e.changes.project_id.value->to;
    auto const t = find<ticket>(state_, at.tenant, at.subject.id);
    return there<project>(at, home, "project") && has_status(at, home, t->status, t->category);
  }
  // The project that the ticket is in once the command is undone: the command itself may have moved it.
  uuid home_after(ticket const& t) const {
    for (auto const& e : command_)
      if (auto const* u = std::get_if<events::ticket_updated>(&e.what);
          u && e.subject.id == t.id && u->changes.project_id)
        return u->changes.project_id.value->from;
    return t.project_id;
  }
  bool fits(envelope const& at, uuid const& in_project, workflow const& has, workflow const& gets) {
    for (auto const& name : statuses_in_use(state_, at.tenant, in_project)) {
      auto const* const then = gets.find(name);
      auto const* const now_is = has.find(name);
      if (then && (!now_is || (then->category == now_is->category && then->cancels == now_is->cancels))) continue;
      reason(at, "tickets have the status " + name + ", which it would not have any more");
      return false;
    }
    return true;
  }
  template <class F> bool each_project(F holds) {
    std::vector<std::string> rows;
    auto const prefix = key(command_.front().tenant, table::project).str();
    state_.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view, std::string_view v) {
      rows.emplace_back(row::json_of(v));
      return true;
    });
    return std::all_of(rows.begin(), rows.end(), [&](auto const& one) { return holds(json::stored<project>(one)); });
  }

  // ------------------------------------------------------------------------------------------------ type by type

  void back(events::org_updated const& e, envelope const& at) { swap_back<org>(e, at); }
  void back(events::workflow_updated const& e, envelope const& at) { swap_back<workflow>(e, at); }
  void back(events::label_updated const& e, envelope const& at) { swap_back<label>(e, at); }
  void back(events::team_updated const& e, envelope const& at) { swap_back<team>(e, at); }
  void back(events::project_updated const& e, envelope const& at) { swap_back<project>(e, at); }
  void back(events::sprint_updated const& e, envelope const& at) {
    if (!e.changes.status) return swap_back<sprint>(e, at);
    // An undo of a start or a completion: taken back itself, the sprint starts or completes anew.
    auto const [was, is] = *e.changes.status.value;
    if (was < is) return set_back(at, is, was);
    auto const s = now<sprint>(at);
    if (!s) return;
    if (s->status != is) return reason(at, "it is " + std::string(json::name_of(s->status)));
    was == sprint_status::Active ? add(at, events::sprint_started{}) : add(at, events::sprint_completed{});
  }
  void back(events::ticket_updated const& e, envelope const& at) { swap_back<ticket>(e, at); }
  void back(events::comment_updated const& e, envelope const& at) { swap_back<comment>(e, at); }
  void back(events::webhook_updated const& e, envelope const& at) { swap_back<webhook>(e, at); }

  void back(events::member_role_changed const& e, envelope const& at) {
    auto const m = now<member>(at);
    if (!m) return;
    if (e.changes.role && std::max(e.changes.role.value->from, m->role) > by_.role)
      return reason(at, "its role is above your own");
    if (e.changes.role && m->role == role::Owner)
      if (auto goes = detail::check_owner_goes(state_, *m); !goes) return reason(at, goes.error().detail);
    swap_back<member>(e, at);
  }
  void back(events::member_added const&, envelope const& at) { reason(at, "remove the member instead"); }
  void back(events::member_removed const&, envelope const& at) {
    auto const m = lost<member>(at);
    if (!m) return;
    if (m->role > by_.role) return reason(at, "its role is above your own");
    auto const u = find<user>(state_, identity_tenant, m->id);
    if (!u || u->erased_at) return reason(at, "nobody here is known by this id any more");
    add(at, events::member_added{m->id, m->role, m->can_view_finance, {}});
  }
  void back(events::invite_created const&, envelope const& at) {
    auto const i = now<invite>(at);
    if (!i) return;
    if (i->status != invite_status::Pending) return reason(at, "it is " + std::string(json::name_of(i->status)));
    add(at, events::invite_revoked{});
  }
  void back(events::invite_revoked const&, envelope const& at) {
    reason(at, "a code that was revoked stays so; invite again");
  }
  void back(events::invite_accepted const&, envelope const& at) { reason(at, "it has been accepted"); }

  void back(events::team_created const&, envelope const& at) {
    auto const t = now<team>(at);
    if (t && untouched(at)) add(at, events::team_deleted{t->name});
  }
  void back(events::team_deleted const&, envelope const& at) {
    auto const t = lost<team>(at);
    if (t && free_name<team>(at, team_name_key(at.tenant, t->name), t->name)) make_again<events::team_created>(at, *t);
  }
  void back(events::team_member_added const& e, envelope const& at) {
    if (!state_.has(team_member_key(at.tenant, at.subject.id, e.user_id)))
      return reason(at, "the member has left it since");
    add(at, events::team_member_removed{e.user_id});
  }
  void back(events::team_member_removed const& e, envelope const& at) {
    if (state_.has(team_member_key(at.tenant, at.subject.id, e.user_id)))
      return reason(at, "the member is in it again");
    if (there<member>(at, e.user_id, "member") && there<team>(at, at.subject.id, "team"))
      add(at, events::team_member_added{e.user_id});
  }

  void back(events::workflow_created const&, envelope const& at) {
    auto const w = now<workflow>(at);
    if (!w || !untouched(at)) return;
    bool const used = !each_project([&](project const& p) { return p.workflow_id != w->id; });
    if (used) return reason(at, "projects have it now");
    if (auto const o = find<org>(state_, at.tenant, at.tenant); o && o->default_workflow_id == w->id)
      return reason(at, "it is the organization's default workflow");
    add(at, events::workflow_deleted{w->name});
  }
  void back(events::workflow_deleted const&, envelope const& at) {
    auto const w = lost<workflow>(at);
    if (w && free_name<workflow>(at, workflow_name_key(at.tenant, w->name), w->name))
      make_again<events::workflow_created>(at, *w);
  }
  void back(events::label_created const&, envelope const& at) {
    auto const l = now<label>(at);
    if (l && untouched(at) && unused(at, key(at.tenant, table::ticket_by_label).add(l->id), "tickets"))
      add(at, events::label_deleted{l->name});
  }
  void back(events::label_deleted const&, envelope const& at) {
    auto const l = lost<label>(at);
    if (l && free_name<label>(at, label_name_key(at.tenant, l->name), l->name))
      make_again<events::label_created>(at, *l);
  }

  void back(events::project_created const&, envelope const& at) {
    auto const p = now<project>(at);
    if (p && untouched(at) && unused(at, key(at.tenant, table::ticket_by_status).add(p->id), "tickets") &&
        unused(at, key(at.tenant, table::sprint_by_project).add(p->id), "sprints") &&
        unused(at, key(at.tenant, table::time_by_project).add(p->id), "time entries"))
      add(at, events::project_deleted{p->key, p->name});
  }
  void back(events::project_deleted const&, envelope const& at) {
    auto const p = lost<project>(at);
    if (!p || !free(at, project_by_key(at.tenant, p->key), "key") || !there<workflow>(at, p->workflow_id, "workflow"))
      return;
    auto again = made_again<events::project_created>(*p);
    again.ticket_counter.value = p->ticket_counter;
    if (again.budget_cents && !counts_as_then(at)) return;
    add(at, std::move(again));
    give_tags_back(at);
  }
  void back(events::project_member_added const& e, envelope const& at) {
    if (!state_.has(project_member_key(at.tenant, at.subject.id, e.user_id)))
      return reason(at, "the member has left it since");
    add(at, events::project_member_removed{e.user_id});
  }
  void back(events::project_member_removed const& e, envelope const& at) {
    if (state_.has(project_member_key(at.tenant, at.subject.id, e.user_id)))
      return reason(at, "the member is in it again");
    if (there<member>(at, e.user_id, "member") && there<project>(at, at.subject.id, "project"))
      add(at, events::project_member_added{e.user_id});
  }

  void back(events::sprint_created const&, envelope const& at) {
    auto const s = now<sprint>(at);
    if (s && untouched(at) && unused(at, key(at.tenant, table::ticket_by_sprint).add(s->id), "tickets"))
      add(at, events::sprint_deleted{s->project_id, s->name});
  }
  void back(events::sprint_deleted const&, envelope const& at) {
    auto const s = lost<sprint>(at);
    if (s && s->status != sprint_status::Planned) return reason(at, "it had been started, and its dates are gone");
    if (s && there<project>(at, s->project_id, "project")) make_again<events::sprint_created>(at, *s);
  }
  void back(events::sprint_started const&, envelope const& at) {
    set_back(at, sprint_status::Active, sprint_status::Planned);
  }
  void back(events::sprint_completed const&, envelope const& at) {
    set_back(at, sprint_status::Completed, sprint_status::Active);
  }
  void set_back(envelope const& at, sprint_status from, sprint_status to) {
    auto const s = now<sprint>(at);
    if (!s) return;
    if (s->status != from) return reason(at, "it is " + std::string(json::name_of(s->status)));
    events::sprint_updated e;
    e.changes.status.value = {from, to};
    add(at, std::move(e));
  }

  void back(events::ticket_created const&, envelope const& at) {
    auto const t = now<ticket>(at);
    if (t && untouched(at)) add(at, events::ticket_deleted{t->project_id, t->reference});
  }
  void back(events::ticket_deleted const&, envelope const& at) {
    auto const t = lost<ticket>(at);
    if (!t || !there<project>(at, t->project_id, "project") || !takes(at, t->project_id, t->sprint_id)) return;
    for (auto const& l : t->labels)
      if (!there<label>(at, l, "label")) return;
    if (!has_status(at, t->project_id, t->status, t->category)) return;
    make_again<events::ticket_created>(at, *t);
  }
  void back(events::ticket_status_changed const& e, envelope const& at) {
    auto const t = now<ticket>(at);
    if (!t) return;
    if (t->status != e.status.to) return reason(at, "status has changed since");
    if (has_status(at, home_after(*t), e.status.from, e.category.from))
      add(at, events::ticket_status_changed{{t->status, e.status.from}, {t->category, e.category.from}});
  }
  void back(events::ticket_assigned const& e, envelope const& at) {
    auto const t = now<ticket>(at);
    if (!t) return;
    if (t->assignee_id != e.assignee_id.to) return reason(at, "assignee_id has changed since");
    if (!e.assignee_id.from || there<member>(at, *e.assignee_id.from, "assignee"))
      add(at, events::ticket_assigned{{t->assignee_id, e.assignee_id.from}});
  }
  void back(events::ticket_sprint_changed const& e, envelope const& at) {
    auto const t = now<ticket>(at);
    if (!t) return;
    if (t->sprint_id != e.sprint_id.to) return reason(at, "sprint_id has changed since");
    if (takes(at, home_after(*t), e.sprint_id.from))
      add(at, events::ticket_sprint_changed{{t->sprint_id, e.sprint_id.from}});
  }
  void back(events::ticket_labeled const& e, envelope const& at) {
    auto const t = now<ticket>(at);
    if (!t) return;
    if (!carries(*t, e.label_id)) return reason(at, "the label has been taken off since");
    add(at, events::ticket_unlabeled{e.label_id});
  }
  void back(events::ticket_unlabeled const& e, envelope const& at) {
    auto const t = now<ticket>(at);
    if (!t) return;
    if (carries(*t, e.label_id)) return reason(at, "the label has been put on again since");
    if (there<label>(at, e.label_id, "label")) add(at, events::ticket_labeled{e.label_id});
  }
  static bool carries(ticket const& t, uuid const& l) {
    return std::find(t.labels.begin(), t.labels.end(), l) != t.labels.end();
  }
  // A sprint takes tickets back that is open, or that this very command completed.
  bool takes(envelope const& at, uuid const& home, std::optional<uuid> const& sprint_id) {
    if (!sprint_id) return true;
    auto const s = find<sprint>(state_, at.tenant, *sprint_id);
    if (s && s->project_id != home) {
      reason(at, "the sprint it would get back is of another project");
      return false;
    }
    bool const completed_by_it = std::any_of(command_.begin(), command_.end(), [&](auto const& e) {
      return e.subject.id == *sprint_id && std::holds_alternative<events::sprint_completed>(e.what);
    });
    if (s && (s->status != sprint_status::Completed || completed_by_it)) return true;
    reason(at, s ? "the sprint it would get back is completed" : "the sprint it would get back is gone");
    return false;
  }
  bool has_status(envelope const& at, uuid const& in_project, std::string const& name, category c) {
    auto const p = find<project>(state_, at.tenant, in_project);
    auto const w = p ? find<workflow>(state_, at.tenant, p->workflow_id) : std::nullopt;
    auto const* const s = w ? w->find(name) : nullptr;
    if (s && s->category == c) return true;
    reason(at, "the workflow has no status " + name + " of its category any more");
    return false;
  }

  void back(events::comment_created const& e, envelope const& at) {
    if (now<comment>(at) && untouched(at)) add(at, events::comment_deleted{e.ticket_id});
  }
  void back(events::comment_deleted const&, envelope const& at) {
    auto const c = lost<comment>(at);
    if (c && there<ticket>(at, c->ticket_id, "ticket")) make_again<events::comment_created>(at, *c);
  }
  void back(events::tags_changed e, envelope const& at) {
    if (!carrier_exists(state_, at.tenant, at.subject)) return reason(at, "it is gone");
    auto const tags = tags_of(state_, at.tenant, at.subject);
    for (auto& [name, change] : e.changes) {
      auto const found = tags.find(name);
      auto const current = found == tags.end() ? std::nullopt : std::optional(found->second);
      if (current != change.to) return reason(at, "the tag " + name + " has changed since");
      std::swap(change.from, change.to);
    }
    add(at, std::move(e));
  }
  void back(events::webhook_created const&, envelope const& at) {
    if (now<webhook>(at) && untouched(at)) add(at, events::webhook_deleted{});
  }
  void back(events::webhook_deleted const&, envelope const& at) {
    auto const w = lost<webhook>(at);
    if (!w) return;
    auto again = made_again<events::webhook_created>(*w);
    again.from.reset(); // it goes on from now: what it was sent once is not sent again
    add(at, std::move(again));
    if (w->active) return;
    if (w->disabled_reason) return add(at, events::webhook_disabled{*w->disabled_reason});
    events::webhook_updated off;
    off.changes.active.value = {true, false};
    add(at, std::move(off));
  }
  // Time: what its owner may change goes back. What was submitted, decided, priced or closed has ways back of its own.
  void back(events::time_entry_logged const&, envelope const& at) {
    auto const e = now<time_entry>(at);
    if (e && is_draft(at, *e) && untouched(at) && still_open(at, e->date))
      add(at, events::time_entry_deleted{e->user_id, e->ticket_id, e->date, e->minutes});
  }
  void back(events::time_entry_deleted const&, envelope const& at) {
    auto const e = lost<time_entry>(at);
    if (e && there<ticket>(at, e->ticket_id, "ticket") && there<project>(at, e->project_id, "project") &&
        still_open(at, e->date) && adjusts_closed(at, *e) && day_takes(at, e->user_id, e->date, e->minutes))
      make_again<events::time_entry_logged>(at, *e);
  }
  void back(events::time_entry_updated const& e, envelope const& at) {
    auto const entry = now<time_entry>(at);
    if (entry && is_draft(at, *entry)) swap_back<time_entry>(e, at);
  }
  bool is_draft(envelope const& at, time_entry const& e) {
    if (e.status == time_status::Draft) return true;
    reason(at, "it is " + std::string(json::name_of(e.status)));
    return false;
  }
  bool possible(events::time_entry_updated const& e, envelope const& at) {
    auto next = *find<time_entry>(state_, at.tenant, at.subject.id);
    auto const before = next;
    apply(next, e.changes);
    std::int64_t const already = next.date == before.date ? before.minutes : 0;
    if ((e.changes.adjusts || e.changes.date) && !adjusts_closed(at, next)) return false;
    return still_open(at, before.date) && still_open(at, next.date) &&
           day_takes(at, next.user_id, next.date, next.minutes - already);
  }
  bool still_open(envelope const& at, date day) {
    auto const month = month_of(day);
    if (!is_closed(state_, at.tenant, month)) return true;
    reason(at, month + " is closed");
    return false;
  }
  // What is adjusted is a closed month before its own.
  bool adjusts_closed(envelope const& at, time_entry const& e) {
    if (!e.adjusts || (*e.adjusts < month_of(e.date) && is_closed(state_, at.tenant, *e.adjusts))) return true;
    reason(at, "it would adjust " + *e.adjusts + ", which is no closed month before its own");
    return false;
  }
  bool day_takes(envelope const& at, uuid const& user, date day, std::int64_t more) {
    if (minutes_logged(state_, at.tenant, user, day) + more <= minutes_a_day_max) return true;
    reason(at, to_string(day) + " would have more than 1440 minutes");
    return false;
  }
  // Organizations, and what belongs to the tenant `identity`.
  template <class E> void back(E const&, envelope const& at) { reason(at, "this is not undone"); }

  view& state_;
  std::span<events::stored_event const> command_;
  look_back const& before_;
  context const& by_;
  undoing out_;
};

} // namespace

undoing take_back(view& rehearsal, std::span<events::stored_event const> command, look_back const& before,
                  context const& by) {
  return undoer(rehearsal, command, before, by).run();
}

role least_to_undo(events::stored_event const& e) noexcept {
  auto const type = events::type_of(e.what);
  if (std::holds_alternative<events::tags_changed>(e.what))
    for (tagged const carrier : {tagged::user, tagged::team})
      if (kind_of(carrier) == e.subject.kind) return least_to_tag(carrier);
  if (type.starts_with("org.") || type == "member.role_changed") return role::Owner;
  for (std::string_view const kind : {"workflow.", "team.", "invite.", "webhook.", "member."})
    if (type.starts_with(kind)) return role::Admin;
  for (std::string_view const deletion : {"project.deleted", "ticket.deleted", "label.deleted"})
    if (type == deletion) return role::Admin;
  return role::Member;
}

} // namespace alloy::domain
