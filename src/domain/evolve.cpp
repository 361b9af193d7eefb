#include "domain/evolve.hpp"

#include "domain/fold_steps.hpp"
#include "domain/tags.hpp"
#include "domain/webhooks.hpp"

#include <stdexcept>

namespace alloy::domain {
namespace {

using events::envelope;

// ---------------------------------------------------------------------------------------------------- identity

void on(view& state, events::user_registered const& e, envelope const& at) {
  auto u = created<user>(at, e);
  put(state, at.tenant, u);
}
void on(view& state, events::user_password_changed const& e, envelope const& at) {
  update<user>(state, at, [&](user& u) { u.password_hash = e.password_hash; });
}
void on(view& state, events::user_erased const&, envelope const& at) {
  update<user>(state, at, [&](user& u) {
    u.password_hash.clear();
    u.erased_at = at.at;
  });
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
void on(view& state, events::session_confirmed const& e, envelope const& at) {
  update<session>(state, at, [&](session& s) { s.confirmed_until = e.until; });
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

void on(view& state, events::operator_added const& e, envelope const& at) {
  auto o = created<operator_>(at, e);
  o.id = e.user_id;
  put(state, at.tenant, o);
}
void on(view& state, events::operator_removed const& e, envelope const& at) {
  state.erase(key_of<operator_>(at.tenant, e.user_id));
}

// ---------------------------------------------------------------------------------------------------- ticket, comment

// The counter is not a change of the project: its version and time stay.
void count_ticket(view& state, envelope const& at, uuid const& project_id, std::int64_t number) {
  auto p = found<project>(state, at, project_id);
  if (number <= p.ticket_counter) return; // it had the number before
  p.ticket_counter = number;
  put(state, at.tenant, p);
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
  drop_tags(state, at.tenant, entity::ticket, at.subject.id, found<ticket>(state, at, at.subject.id).created_at);
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
  put(state, at.tenant, w);
  // For good, as every id's history is. Logs of older versions hold twins: the first one keeps the row.
  if (auto const taken = webhook_by_id(w.id); !state.has(taken)) put_id(state, taken, at.tenant);
}
void on(view& state, events::webhook_updated const& e, envelope const& at) {
  update<webhook>(state, at, [&](webhook& w) {
    apply(w, e.changes);
    if (!w.active) return;
    w.disabled_reason.reset();
    w.disabled_at.reset();
  });
}
void on(view& state, events::webhook_secret_rotated const& e, envelope const& at) {
  update<webhook>(state, at, [&](webhook& w) {
    w.previous_secret_sealed = std::move(w.secret_sealed);
    w.previous_secret_until = e.overlap_until;
    w.secret_sealed = e.secret_sealed;
  });
}
void on(view& state, events::webhook_disabled const& e, envelope const& at) {
  update<webhook>(state, at, [&](webhook& w) {
    w.active = false;
    w.disabled_reason = e.reason;
    w.disabled_at = at.at;
  });
}
void on(view&, events::webhook_pinged const&, envelope const&) {}
void on(view&, events::webhook_redelivered const&, envelope const&) {}
void on(view&, events::webhook_replayed const&, envelope const&) {}
void on(view& state, events::webhook_deleted const&, envelope const& at) {
  state.erase(key_of<webhook>(at.tenant, at.subject.id));
}

} // namespace

void absent(envelope const& at) {
  throw std::logic_error("the event at position " + std::to_string(at.position) +
                         " is about something that is not there");
}

void evolve(view& state, events::stored_event const& e) {
  std::visit([&](auto const& what) { on(state, what, e); }, e.what);
}

} // namespace alloy::domain
