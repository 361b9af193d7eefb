#include "domain/fold_steps.hpp"
#include "domain/projects.hpp"
#include "domain/tags.hpp"
#include "domain/terms.hpp"

namespace alloy::domain {

using events::envelope;

void on(view& state, events::project_created const& e, envelope const& at) {
  auto p = created<project>(at, e);
  p.org_id = at.tenant;
  p.ticket_counter = e.ticket_counter.value.value_or(0);
  put(state, at.tenant, p);
  hold_name(state, project_by_key(at.tenant, p.key), p.id);
  note_terms(state, p, at);
}
void on(view& state, events::project_updated const& e, envelope const& at) {
  update<project>(state, at, [&](project& p) {
    apply(p, e.changes);
    if (e.changes.capitalization_type || e.changes.development_phase) note_terms(state, p, at);
  });
}
void on(view& state, events::project_deleted const&, envelope const& at) {
  auto const p = found<project>(state, at, at.subject.id);
  drop_tags(state, at.tenant, entity::project, p.id, p.created_at);
  leave_name(state, project_by_key(at.tenant, p.key), p.id);
  state.erase(key_of<project>(at.tenant, p.id));
}
void on(view& state, events::project_member_added const& e, envelope const& at) {
  put_at(state, project_member_key(at.tenant, at.subject.id, e.user_id),
         project_member{at.subject.id, e.user_id, at.at});
}
void on(view& state, events::project_member_removed const& e, envelope const& at) {
  state.erase(project_member_key(at.tenant, at.subject.id, e.user_id));
}
void on(view& state, events::sprint_created const& e, envelope const& at) {
  put(state, at.tenant, created<sprint>(at, e));
}
void on(view& state, events::sprint_updated const& e, envelope const& at) {
  update<sprint>(state, at, [&](sprint& s) {
    apply(s, e.changes);
    if (s.status != sprint_status::Completed) s.completed_at.reset();
    if (s.status == sprint_status::Planned) s.started_at.reset();
  });
}
void on(view& state, events::sprint_started const&, envelope const& at) {
  update<sprint>(state, at, [&](sprint& s) {
    s.status = sprint_status::Active;
    s.started_at = at.at;
  });
}
void on(view& state, events::sprint_completed const&, envelope const& at) {
  update<sprint>(state, at, [&](sprint& s) {
    s.status = sprint_status::Completed;
    s.completed_at = at.at;
  });
}
void on(view& state, events::sprint_deleted const&, envelope const& at) {
  state.erase(key_of<sprint>(at.tenant, at.subject.id));
}

} // namespace alloy::domain
