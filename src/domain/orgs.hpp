#pragma once
// The rules of organizations: members, invites, workflows, labels, webhooks. Pure.
#include "domain/context.hpp"
#include "domain/diff.hpp"
#include "domain/entities.hpp"

#include <set>

namespace alloy::domain {

using org_name = text<1, 200>;

struct create_org {
  std::optional<uuid> id;
  org_name name;
  alloy::slug slug;
  std::optional<alloy::time_zone> time_zone;
  std::optional<alloy::currency> currency;
};
BOOST_DESCRIBE_STRUCT(create_org, (), (id, name, slug, time_zone, currency))

struct update_org {
  json::changed<org_name> name;
  json::changed<alloy::slug> slug;
  json::changed<alloy::time_zone> time_zone;
  json::changed<alloy::currency> currency;
};
BOOST_DESCRIBE_STRUCT(update_org, (), (name, slug, time_zone, currency))

struct create_invite {
  alloy::email email;
  alloy::role role{};
  std::optional<uuid> created_by;
  std::optional<timestamp> expires_at;
};
BOOST_DESCRIBE_STRUCT(create_invite, (), (email, role, created_by, expires_at))

struct status_input {
  text<1, 64> name;
  alloy::category category{};
  std::optional<bool> cancels;
};
BOOST_DESCRIBE_STRUCT(status_input, (), (name, category, cancels))
struct transition_input {
  text<1, 64> from, to;
};
BOOST_DESCRIBE_STRUCT(transition_input, (), (from, to))

struct create_workflow {
  std::optional<uuid> id;
  text<1, 100> name;
  list<status_input, 1, 50> statuses;
  std::optional<list<transition_input, 0, 500>> transitions;
  std::optional<alloy::enforcement> enforcement;
};
BOOST_DESCRIBE_STRUCT(create_workflow, (), (id, name, statuses, transitions, enforcement))

struct update_workflow {
  json::changed<text<1, 100>> name;
  json::changed<list<status_input, 1, 50>> statuses;
  json::changed<list<transition_input, 0, 500>> transitions;
  json::changed<alloy::enforcement> enforcement;
};
BOOST_DESCRIBE_STRUCT(update_workflow, (), (name, statuses, transitions, enforcement))

struct create_label {
  std::optional<uuid> id;
  text<1, 100> name;
  alloy::color color;
};
BOOST_DESCRIBE_STRUCT(create_label, (), (id, name, color))

struct update_label {
  json::changed<text<1, 100>> name;
  json::changed<alloy::color> color;
};
BOOST_DESCRIBE_STRUCT(update_label, (), (name, color))

// Every org starts with this one: any to any, nothing enforced.
inline events::workflow_created default_workflow() {
  events::workflow_created w;
  w.name = "Default";
  for (auto const& [name, category] : {std::pair{"Backlog", category::todo},
                                       {"Ready", category::todo},
                                       {"InProgress", category::in_progress},
                                       {"Review", category::in_progress},
                                       {"Done", category::done},
                                       {"Cancelled", category::done}})
    w.statuses.push_back({name, category, std::string_view(name) == "Cancelled"});
  return w;
}

inline facts founding(uuid const& org_id, events::org_created what, context const& by) {
  facts out;
  record(out, org_id, entity::org, org_id, std::move(what));
  record(out, org_id, entity::member, by.user_id, events::member_added{by.user_id, role::Owner, true, {}});
  record(out, org_id, entity::workflow, by.new_id(), default_workflow());
  return out;
}

inline result<decision> decide(reader const& state, create_org const& c, context const& by) {
  if (state.has(key(identity_tenant, table::org_by_slug).add(c.slug.value)))
    return error(errc::already_exists, "the slug " + c.slug.value + " is taken");
  uuid const id = c.id ? *c.id : by.new_id();
  if (id.is_nil() || state.has(key_of<org>(id, id))) return error(errc::already_exists, "this id is taken");
  return decision{founding(id,
                           {c.name.value, c.slug.value, c.time_zone ? c.time_zone->value : "UTC",
                            c.currency ? c.currency->value : "USD"},
                           by),
                  {}};
}

inline result<decision> decide(reader const& state, org const& o, update_org const& c) {
  if (c.slug && c.slug.value->value != o.slug &&
      state.has(key(identity_tenant, table::org_by_slug).add(c.slug.value->value)))
    return error(errc::already_exists, "the slug " + c.slug.value->value + " is taken");
  decision d;
  if (auto changes = difference<events::org_changes>(o, c); any(changes))
    record(d.events, o.id, entity::org, o.id, events::org_updated{std::move(changes)});
  return d;
}

// Sealed and hashed by the caller: what is secret or personal never gets here in clear.
struct sealed_invite {
  uuid id;
  std::string email_sealed, code_hash;
};

inline result<decision> decide(org const& o, create_invite const& c, sealed_invite const& sealed, context const& by) {
  std::vector<fault> faults;
  if (c.role > by.role) faults.push_back({"/role", "above_your_own", "nobody invites to a role above his own"});
  if (c.created_by && *c.created_by != by.user_id)
    faults.push_back({"/created_by", "not_yourself", "an invite is created by its caller"});
  std::int64_t constexpr day_ms = 86'400'000;
  timestamp const ends = c.expires_at.value_or(timestamp{by.at.ms + 7 * day_ms});
  if (ends <= by.at) faults.push_back({"/expires_at", "in_the_past", "it must be in the future"});
  if (ends.ms > by.at.ms + 365 * day_ms) faults.push_back({"/expires_at", "too_far", "it must be within a year"});
  if (!faults.empty()) return error(std::move(faults));
  decision d;
  record(d.events, o.id, entity::invite, sealed.id,
         events::invite_created{sealed.email_sealed, c.role, by.user_id, sealed.code_hash, ends});
  return d;
}

inline result<decision> revoke(uuid const& org_id, invite const& i) {
  if (i.status != invite_status::Pending)
    return error(errc::wrong_state, "the invite is " + std::string(json::name_of(i.status)));
  decision d;
  record(d.events, org_id, entity::invite, i.id, events::invite_revoked{});
  return d;
}

inline result<decision> accept(reader const& state, uuid const& org_id, invite const& i, context const& by) {
  if (i.status != invite_status::Pending)
    return error(errc::wrong_state, "the invite is " + std::string(json::name_of(i.status)));
  if (i.expires_at <= by.at) return error(errc::wrong_state, "the invite has expired");
  if (state.has(key_of<member>(org_id, by.user_id)))
    return error(errc::already_exists, "you are a member of this organization");
  decision d;
  record(d.events, org_id, entity::member, by.user_id,
         events::member_added{by.user_id, i.role, i.role >= role::Admin, i.id});
  record(d.events, org_id, entity::invite, i.id, events::invite_accepted{by.user_id});
  return d;
}

namespace detail {

inline std::vector<workflow_status> statuses_of(list<status_input, 1, 50> const& in, std::vector<fault>& faults) {
  std::vector<workflow_status> out;
  for (std::size_t i = 0; i < in.size(); ++i) {
    auto const& s = in[i];
    std::string const pointer = "/statuses/" + std::to_string(i);
    for (auto const& before : out)
      if (before.name == s.name.value)
        faults.push_back({pointer + "/name", "duplicate", "the status " + s.name.value + " stands there twice"});
    bool const cancels = s.cancels.value_or(s.category == category::done && s.name.value == "Cancelled");
    if (cancels && s.category != category::done)
      faults.push_back({pointer + "/cancels", "not_done", "only a done status can cancel"});
    out.push_back({s.name.value, s.category, cancels});
  }
  return out;
}

inline std::vector<workflow_transition> transitions_of(list<transition_input, 0, 500> const& in,
                                                       std::vector<workflow_status> const& statuses,
                                                       std::vector<fault>& faults) {
  std::vector<workflow_transition> out;
  auto const known = [&](std::string const& name) {
    return std::any_of(statuses.begin(), statuses.end(), [&](auto const& s) { return s.name == name; });
  };
  for (std::size_t i = 0; i < in.size(); ++i) {
    workflow_transition const t{in[i].from.value, in[i].to.value};
    std::string const pointer = "/transitions/" + std::to_string(i);
    if (!known(t.from)) faults.push_back({pointer + "/from", "unknown_status", "there is no status " + t.from});
    if (!known(t.to)) faults.push_back({pointer + "/to", "unknown_status", "there is no status " + t.to});
    if (std::find(out.begin(), out.end(), t) != out.end())
      faults.push_back({pointer, "duplicate", "this transition stands there twice"});
    out.push_back(t);
  }
  return out;
}

} // namespace detail

inline key workflow_name_key(uuid const& org_id, std::string_view name) {
  return key(org_id, table::workflow_by_name).add(name);
}

inline result<decision> decide(reader const& state, org const& o, create_workflow const& c, context const& by) {
  if (c.id && state.has(key_of<workflow>(o.id, *c.id))) return error(errc::already_exists, "this id is taken");
  if (state.has(workflow_name_key(o.id, c.name.value)))
    return error(errc::already_exists, "the name " + c.name.value + " is taken by another workflow");
  std::vector<fault> faults;
  events::workflow_created e;
  e.name = c.name.value;
  e.statuses = detail::statuses_of(c.statuses, faults);
  if (c.transitions) e.transitions = detail::transitions_of(*c.transitions, e.statuses, faults);
  e.enforcement = c.enforcement.value_or(enforcement::none);
  if (!faults.empty()) return error(std::move(faults));
  decision d;
  record(d.events, o.id, entity::workflow, c.id ? *c.id : by.new_id(), std::move(e));
  return d;
}

// `status_in_use(status)` counts tickets over all projects that have this workflow.
template <class StatusInUse>
result<decision> decide(reader const& state, workflow const& w, update_workflow const& c, StatusInUse status_in_use) {
  std::vector<fault> faults;
  events::workflow_changes changes;
  if (c.name && c.name.value->value != w.name) {
    if (state.has(workflow_name_key(w.org_id, c.name.value->value)))
      return error(errc::already_exists, "the name " + c.name.value->value + " is taken by another workflow");
    changes.name.value = {w.name, c.name.value->value};
  }
  auto statuses = w.statuses;
  if (c.statuses) {
    statuses = detail::statuses_of(*c.statuses.value, faults);
    if (statuses != w.statuses) changes.statuses.value = {w.statuses, statuses};
  }
  auto transitions = w.transitions;
  if (c.transitions) {
    transitions = detail::transitions_of(*c.transitions.value, statuses, faults);
    if (transitions != w.transitions) changes.transitions.value = {w.transitions, transitions};
  } else if (c.statuses) {
    for (auto const& t : w.transitions)
      if (std::none_of(statuses.begin(), statuses.end(), [&](auto const& s) { return s.name == t.from; }) ||
          std::none_of(statuses.begin(), statuses.end(), [&](auto const& s) { return s.name == t.to; }))
        faults.push_back(
            {"/statuses", "status_in_transition",
             "the transition " + t.from + " to " + t.to + " needs a status that is gone; send transitions, too"});
  }
  if (c.enforcement && *c.enforcement.value != w.enforcement)
    changes.enforcement.value = {w.enforcement, *c.enforcement.value};
  if (!faults.empty()) return error(std::move(faults));
  for (auto const& s : w.statuses) {
    auto const same = std::find_if(statuses.begin(), statuses.end(),
                                   [&](auto const& n) { return n.name == s.name && n.category == s.category; });
    if (same != statuses.end()) continue;
    if (std::uint64_t const count = status_in_use(s.name))
      return error(errc::in_use, std::to_string(count) + " tickets have the status " + s.name,
                   "\"count\":" + std::to_string(count));
  }
  decision d;
  if (any(changes)) record(d.events, w.org_id, entity::workflow, w.id, events::workflow_updated{std::move(changes)});
  return d;
}

inline key label_name_key(uuid const& org_id, std::string_view name) {
  return key(org_id, table::label_by_name).add(name);
}

inline result<decision> decide(reader const& state, org const& o, create_label const& c, context const& by) {
  if (c.id && state.has(key_of<label>(o.id, *c.id))) return error(errc::already_exists, "this id is taken");
  if (state.has(label_name_key(o.id, c.name.value)))
    return error(errc::already_exists, "the name " + c.name.value + " is taken by another label");
  decision d;
  record(d.events, o.id, entity::label, c.id ? *c.id : by.new_id(), events::label_created{c.name.value, c.color.value});
  return d;
}

inline result<decision> decide(reader const& state, label const& l, update_label const& c) {
  if (c.name && c.name.value->value != l.name && state.has(label_name_key(l.org_id, c.name.value->value)))
    return error(errc::already_exists, "the name " + c.name.value->value + " is taken by another label");
  decision d;
  if (auto changes = difference<events::label_changes>(l, c); any(changes))
    record(d.events, l.org_id, entity::label, l.id, events::label_updated{std::move(changes)});
  return d;
}

} // namespace alloy::domain
