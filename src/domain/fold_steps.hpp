#pragma once
// How an event changes the entities: one `on` for each type, in the file of its subject. evolve() calls them, and an
// event without one does not compile. Private to the fold.
#include "domain/diff.hpp"
#include "domain/entities.hpp"
#include "events/envelope.hpp"

namespace alloy::domain {

// The log says something about what it has not made: a bug.
[[noreturn]] void absent(events::envelope const& at);

template <class E, class Event> E created(events::envelope const& at, Event const& what) {
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

template <class E> E found(reader const& state, events::envelope const& at, uuid const& id) {
  auto e = find<E>(state, at.tenant, id);
  if (!e) absent(at);
  return std::move(*e);
}

template <class E, class F> void update_at(view& state, events::envelope const& at, uuid const& id, F f) {
  auto e = found<E>(state, at, id);
  f(e);
  e.updated_at = at.at;
  if (!at.continues) ++e.version;
  put(state, at.tenant, e);
}
template <class E, class F> void update(view& state, events::envelope const& at, F f) {
  update_at<E>(state, at, at.subject.id, f);
}

inline void put_id(view& state, key const& k, uuid const& id) {
  state.put(k, id.view());
}

// evolve_org.cpp
void on(view& state, events::org_created const& e, events::envelope const& at);
void on(view& state, events::org_updated const& e, events::envelope const& at);
void on(view& state, events::org_currency_converted const& e, events::envelope const& at);
void on(view& state, events::org_deleted const& e, events::envelope const& at);
void on(view& state, events::member_added const& e, events::envelope const& at);
void on(view& state, events::member_role_changed const& e, events::envelope const& at);
void on(view& state, events::member_removed const& e, events::envelope const& at);
void on(view& state, events::invite_created const& e, events::envelope const& at);
void on(view& state, events::invite_revoked const& e, events::envelope const& at);
void on(view& state, events::invite_accepted const& e, events::envelope const& at);
void on(view& state, events::team_created const& e, events::envelope const& at);
void on(view& state, events::team_updated const& e, events::envelope const& at);
void on(view& state, events::team_deleted const& e, events::envelope const& at);
void on(view& state, events::team_member_added const& e, events::envelope const& at);
void on(view& state, events::team_member_removed const& e, events::envelope const& at);
void on(view& state, events::workflow_created const& e, events::envelope const& at);
void on(view& state, events::workflow_updated const& e, events::envelope const& at);
void on(view& state, events::workflow_deleted const& e, events::envelope const& at);
void on(view& state, events::label_created const& e, events::envelope const& at);
void on(view& state, events::label_updated const& e, events::envelope const& at);
void on(view& state, events::label_deleted const& e, events::envelope const& at);

// evolve_project.cpp
void on(view& state, events::project_created const& e, events::envelope const& at);
void on(view& state, events::project_updated const& e, events::envelope const& at);
void on(view& state, events::project_deleted const& e, events::envelope const& at);
void on(view& state, events::project_member_added const& e, events::envelope const& at);
void on(view& state, events::project_member_removed const& e, events::envelope const& at);
void on(view& state, events::sprint_created const& e, events::envelope const& at);
void on(view& state, events::sprint_updated const& e, events::envelope const& at);
void on(view& state, events::sprint_started const& e, events::envelope const& at);
void on(view& state, events::sprint_completed const& e, events::envelope const& at);
void on(view& state, events::sprint_deleted const& e, events::envelope const& at);

// evolve_time.cpp
void on(view& state, events::time_entry_logged const& e, events::envelope const& at);
void on(view& state, events::time_entry_updated const& e, events::envelope const& at);
void on(view& state, events::time_entry_submitted const& e, events::envelope const& at);
void on(view& state, events::time_entry_approved const& e, events::envelope const& at);
void on(view& state, events::time_entry_rejected const& e, events::envelope const& at);
void on(view& state, events::time_entry_reopened const& e, events::envelope const& at);
void on(view& state, events::time_entry_deleted const& e, events::envelope const& at);
void on(view& state, events::labor_rate_set const& e, events::envelope const& at);
void on(view& state, events::period_closed const& e, events::envelope const& at);
void on(view& state, events::period_reopened const& e, events::envelope const& at);

// tags.cpp
void on(view& state, events::tags_changed const& e, events::envelope const& at);

} // namespace alloy::domain
