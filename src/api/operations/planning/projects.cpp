#include "domain/projects.hpp"
#include "api/access/access.hpp"
#include "api/operations/resources.hpp"
#include "api/table/answers.hpp"
#include "domain/quotas.hpp"
#include "projections/child_index.hpp"
#include "projections/project_summary.hpp"
#include "projections/ticket_index.hpp"
#include "projections/time_index.hpp"

namespace alloy::api {
namespace {

using namespace domain;

struct project_query {
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  std::optional<uuid> org_id;
};
BOOST_DESCRIBE_STRUCT(project_query, (), (limit, cursor, org_id))

result<commands::plan> create_one(write_context& c, create_project const& body) {
  auto entered = authorize_org(*c.who, c.state(), body.org_id, c.op.least);
  if (!entered)
    return error::of_field("/org_id", entered.error().code == errc::not_found ? "not_found" : "role_too_low",
                           entered.error().detail);
  auto const o = find<org>(c.state(), body.org_id, body.org_id);
  auto d = decide(c.state(), *o, body, c.by());
  if (!d) return d.error();
  if (auto room = room_for_projects(c.state(), o->id, c.with.config.projects_per_org_max); !room) return room.error();
  return created<project>(std::move(d), "/api/v1/projects/");
}

projections::page projects_then(read_context const& c, uuid const& org, projections::page_request const& part) {
  std::vector<uuid> now;
  auto const prefix = key(org, table::project).str();
  c.state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
    now.push_back(uuid::from_view(k.substr(prefix.size())));
    return true;
  });
  return projections::list_then(*c.then, org, org, entity::project, std::move(now), part, [&](std::string_view json) {
    return c.who->may_touch_project(alloy::json::stored<project>(json).id);
  });
}

result<reply> list(read_context& c, project_query const& q) {
  auto ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  std::vector<uuid> orgs;
  if (q.org_id) {
    auto entered = authorize_org(*c.who, c.state, *q.org_id, c.op.least);
    if (!entered) return entered.error();
    orgs.push_back(*q.org_id);
  } else
    for (auto const& m : c.who->orgs) orgs.push_back(m.org_id);
  if (c.then)
    return page_reply(c, read_parts(orgs, *ask, [&](uuid const& one, projections::page_request const& part) {
                        return projects_then(c, one, part);
                      }));
  return page_reply(c, read_parts(orgs, *ask, [&](uuid const& one, projections::page_request const& part) {
                      return projections::read_page(c.state, {key(one, table::project).str()}, part,
                                                    [&](std::string_view k, std::string_view v, std::string& json) {
                                                      if (!c.who->may_touch_project(uuid::from_view(k.substr(17))))
                                                        return false;
                                                      json = row::json_of(v);
                                                      return true;
                                                    });
                    }));
}

result<commands::plan> add_member(write_context& c, add_project_member const& body) {
  auto const p = c.entity<project>();
  auto d = decide(c.state(), p, body);
  if (!d) return d.error();
  return row_plan(std::move(*d), project_member_key(p.org_id, p.id, body.user_id).str(),
                  "/api/v1/projects/" + to_string(p.id) + "/members/" + to_string(body.user_id));
}

result<reply> list_members(read_context& c, list_query const& q) {
  auto p = stored_page(c, q, key(c.subject.org, table::project_member).add(c.subject.id).str());
  if (!p) return p.error();
  return page_reply(c, *p);
}

result<commands::plan> update_one(write_context& c, update_project const& body) {
  auto const p = c.entity<project>();
  auto const tickets = [&](std::string const& status) {
    return projections::tickets_with_status(c.state(), p.org_id, p.id, status);
  };
  return updated<project>(decide(c.state(), p, body, tickets), p.org_id, p.id);
}

result<commands::plan> remove_one(write_context& c) {
  auto const p = c.entity<project>();
  auto const sprints = ids_under(c.state(), projections::sprints_of(p.org_id, p.id));
  return done(remove(c.state(), p, sprints, projections::count_tickets(c.state(), p.org_id, p.id),
                     projections::count_time_of_project(c.state(), p.org_id, p.id)));
}

result<reply> summary(read_context& c) {
  auto const o = find<org>(c.state, c.subject.org, c.subject.org);
  if (!o) return error(errc::not_found, "the organization is gone");
  return reply_of(projections::summarize(c.state, c.entity<project>(), day_in(o->time_zone, now())));
}

} // namespace

std::vector<operation> project_operations() {
  std::vector<operation> rows{
      create<create_project, project>("create_project", "/api/v1/projects", role::Member, "Create a project",
                                      create_one),
      timed(get_list<project, project_query>("list_projects", "/api/v1/projects", role::Viewer,
                                             "List the projects of an organization, or of all of the caller's", list)),
      timed(get<project>("get_project", "/api/v1/projects/{project_id}", role::Viewer, "Get a project by id or key",
                         stored_reply)),
      patch<update_project, project>("update_project", "/api/v1/projects/{project_id}", role::Member,
                                     "Change a project", update_one),
      del("delete_project", "/api/v1/projects/{project_id}", role::Admin,
          "Delete a project that has no tickets, with its sprints", remove_one),
      called("project add-member",
             create<add_project_member, project_member>("add_project_member", "/api/v1/projects/{project_id}/members",
                                                        role::Member, "Assign a member to a project", add_member)),
      called("project members",
             get_list<project_member>("list_project_members", "/api/v1/projects/{project_id}/members", role::Viewer,
                                      "List who is assigned to a project", list_members)),
      called("project remove-member", del("remove_project_member", "/api/v1/projects/{project_id}/members/{user_id}",
                                          role::Member, "Take a member off a project",
                                          [](write_context& c) {
                                            return done(remove_project_member(c.state(), c.entity<project>(),
                                                                              c.part<project_member>().user_id));
                                          })),
      called("project summary",
             get<projections::project_summary>(
                 "get_project_summary", "/api/v1/projects/{project_id}/summary", role::Viewer,
                 "Get how a project stands: tickets by status and category, active sprints, what is open and overdue",
                 summary)),
  };
  rows.back().apart = true; // it looks at every open ticket
  bound_keys_may(rows, auth::bound_key::project,
                 {"list_projects", "get_project", "get_project_summary", "list_project_members"});
  bound_keys_may(rows, auth::bound_key::org,
                 {"create_project", "update_project", "delete_project", "add_project_member", "remove_project_member"});
  for (auto& row : rows) row.tag = "Projects";
  return rows;
}

} // namespace alloy::api
