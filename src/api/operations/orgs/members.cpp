#include "domain/members.hpp"
#include "api/operations/resources.hpp"
#include "api/table/answers.hpp"
#include "domain/quotas.hpp"

namespace alloy::api {
namespace {

using namespace domain;

struct member_view {
  static constexpr bool answer = true;
  uuid user_id, org_id;
  std::string email, display_name;
  alloy::role role{};
  bool can_view_finance = false;
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(member_view, (),
                      (user_id, org_id, email, display_name, role, can_view_finance, created_at, updated_at, version))

member_view view_of(services const& with, reader const& state, reader const& local, member const& m) {
  member_view v{m.id,         m.org_id,     "",       std::string(auth::former_user), m.role, m.can_view_finance,
                m.created_at, m.updated_at, m.version};
  if (auto const u = find<user>(state, identity_tenant, m.id)) {
    v.email = with.people.open(local, m.id, u->email_sealed).value_or("");
    v.display_name = with.people.open(local, m.id, u->display_name_sealed).value_or(v.display_name);
  }
  return v;
}

result<reply> list(read_context& c, list_query const& q) {
  auto p = stored_page(c, q, key(c.subject.org, table::member).str(), [&](std::string_view json) {
    return alloy::json::to_string(view_of(c.with, c.state, c.local, alloy::json::stored<member>(json)));
  });
  if (!p) return p.error();
  return page_reply(c, *p);
}

result<commands::plan> update_one(write_context& c, update_member const& body) {
  auto const before = c.part<member>();
  auto d = decide(c.state(), before, body);
  if (!d) return d.error();
  if (body.role.value == role::Owner && before.role != role::Owner)
    if (auto room = room_for_owned_org(c.state(), before.id, c.with.config.orgs_per_user_max, c.who->user_id); !room)
      return room.error();
  commands::plan p;
  p.events = std::move(d->events);
  p.render = [&with = c.with, &local = c.head.local, org = c.subject.org, id = before.id](reader const& state) {
    auto const m = find<member>(state, org, id).value();
    commands::answer a;
    a.version = m.version;
    a.body = alloy::json::to_string(view_of(with, state, local, m));
    return a;
  };
  return p;
}

} // namespace

std::vector<operation> member_operations() {
  std::vector<operation> rows{
      get_list<member_view>("list_members", "/api/v1/orgs/{org_id}/members", role::Viewer,
                            "List an organization's members", list),
      patch<update_member, member_view>("update_member", "/api/v1/orgs/{org_id}/members/{user_id}", role::Owner,
                                        "Change a member's role, or whether he sees amounts", update_one),
      del("remove_member", "/api/v1/orgs/{org_id}/members/{user_id}", role::Admin,
          "Take a member out of an organization, its teams and its projects",
          [](write_context& c) { return done(remove(c.state(), c.part<member>(), c.by())); }),
  };
  rows[1].notes = "The last Owner stays one. A change of the role leaves `can_view_finance` as it is.";
  rows[2].notes = "The last Owner stays, and nobody removes a member whose role is above his own.";
  bound_keys_may(rows, auth::bound_key::project, {"list_members"});
  bound_keys_may(rows, auth::bound_key::org, {"update_member", "remove_member"});
  for (auto& row : rows) row.tag = "Members";
  return rows;
}

} // namespace alloy::api
