#include "domain/projects.hpp"
#include "api/access.hpp"
#include "api/answers.hpp"
#include "api/resources.hpp"
#include "projections/ticket_index.hpp"

namespace alloy::api {
namespace {

using namespace domain;

struct project_query {
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  std::optional<uuid> org_id;
};
BOOST_DESCRIBE_STRUCT(project_query, (), (limit, cursor, org_id))

struct project_member {
  static constexpr bool answer = true;
  uuid project_id, user_id;
  timestamp added_at;
};
BOOST_DESCRIBE_STRUCT(project_member, (), (project_id, user_id, added_at))

result<commands::plan> create_one(write_call& c, create_project const& body) {
  auto entered = enter_org(*c.who, c.state(), body.org_id, c.op.least);
  if (!entered)
    return error::of_field("/org_id", entered.error().code == errc::not_found ? "not_found" : "role_too_low",
                           entered.error().detail);
  if (!c.who->only_projects.empty())
    return error(errc::project_not_allowed, "this key is bound to projects; it makes no new ones");
  auto const o = find<org>(c.state(), body.org_id, body.org_id);
  return created<project>(decide(c.state(), *o, body, c.by()), "/api/v1/projects/");
}

projections::page projects_then(read_call const& c, uuid const& org, projections::page_request const& part) {
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

result<reply> list(read_call& c, project_query const& q) {
  auto ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  std::vector<uuid> orgs;
  if (q.org_id) {
    auto entered = enter_org(*c.who, c.state, *q.org_id, c.op.least);
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

result<reply> members(read_call& c, list_query const& q) {
  auto ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  auto const prefix = key(c.subject.org, table::project_member).add(c.subject.id).str();
  return page_reply(
      c,
      projections::read_page(c.state, {prefix}, *ask, [&](std::string_view k, std::string_view v, std::string& json) {
        json = alloy::json::to_string(project_member{c.subject.id, uuid::from_view(k.substr(prefix.size())),
                                                     parse_timestamp(v).value_or(timestamp{})});
        return true;
      }));
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
                                     "Change a project",
                                     [](write_call& c, update_project const& body) {
                                       auto const p = c.entity<project>();
                                       auto const in_use = [&](std::string const& status) {
                                         return projections::count_status(c.state(), p.org_id, p.id, status);
                                       };
                                       return updated<project>(decide(c.state(), p, body, in_use), p.org_id, p.id);
                                     }),
      create<add_project_member, project_member>(
          "add_project_member", "/api/v1/projects/{project_id}/members", role::Member, "Assign a member to a project",
          [](write_call& c, add_project_member const& body) -> result<commands::plan> {
            auto const p = c.entity<project>();
            auto d = decide(c.state(), p, body);
            if (!d) return d.error();
            commands::plan plan;
            plan.events = std::move(d->events);
            plan.render = [p, user = body.user_id](reader const& state) {
              std::string since;
              state.get(project_member_key(p.org_id, p.id, user), since);
              commands::answer a;
              a.status = 201;
              a.body = alloy::json::to_string(project_member{p.id, user, parse_timestamp(since).value_or(timestamp{})});
              a.location = "/api/v1/projects/" + to_string(p.id) + "/members/" + to_string(user);
              return a;
            };
            return plan;
          }),
      get_list<project_member>("list_project_members", "/api/v1/projects/{project_id}/members", role::Viewer,
                               "List who is assigned to a project", members),
      del("remove_project_member", "/api/v1/projects/{project_id}/members/{user_id}", role::Member,
          "Take a member off a project",
          [](write_call& c) {
            return done(
                remove_project_member(c.state(), c.entity<project>(), parse_uuid(c.params.at(1)).value_or(uuid{})));
          }),
  };
  for (auto& row : rows) row.tag = "Projects";
  return rows;
}

} // namespace alloy::api
