#include "domain/currency.hpp"
#include "domain/fold_steps.hpp"
#include "domain/tags.hpp"
#include "domain/teams.hpp"
#include "domain/terms.hpp"
#include "domain/workflows.hpp"

namespace alloy::domain {

using events::envelope;

namespace {

key slug_key(std::string_view slug) {
  return key(identity_tenant, table::org_by_slug).add(slug);
}
key membership_key(uuid const& user, uuid const& org) {
  return key(identity_tenant, table::membership_by_user).add(user).add(org);
}
void put_membership(view& state, member const& m) {
  put(state, m.org_id, m);
  state.put(membership_key(m.id, m.org_id), json::to_string(m));
}
key joined_key(uuid const& org, team_member const& m) {
  return teams_of_member(org, m.user_id).add(static_cast<std::uint64_t>(m.added_at.ms)).add(m.team_id);
}

} // namespace

void on(view& state, events::org_created const& e, envelope const& at) {
  auto o = created<org>(at, e);
  o.working_days = e.working_days.value.value_or(default_working_days);
  o.minor_digits = e.minor_digits.value.value_or(2);
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
void on(view& state, events::org_currency_converted const& e, envelope const& at) {
  update<org>(state, at, [&](org& o) { o.minor_digits = e.to_digits; });
  note_conversion(state, e, at);
}
void on(view& state, events::org_deleted const& e, envelope const& at) {
  // The slug of the event may be another organization's by now, or by somebody's invention.
  std::string owner;
  if (state.get(slug_key(e.slug), owner) && uuid::from_view(owner) == at.subject.id) state.erase(slug_key(e.slug));
  state.erase(key_of<org>(at.tenant, at.subject.id));
}

// ---------------------------------------------------------------------------------------------------- member, invite

void on(view& state, events::member_added const& e, envelope const& at) {
  auto m = created<member>(at, e);
  m.id = e.user_id;
  m.org_id = at.tenant;
  put_membership(state, m);
}
void on(view& state, events::member_role_changed const& e, envelope const& at) {
  auto m = found<member>(state, at, e.user_id);
  apply(m, e.changes);
  m.updated_at = at.at;
  ++m.version;
  put_membership(state, m);
}
void on(view& state, events::member_removed const& e, envelope const& at) {
  drop_tags(state, at.tenant, entity::user, e.user_id, found<member>(state, at, e.user_id).created_at);
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

// ---------------------------------------------------------------------------------------------------- team

void on(view& state, events::team_created const& e, envelope const& at) {
  auto t = created<team>(at, e);
  t.org_id = at.tenant;
  put(state, at.tenant, t);
  hold_name(state, team_name_key(at.tenant, t.name), t.id);
}
void on(view& state, events::team_updated const& e, envelope const& at) {
  update<team>(state, at, [&](team& t) {
    auto const before = team_name_key(at.tenant, t.name);
    apply(t, e.changes);
    change_name(state, before, team_name_key(at.tenant, t.name), t.id);
  });
}
void on(view& state, events::team_deleted const&, envelope const& at) {
  auto const t = found<team>(state, at, at.subject.id);
  drop_tags(state, at.tenant, entity::team, t.id, t.created_at);
  leave_name(state, team_name_key(at.tenant, t.name), t.id);
  state.erase(key_of<team>(at.tenant, t.id));
}
void on(view& state, events::team_member_added const& e, envelope const& at) {
  team_member const m{at.subject.id, e.user_id, at.at};
  put_at(state, team_member_key(at.tenant, m.team_id, m.user_id), m);
  state.put(joined_key(at.tenant, m), {});
  note_joined(state, m.team_id, m.user_id, at);
}
void on(view& state, events::team_member_removed const& e, envelope const& at) {
  auto const where = team_member_key(at.tenant, at.subject.id, e.user_id);
  auto const m = find_at<team_member>(state, where);
  if (!m) absent(at);
  state.erase(joined_key(at.tenant, *m));
  state.erase(where);
  note_left(state, at.subject.id, e.user_id, at);
}

// ---------------------------------------------------------------------------------------------------- workflow, label

void on(view& state, events::workflow_created const& e, envelope const& at) {
  auto w = created<workflow>(at, e);
  w.org_id = at.tenant;
  put(state, at.tenant, w);
  hold_name(state, workflow_name_key(at.tenant, w.name), w.id);
  auto o = find<org>(state, at.tenant, at.tenant);
  if (o && !o->default_workflow_id) { // the first one of an org is its default
    o->default_workflow_id = w.id;
    put(state, at.tenant, *o);
  }
}
void on(view& state, events::workflow_updated const& e, envelope const& at) {
  update<workflow>(state, at, [&](workflow& w) {
    auto const before = workflow_name_key(at.tenant, w.name);
    apply(w, e.changes);
    change_name(state, before, workflow_name_key(at.tenant, w.name), w.id);
  });
}
void on(view& state, events::workflow_deleted const&, envelope const& at) {
  auto const name = found<workflow>(state, at, at.subject.id).name;
  leave_name(state, workflow_name_key(at.tenant, name), at.subject.id);
  state.erase(key_of<workflow>(at.tenant, at.subject.id));
}
void on(view& state, events::label_created const& e, envelope const& at) {
  auto l = created<label>(at, e);
  l.org_id = at.tenant;
  put(state, at.tenant, l);
  hold_name(state, label_name_key(at.tenant, l.name), l.id);
}
void on(view& state, events::label_updated const& e, envelope const& at) {
  update<label>(state, at, [&](label& l) {
    auto const before = label_name_key(at.tenant, l.name);
    apply(l, e.changes);
    change_name(state, before, label_name_key(at.tenant, l.name), l.id);
  });
}
void on(view& state, events::label_deleted const&, envelope const& at) {
  leave_name(state, label_name_key(at.tenant, found<label>(state, at, at.subject.id).name), at.subject.id);
  state.erase(key_of<label>(at.tenant, at.subject.id));
}

} // namespace alloy::domain
