#include "domain/teams.hpp"
#include "api/operations/resources.hpp"
#include "api/table/answers.hpp"

namespace alloy::api {
namespace {

using namespace domain;

result<commands::plan> add_member(write_context& c, add_team_member const& body) {
  auto const t = c.entity<team>();
  auto d = decide(c.state(), t, body);
  if (!d) return d.error();
  return row_plan(std::move(*d), team_member_key(t.org_id, t.id, body.user_id).str(),
                  "/api/v1/teams/" + to_string(t.id) + "/members/" + to_string(body.user_id));
}

result<reply> list_members(read_context& c, list_query const& q) {
  auto p = stored_page(c, q, key(c.subject.org, table::team_member).add(c.subject.id).str());
  if (!p) return p.error();
  return page_reply(c, *p);
}

} // namespace

std::vector<operation> team_operations() {
  std::vector<operation> rows{
      create<create_team, team>("create_team", "/api/v1/orgs/{org_id}/teams", role::Admin, "Create a team",
                                [](write_context& c, create_team const& body) {
                                  return created<team>(decide(c.state(), c.entity<org>(), body, c.by()),
                                                       "/api/v1/teams/");
                                }),
      get_list<team>("list_teams", "/api/v1/orgs/{org_id}/teams", role::Viewer, "List an organization's teams",
                     list_all<team>),
      timed(get<team>("get_team", "/api/v1/teams/{team_id}", role::Viewer, "Get a team", stored_reply)),
      patch<update_team, team>("update_team", "/api/v1/teams/{team_id}", role::Admin, "Rename a team",
                               [](write_context& c, update_team const& body) {
                                 auto const t = c.entity<team>();
                                 return updated<team>(decide(c.state(), t, body), t.org_id, t.id);
                               }),
      del("delete_team", "/api/v1/teams/{team_id}", role::Admin, "Delete a team; its members leave it",
          [](write_context& c) { return done(remove(c.state(), c.entity<team>())); }),
      called("team add-member",
             create<add_team_member, team_member>("add_team_member", "/api/v1/teams/{team_id}/members", role::Admin,
                                                  "Put a member of the organization into a team", add_member)),
      called("team members", get_list<team_member>("list_team_members", "/api/v1/teams/{team_id}/members", role::Viewer,
                                                   "List who is in a team", list_members)),
      called("team remove-member", del("remove_team_member", "/api/v1/teams/{team_id}/members/{user_id}", role::Admin,
                                       "Take a member out of a team",
                                       [](write_context& c) {
                                         return done(remove_team_member(c.state(), c.entity<team>(),
                                                                        c.part<team_member>().user_id));
                                       })),
  };
  bound_keys_may(rows, auth::bound_key::project, {"list_teams", "get_team", "list_team_members"});
  bound_keys_may(rows, auth::bound_key::org,
                 {"create_team", "update_team", "delete_team", "add_team_member", "remove_team_member"});
  for (auto& row : rows) row.tag = "Teams";
  return rows;
}

} // namespace alloy::api
