#include "domain/orgs.hpp"
#include "api/operations/resources.hpp"
#include "api/table/answers.hpp"
#include "auth/token_format.hpp"
#include "core/identifier.hpp"
#include "domain/quotas.hpp"

namespace alloy::api {
namespace {

using namespace domain;

struct invite_view {
  static constexpr bool answer = true;
  uuid id, org_id;
  json::changed<std::string> invite_code, invite_link; // shown once, when it is made
  std::string email;
  alloy::role role{};
  invite_status status{};
  uuid created_by;
  timestamp expires_at, created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(invite_view, (),
                      (id, org_id, invite_code, invite_link, email, role, status, created_by, expires_at, created_at,
                       updated_at, version))

struct membership_view {
  static constexpr bool answer = true;
  uuid org_id, user_id;
  alloy::role role{};
};
BOOST_DESCRIBE_STRUCT(membership_view, (), (org_id, user_id, role))

invite_view view_of(services const& with, reader const& local, invite const& i) {
  invite_view v;
  domain::take(v, i);
  v.email = with.people.open(local, i.id, i.email_sealed).value_or("");
  return v;
}

result<> room_to_own(write_context const& c) {
  return room_for_owned_org(c.state(), c.who->user_id, c.with.config.orgs_per_user_max, c.who->user_id);
}

result<commands::plan> create_an_org(write_context& c, create_org const& body) {
  auto d = decide(c.state(), body, c.by());
  if (!d) return d.error();
  if (auto room = room_to_own(c); !room) return room.error();
  return created<org>(std::move(d), "/api/v1/orgs/");
}

result<reply> list_orgs(read_context& c, list_query const& q) {
  auto ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  auto const prefix = key(identity_tenant, table::membership_by_user).add(c.who->user_id).str();
  return page_reply(c, projections::read_entities(c.state, {prefix}, *ask, [&](std::string_view k, std::string_view) {
                      auto const id = uuid::from_view(k.substr(prefix.size()));
                      // A key bound to one organization sees no other: their rows lead to a key that is not there.
                      return c.who->in(id) ? key_of<org>(id, id).str() : std::string();
                    }));
}

result<commands::plan> invite_plan(write_context& c, result<decision> d, uuid const& id, std::string code, role least) {
  if (!d) return d.error();
  commands::plan p;
  p.events = std::move(d->events);
  p.least = least;
  p.render = [&with = c.with, &local = c.head.local, tenant = c.subject.org, id,
              code = std::move(code)](reader const& state) {
    auto v = view_of(with, local, *find<invite>(state, tenant, id));
    commands::answer a;
    if (!code.empty()) {
      v.invite_code.value = code;
      v.invite_link.value = with.config.public_url + "/invites/" + code;
      a.status = 201;
      a.location = "/api/v1/invites/" + to_string(id);
    }
    a.version = v.version;
    a.people = {id};
    a.body = alloy::json::to_string(v);
    return a;
  };
  return p;
}

struct open_invites {
  std::vector<uuid> for_address = {}, for_others = {};
};

// The invites that are open, for an address and for others, of whoever sent them. Looks at all of the organization, and
// opens those that are open: an address is sealed under a key of its own.
open_invites find_open_invites(write_context const& c, std::string const& email) {
  open_invites found;
  auto const address = fold_address(email);
  auto const prefix = key(c.subject.org, table::invite).str();
  c.state().scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view, std::string_view stored) {
    auto const i = alloy::json::stored<invite>(row::json_of(stored));
    if (i.status != invite_status::Pending || i.expires_at <= c.at) return true;
    auto const invited = c.with.people.open(c.head.local, i.id, i.email_sealed);
    (invited && fold_address(*invited) == address ? found.for_address : found.for_others).push_back(i.id);
    return true;
  });
  return found;
}

result<commands::plan> create_an_invite(write_context& c, create_invite const& body) {
  auto const known = c.with.people.find_by_email(c.head.local, body.email.value);
  if (known && c.state().has(key_of<member>(c.subject.org, *known)))
    return error(errc::already_exists, "this address is that of a member");
  auto open = find_open_invites(c, body.email.value);
  auto const most = static_cast<std::uint64_t>(c.with.config.invites_per_org_max);
  if (auto room = room_for({"an organization may have", "open invites; it has", most}, {open.for_others.size()}); !room)
    return room.error();
  uuid const id = new_uuid();
  std::string const code = auth::make_invite_code();
  sealed_invite const sealed{id, c.with.people.seal(c.head.local, id, body.email.value), auth::secret_digest(code),
                             std::move(open.for_address)};
  return invite_plan(c, decide(c.entity<org>(), body, sealed, c.by()), id, code, std::max(least_to_invite, body.role));
}

result<reply> list_invites(read_context& c, list_query const& q) {
  auto p = stored_page(c, q, key(c.subject.org, table::invite).str(), [&](std::string_view json) {
    return alloy::json::to_string(view_of(c.with, c.local, alloy::json::stored<invite>(json)));
  });
  if (!p) return p.error();
  return page_reply(c, *p);
}

// Code and address together are the right to accept: a leaked link helps nobody else, and an address alone nobody at
// all.
result<commands::plan> accept_one(write_context& c) {
  error const absent(errc::not_found, "there is no such invite");
  std::string where;
  auto const& code = c.params.front();
  if (!auth::is_invite_code(code) ||
      !c.state().get(key(identity_tenant, table::invite_by_code).add(auth::secret_digest(code)), where))
    return absent;
  uuid const org_id = uuid::from_view(where), id = uuid::from_view(std::string_view(where).substr(16));
  auto const i = find<invite>(c.state(), org_id, id);
  auto const u = find<user>(c.state(), identity_tenant, c.who->user_id);
  if (!i || !u) return absent;
  auto const invited = c.with.people.open(c.head.local, i->id, i->email_sealed);
  auto const own = c.with.people.open(c.head.local, u->id, u->email_sealed);
  if (!invited || !own || fold_address(*invited) != fold_address(*own))
    return error(errc::role_too_low, "this invite is for another email");
  auto d = accept(c.state(), org_id, *i, c.by());
  if (!d) return d.error();
  if (i->role == role::Owner)
    if (auto room = room_to_own(c); !room) return room.error();
  commands::plan p;
  p.events = std::move(d->events);
  p.render = [v = membership_view{org_id, c.who->user_id, i->role}](reader const&) {
    commands::answer a;
    a.body = alloy::json::to_string(v);
    return a;
  };
  return p;
}

} // namespace

std::vector<operation> org_operations() {
  std::vector<operation> rows{
      create<create_org, org>("create_org", "/api/v1/orgs", role::Viewer,
                              "Create an organization; the caller becomes its Owner", create_an_org),
      get_list<org>("list_orgs", "/api/v1/orgs", role::Viewer, "List the caller's organizations", list_orgs),
      timed(get<org>("get_org", "/api/v1/orgs/{org_id}", role::Viewer, "Get an organization by id or slug",
                     stored_reply)),
      patch<update_org, org>("update_org", "/api/v1/orgs/{org_id}", role::Owner, "Change an organization",
                             [](write_context& c, update_org const& body) {
                               auto const o = c.entity<org>();
                               return updated<org>(decide(c.state(), o, body), o.id, o.id);
                             }),
      called("org convert-currency", post<nothing, org>("convert_currency", "/api/v1/orgs/{org_id}/convert-currency",
                                                        role::Owner, "Count amounts in the currency's own minor unit",
                                                        [](write_context& c) {
                                                          auto const o = c.entity<org>();
                                                          return updated<org>(convert_currency(c.state(), o), o.id,
                                                                              o.id);
                                                        })),
      del("delete_org", "/api/v1/orgs/{org_id}", role::Owner,
          "Delete an organization that has no projects; nobody is a member of it any more",
          [](write_context& c) { return done(remove(c.state(), c.entity<org>())); }),
      create<create_invite, invite_view>("create_invite", "/api/v1/orgs/{org_id}/invites", least_to_invite,
                                         "Invite somebody by email; the code is shown once", create_an_invite),
      get_list<invite_view>("list_invites", "/api/v1/orgs/{org_id}/invites", role::Viewer,
                            "List an organization's invites", list_invites),
      del("revoke_invite", "/api/v1/invites/{invite_id}", role::Admin, "Revoke an invite that was not accepted",
          [](write_context& c) { return done(revoke(c.subject.org, c.entity<invite>())); }),
      post<nothing, membership_view>("accept_invite", "/api/v1/invites/{invite_code}/accept", role::Viewer,
                                     "Accept an invite by its code", accept_one),
  };
  bound_keys_may(rows, auth::bound_key::project, {"list_orgs", "get_org"});
  bound_keys_may(rows, auth::bound_key::org,
                 {"update_org", "delete_org", "convert_currency", "create_invite", "list_invites", "revoke_invite"});
  for (auto& row : rows) row.tag = row.path.find("invite") == std::string_view::npos ? "Organizations" : "Invites";
  for (auto& row : rows) {
    row.secret_answer = row.id == "create_invite";
    if (row.id == "create_invite")
      row.notes = "An address has one open invite: a new one revokes the one before. An invite gives what its sender "
                  "could give at the moment when it is accepted.";
    if (row.id == "update_org")
      row.notes =
          "The currency changes only while nothing is priced: 409 `currency_fixed` once there is a labor rate, a "
          "budget or a closed month.";
    if (row.id == "convert_currency")
      row.notes =
          "For organizations from before `minor_digits` followed the currency: their amounts have two decimals, "
          "whatever "
          "ISO 4217 says. Rates and budgets are read in the new unit from then on, and closed months keep the report "
          "that "
          "was signed. Exact or refused: 409 names in `in_the_way` the rates and budgets that would lose a part.";
  }
  return rows;
}

} // namespace alloy::api
