#include "domain/evolve.hpp"

#include "domain/diff.hpp"
#include "domain/entities.hpp"

#include <algorithm>
#include <stdexcept>

namespace alloy::domain {
namespace {

using events::envelope;

[[noreturn]] void absent(envelope const& at) {
  throw std::logic_error("the event at position " + std::to_string(at.position) +
                         " is about something that is not there");
}

template <class E, class Event> E created(envelope const& at, Event const& what) {
  E e;
  e.id = at.subject.id;
  e.created_at = e.updated_at = at.at;
  e.version = 1;
  take(e, what);
  if constexpr (requires { what.restores; })
    if (auto const& before = what.restores.value) {
      e.created_at = before->created_at;
      e.version = before->version + 1;
    }
  return e;
}

template <class E, class F> void update_at(view& state, envelope const& at, uuid const& id, F f) {
  auto e = find<E>(state, at.tenant, id);
  if (!e) absent(at);
  f(*e);
  e->updated_at = at.at;
  if (!at.continues) ++e->version;
  put(state, at.tenant, *e);
}
template <class E, class F> void update(view& state, envelope const& at, F f) {
  update_at<E>(state, at, at.subject.id, f);
}

void put_id(view& state, key const& k, uuid const& id) {
  state.put(k, id.view());
}

key slug_key(std::string_view slug) {
  return key(identity_tenant, table::org_by_slug).add(slug);
}
key membership_key(uuid const& user, uuid const& org) {
  return key(identity_tenant, table::membership_by_user).add(user).add(org);
}

// ---------------------------------------------------------------------------------------------------- identity

void on(view& state, events::user_registered const& e, envelope const& at) {
  auto u = created<user>(at, e);
  put(state, at.tenant, u);
}
void on(view& state, events::user_password_changed const& e, envelope const& at) {
  update<user>(state, at, [&](user& u) { u.password_hash = e.password_hash; });
}
void on(view& state, events::session_opened const& e, envelope const& at) {
  auto s = created<session>(at, e);
  put(state, at.tenant, s);
  state.put(key(at.tenant, table::session_by_user).add(s.user_id).add(s.id), {});
  put_id(state, key(at.tenant, table::session_by_refresh).add(s.refresh_hash), s.id);
}
void on(view& state, events::session_refreshed const& e, envelope const& at) {
  // The former hash keeps leading to the session: that is how a reused token is known for what it is.
  put_id(state, key(at.tenant, table::session_by_refresh).add(e.refresh_hash), at.subject.id);
  update<session>(state, at, [&](session& s) {
    s.refresh_hash = e.refresh_hash;
    s.expires_at = e.expires_at;
  });
}
void end_session(view& state, envelope const& at) {
  update<session>(state, at, [&](session& s) {
    s.open = false;
    state.erase(key(at.tenant, table::session_by_user).add(s.user_id).add(s.id));
  });
}
void on(view& state, events::session_closed const&, envelope const& at) {
  end_session(state, at);
}
void on(view& state, events::session_revoked const&, envelope const& at) {
  end_session(state, at);
}
void on(view& state, events::api_key_created const& e, envelope const& at) {
  auto k = created<api_key>(at, e);
  put(state, at.tenant, k);
  put_id(state, key(at.tenant, table::api_key_by_hash).add(k.key_hash), k.id);
  state.put(key(at.tenant, table::api_key_by_user).add(k.user_id).add(k.id), {});
}
void on(view& state, events::api_key_deleted const&, envelope const& at) {
  auto const k = find<api_key>(state, at.tenant, at.subject.id);
  if (!k) absent(at);
  state.erase(key(at.tenant, table::api_key_by_hash).add(k->key_hash));
  state.erase(key(at.tenant, table::api_key_by_user).add(k->user_id).add(k->id));
  state.erase(key_of<api_key>(at.tenant, k->id));
}

// ---------------------------------------------------------------------------------------------------- org

void on(view& state, events::org_created const& e, envelope const& at) {
  auto o = created<org>(at, e);
  put(state, at.tenant, o);
  put_id(state, slug_key(o.slug), o.id);
}
void on(view& state, events::org_updated const& e, envelope const& at) {
  update<org>(state, at, [&](org& o) {
    state.erase(slug_key(o.slug));
    apply(o, e.changes);
    put_id(state, slug_key(o.slug), o.id);
  });
}
void put_membership(view& state, member const& m) {
  put(state, m.org_id, m);
  state.put(membership_key(m.id, m.org_id), json::to_string(m));
}
void on(view& state, events::member_added const& e, envelope const& at) {
  auto m = created<member>(at, e);
  m.id = e.user_id;
  m.org_id = at.tenant;
  put_membership(state, m);
}
void on(view& state, events::member_role_changed const& e, envelope const& at) {
  auto m = find<member>(state, at.tenant, e.user_id);
  if (!m) absent(at);
  apply(*m, e.changes);
  m->updated_at = at.at;
  ++m->version;
  put_membership(state, *m);
}
void on(view& state, events::member_removed const& e, envelope const& at) {
  state.erase(key_of<member>(at.tenant, e.user_id));
  state.erase(membership_key(e.user_id, at.tenant));
}
void on(view& state, events::invite_created const& e, envelope const& at) {
  auto i = created<invite>(at, e);
  i.org_id = at.tenant;
  put(state, at.tenant, i);
  // The code is all that an invited person has, so it is found without knowing the org: org and invite behind it.
  state.put(key(identity_tenant, table::invite_by_code).add(i.code_hash),
            std::string(at.tenant.view()) + std::string(i.id.view()));
}
void on(view& state, events::invite_revoked const&, envelope const& at) {
  update<invite>(state, at, [](invite& i) { i.status = invite_status::Revoked; });
}
void on(view& state, events::invite_accepted const&, envelope const& at) {
  update<invite>(state, at, [](invite& i) { i.status = invite_status::Accepted; });
}

// ---------------------------------------------------------------------------------------------------- workflow, label

key workflow_name_key(uuid const& tenant, std::string_view name) {
  return key(tenant, table::workflow_by_name).add(name);
}
key label_name_key(uuid const& tenant, std::string_view name) {
  return key(tenant, table::label_by_name).add(name);
}

void on(view& state, events::workflow_created const& e, envelope const& at) {
  auto w = created<workflow>(at, e);
  w.org_id = at.tenant;
  put(state, at.tenant, w);
  put_id(state, workflow_name_key(at.tenant, w.name), w.id);
  auto o = find<org>(state, at.tenant, at.tenant);
  if (o && !o->default_workflow_id) { // the first one of an org is its default
    o->default_workflow_id = w.id;
    put(state, at.tenant, *o);
  }
}
void on(view& state, events::workflow_updated const& e, envelope const& at) {
  update<workflow>(state, at, [&](workflow& w) {
    state.erase(workflow_name_key(at.tenant, w.name));
    apply(w, e.changes);
    put_id(state, workflow_name_key(at.tenant, w.name), w.id);
  });
}
void on(view& state, events::label_created const& e, envelope const& at) {
  auto l = created<label>(at, e);
  l.org_id = at.tenant;
  put(state, at.tenant, l);
  put_id(state, label_name_key(at.tenant, l.name), l.id);
}
void on(view& state, events::label_updated const& e, envelope const& at) {
  update<label>(state, at, [&](label& l) {
    state.erase(label_name_key(at.tenant, l.name));
    apply(l, e.changes);
    put_id(state, label_name_key(at.tenant, l.name), l.id);
  });
}

// ---------------------------------------------------------------------------------------------------- project, sprint

void on(view& state, events::project_created const& e, envelope const& at) {
  auto p = created<project>(at, e);
  p.org_id = at.tenant;
  put(state, at.tenant, p);
  put_id(state, key(at.tenant, table::project_by_key).add(p.key), p.id);
}
void on(view& state, events::project_updated const& e, envelope const& at) {
  update<project>(state, at, [&](project& p) { apply(p, e.changes); });
}
void on(view& state, events::project_member_added const& e, envelope const& at) {
  state.put(key(at.tenant, table::project_member).add(at.subject.id).add(e.user_id), to_string(at.at));
}
void on(view& state, events::project_member_removed const& e, envelope const& at) {
  state.erase(key(at.tenant, table::project_member).add(at.subject.id).add(e.user_id));
}
void on(view& state, events::sprint_created const& e, envelope const& at) {
  auto s = created<sprint>(at, e);
  put(state, at.tenant, s);
}
void on(view& state, events::sprint_updated const& e, envelope const& at) {
  update<sprint>(state, at, [&](sprint& s) { apply(s, e.changes); });
}
void on(view& state, events::sprint_started const&, envelope const& at) {
  update<sprint>(state, at, [&](sprint& s) {
    s.status = sprint_status::Active;
    s.started_at = at.at;
  });
}

// ---------------------------------------------------------------------------------------------------- ticket, comment

// The counter is not a change of the project: its version and time stay.
void count_ticket(view& state, envelope const& at, uuid const& project_id, std::int64_t number) {
  auto p = find<project>(state, at.tenant, project_id);
  if (!p) absent(at);
  if (number <= p->ticket_counter) return; // it had the number before
  p->ticket_counter = number;
  put(state, at.tenant, *p);
}
void on(view& state, events::ticket_created const& e, envelope const& at) {
  put(state, at.tenant, created<ticket>(at, e));
  count_ticket(state, at, e.project_id, e.ticket_number);
}
void on(view& state, events::ticket_updated const& e, envelope const& at) {
  update<ticket>(state, at, [&](ticket& t) { apply(t, e.changes); });
  if (e.changes.project_id && e.changes.ticket_number)
    count_ticket(state, at, e.changes.project_id.value->to, e.changes.ticket_number.value->to);
}
void on(view& state, events::ticket_deleted const&, envelope const& at) {
  state.erase(key_of<ticket>(at.tenant, at.subject.id));
}
void on(view& state, events::ticket_status_changed const& e, envelope const& at) {
  update<ticket>(state, at, [&](ticket& t) {
    t.status = e.status.to;
    t.category = e.category.to;
  });
}
void on(view& state, events::ticket_assigned const& e, envelope const& at) {
  update<ticket>(state, at, [&](ticket& t) { t.assignee_id = e.assignee_id.to; });
}
void on(view& state, events::ticket_sprint_changed const& e, envelope const& at) {
  update<ticket>(state, at, [&](ticket& t) { t.sprint_id = e.sprint_id.to; });
}
void on(view& state, events::ticket_labeled const& e, envelope const& at) {
  update<ticket>(state, at, [&](ticket& t) { t.labels.push_back(e.label_id); });
}
void on(view& state, events::ticket_unlabeled const& e, envelope const& at) {
  update<ticket>(state, at, [&](ticket& t) { std::erase(t.labels, e.label_id); });
}
void on(view& state, events::comment_created const& e, envelope const& at) {
  auto c = created<comment>(at, e);
  put(state, at.tenant, c);
}
void on(view& state, events::comment_updated const& e, envelope const& at) {
  update<comment>(state, at, [&](comment& c) { apply(c, e.changes); });
}
void on(view& state, events::comment_deleted const&, envelope const& at) {
  state.erase(key_of<comment>(at.tenant, at.subject.id));
}

// ---------------------------------------------------------------------------------------------------- webhook

void on(view& state, events::webhook_created const& e, envelope const& at) {
  auto w = created<webhook>(at, e);
  w.org_id = at.tenant;
  w.created_by = at.actor.user_id;
  w.from = e.from.value_or(at.position);
  put(state, at.tenant, w);
}
void on(view& state, events::webhook_updated const& e, envelope const& at) {
  update<webhook>(state, at, [&](webhook& w) { apply(w, e.changes); });
}
void on(view& state, events::webhook_deleted const&, envelope const& at) {
  state.erase(key_of<webhook>(at.tenant, at.subject.id));
}

} // namespace

// An event without an `on` above does not compile.
void evolve(view& state, events::stored_event const& e) {
  std::visit([&](auto const& what) { on(state, what, e); }, e.what);
}

} // namespace alloy::domain
