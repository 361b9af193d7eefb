#include "domain/sprints.hpp"
#include "api/access/access.hpp"
#include "api/operations/resources.hpp"
#include "api/table/answers.hpp"
#include "core/prefix.hpp"
#include "projections/child_index.hpp"
#include "projections/ticket_index.hpp"

namespace alloy::api {
namespace {

using namespace domain;

struct sprint_query : list_query {
  std::optional<std::vector<sprint_status>> status;
};
BOOST_DESCRIBE_STRUCT(sprint_query, (list_query), (status))

result<reply> list(read_context& c, sprint_query const& q) {
  std::function<bool(std::string_view)> keep;
  if (q.status)
    keep = [&](std::string_view json) {
      return std::find(q.status->begin(), q.status->end(), alloy::json::stored<sprint>(json).status) != q.status->end();
    };
  return children_reply<sprint>(c, projections::sprints_of(c.subject.org, c.subject.id), entity::sprint, q, keep);
}

} // namespace

std::vector<operation> sprint_operations() {
  std::vector<operation> rows{
      create<create_sprint, sprint>(
          "create_sprint", "/api/v1/projects/{project_id}/sprints", role::Member, "Plan a sprint",
          [](write_context& c, create_sprint const& body) {
            return created<sprint>(decide(c.state(), c.entity<project>(), body, c.by()), "/api/v1/sprints/");
          }),
      timed(get_list<sprint, sprint_query>("list_sprints", "/api/v1/projects/{project_id}/sprints", role::Viewer,
                                           "List a project's sprints", list)),
      timed(get<sprint>("get_sprint", "/api/v1/sprints/{sprint_id}", role::Viewer, "Get a sprint", stored_reply)),
      patch<update_sprint, sprint>("update_sprint", "/api/v1/sprints/{sprint_id}", role::Member,
                                   "Change a sprint that is not completed",
                                   [](write_context& c, update_sprint const& body) {
                                     auto const s = c.entity<sprint>();
                                     return updated<sprint>(decide(c.subject.org, s, body), c.subject.org, s.id);
                                   }),
      post<nothing, sprint>("start_sprint", "/api/v1/sprints/{sprint_id}/start", role::Member, "Start a planned sprint",
                            [](write_context& c) {
                              auto const s = c.entity<sprint>();
                              return updated<sprint>(start(c.subject.org, s), c.subject.org, s.id);
                            }),
      post<complete_sprint, sprint>("complete_sprint", "/api/v1/sprints/{sprint_id}/complete", role::Member,
                                    "Complete an active sprint; what is not done goes to another one or to the backlog",
                                    [](write_context& c, complete_sprint const& body) {
                                      auto const s = c.entity<sprint>();
                                      auto const inside =
                                          projections::tickets_in_sprint(c.state(), c.subject.org, s.id);
                                      return updated<sprint>(decide(c.state(), c.subject.org, s, body, inside),
                                                             c.subject.org, s.id);
                                    }),
      del("delete_sprint", "/api/v1/sprints/{sprint_id}", role::Member,
          "Delete a sprint without tickets; one that was started takes the role Admin",
          [](write_context& c) -> result<commands::plan> {
            auto const s = c.entity<sprint>();
            auto const tickets = projections::tickets_in_sprint(c.state(), c.subject.org, s.id).size();
            role const least = least_to_remove(s);
            if (auto may = require_role(*c.who, c.subject, least); !may) return may.error();
            auto plan = done(remove(c.subject.org, s, tickets, c.by()));
            if (plan) plan->least = least;
            return plan;
          }),
  };
  bound_keys_may(rows, auth::bound_key::project,
                 {"create_sprint", "list_sprints", "get_sprint", "update_sprint", "start_sprint", "complete_sprint",
                  "delete_sprint"});
  for (auto& row : rows) row.tag = "Sprints";
  return rows;
}

} // namespace alloy::api
