#pragma once
// The rules of organizations and their invites. Pure.
#include "core/currencies.hpp"
#include "core/prefix.hpp"
#include "domain/currency.hpp"
#include "domain/identity.hpp"
#include "domain/workflows.hpp"

#include <algorithm>

namespace alloy::domain {

using org_name = identifier<1, 200>;

struct create_org {
  std::optional<uuid> id;
  org_name name;
  alloy::slug slug;
  std::optional<alloy::time_zone> time_zone;
  std::optional<alloy::currency> currency;
  std::optional<list<weekday, 1, 7>> working_days;
};
BOOST_DESCRIBE_STRUCT(create_org, (), (id, name, slug, time_zone, currency, working_days))

struct update_org {
  json::changed<org_name> name;
  json::changed<alloy::slug> slug;
  json::changed<alloy::time_zone> time_zone;
  json::changed<alloy::currency> currency;
  json::changed<list<weekday, 1, 7>> working_days;
};
BOOST_DESCRIBE_STRUCT(update_org, (), (name, slug, time_zone, currency, working_days))

struct create_invite {
  alloy::email email;
  alloy::role role{};
  std::optional<uuid> created_by;
  std::optional<timestamp> expires_at;
};
BOOST_DESCRIBE_STRUCT(create_invite, (), (email, role, created_by, expires_at))

struct onboard { // the first user and the first organization of a server
  alloy::email email;
  new_password password;
  domain::display_name display_name;
  domain::org_name org_name;
  slug org_slug;
};
BOOST_DESCRIBE_STRUCT(onboard, (), (email, password, display_name, org_name, org_slug))

inline facts founding(uuid const& org_id, events::org_created what, context const& by) {
  facts out;
  record(out, org_id, entity::org, org_id, std::move(what));
  record(out, org_id, entity::member, by.user_id, events::member_added{by.user_id, role::Owner, true, {}});
  record(out, org_id, entity::workflow, by.new_id(), default_workflow());
  return out;
}

// In the order of the week, each day once.
inline result<weekdays> week_of(list<weekday, 1, 7> const& days) {
  weekdays week = days;
  std::sort(week.begin(), week.end());
  if (std::adjacent_find(week.begin(), week.end()) != week.end())
    return error::of_field("/working_days", "duplicate", "a day stands in it twice");
  return week;
}

// A slug in the form of an id would name another organization, or none: an id is looked for first.
inline result<> check_slug(std::string_view slug) {
  if (!parse_uuid(slug)) return {};
  return error::of_field("/slug", "malformed", "a slug must not have the form of an id");
}

// Ids of the rare kinds are unique on the whole server; a personal organization has its user's id.
inline bool is_taken_on_the_server(reader const& state, uuid const& id) {
  return id.is_nil() || state.has(key(id, table::tenant_head)) || state.has(key_of<user>(identity_tenant, id)) ||
         state.has(key_of<session>(identity_tenant, id)) || state.has(key_of<api_key>(identity_tenant, id)) ||
         state.has(key(identity_tenant, table::webhook_by_id).add(id));
}

inline result<decision> decide(reader const& state, create_org const& c, context const& by) {
  if (auto good = check_slug(c.slug.value); !good) return good.error();
  if (state.has(key(identity_tenant, table::org_by_slug).add(c.slug.value)))
    return error(errc::already_exists, "the slug " + c.slug.value + " is taken");
  uuid const id = c.id ? *c.id : by.new_id();
  // A deleted organization's history stays, and would belong to whoever were given its id: it is taken for good.
  if (is_taken_on_the_server(state, id)) return error(errc::already_exists, "this id is taken");
  events::org_created e{c.name.value,
                        c.slug.value,
                        c.time_zone ? c.time_zone->value : "UTC",
                        c.currency ? c.currency->value : "USD",
                        {},
                        {}};
  if (auto const digits = minor_digits_of(e.currency).value(); digits != 2) e.minor_digits.value = digits;
  if (c.working_days) {
    auto week = week_of(*c.working_days);
    if (!week) return week.error();
    e.working_days.value = std::move(*week);
  }
  return decision{founding(id, std::move(e), by), {}};
}

inline result<decision> decide(reader const& state, org const& o, update_org const& c) {
  if (c.slug)
    if (auto good = check_slug(c.slug.value->value); !good) return good.error();
  if (c.slug && c.slug.value->value != o.slug &&
      state.has(key(identity_tenant, table::org_by_slug).add(c.slug.value->value)))
    return error(errc::already_exists, "the slug " + c.slug.value->value + " is taken");
  auto wanted = c;
  if (c.working_days) {
    auto const week = week_of(*c.working_days.value);
    if (!week) return week.error();
    wanted.working_days.value->assign(week->begin(), week->end());
  }
  auto changes = difference<events::org_changes>(o, wanted);
  if (changes.currency) {
    if (is_priced(state, o.id))
      return error(errc::currency_fixed, "rates, budgets or closed months are counted in " + o.currency);
    std::int64_t const digits = minor_digits_of(changes.currency.value->to).value();
    if (digits != o.minor_digits) changes.minor_digits.value = {o.minor_digits, digits};
  }
  decision d;
  if (any(changes)) record(d.events, o.id, entity::org, o.id, events::org_updated{std::move(changes)});
  return d;
}

// Whose codes still lead here are revoked, and every member leaves, so that nothing of it can be reached.
inline decision dissolve(reader const& state, org const& o) {
  decision d;
  for (auto const& id : ids_under(state, key(o.id, table::invite)))
    if (find<invite>(state, o.id, id)->status == invite_status::Pending)
      record(d.events, o.id, entity::invite, id, events::invite_revoked{});
  for (auto const& id : ids_under(state, key(o.id, table::member)))
    record(d.events, o.id, entity::member, id, events::member_removed{id, find<member>(state, o.id, id)->role});
  record(d.events, o.id, entity::org, o.id, events::org_deleted{o.name, o.slug});
  return d;
}

inline result<decision> remove(reader const& state, org const& o) {
  if (state.has(key_of<user>(identity_tenant, o.id)))
    return error(errc::wrong_state, "a personal organization stays as long as its user");
  if (auto const projects = count_rows(state, key(o.id, table::project))) return in_use(projects, "projects are in it");
  return dissolve(state, o);
}

// Sealed and hashed by the caller: what is secret or personal never gets here in clear.
struct sealed_invite {
  uuid id;
  std::string email_sealed, code_hash;
  std::vector<uuid> replaces = {}; // what is open for the same address: it has one code
};

inline constexpr role least_to_invite = role::Admin;

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
  for (auto const& id : sealed.replaces) record(d.events, o.id, entity::invite, id, events::invite_revoked{});
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

// An invite gives what its sender could give now. Who was removed, or may not give this role any more, gives nothing.
inline result<> check_sender(reader const& state, uuid const& org_id, invite const& i) {
  auto const sender = find<member>(state, org_id, i.created_by);
  auto const person = find<user>(state, identity_tenant, i.created_by);
  if (!sender || (person && person->erased_at))
    return error(errc::wrong_state, "who sent this invite is no member of the organization any more");
  if (sender->role < least_to_invite || sender->role < i.role)
    return error(errc::wrong_state,
                 "who sent this invite may not invite to the role " + std::string(json::name_of(i.role)) + " any more");
  return {};
}

inline result<decision> accept(reader const& state, uuid const& org_id, invite const& i, context const& by) {
  if (i.status != invite_status::Pending)
    return error(errc::wrong_state, "the invite is " + std::string(json::name_of(i.status)));
  if (i.expires_at <= by.at) return error(errc::wrong_state, "the invite has expired");
  if (state.has(key_of<member>(org_id, by.user_id)))
    return error(errc::already_exists, "you are a member of this organization");
  if (auto holds = check_sender(state, org_id, i); !holds) return holds.error();
  decision d;
  record(d.events, org_id, entity::member, by.user_id,
         events::member_added{by.user_id, i.role, i.role >= role::Admin, i.id});
  record(d.events, org_id, entity::invite, i.id, events::invite_accepted{by.user_id});
  return d;
}

} // namespace alloy::domain
