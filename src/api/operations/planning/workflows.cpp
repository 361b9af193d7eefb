#include "domain/workflows.hpp"
#include "api/operations/resources.hpp"
#include "api/table/answers.hpp"
#include "core/prefix.hpp"
#include "projections/ticket_index.hpp"

namespace alloy::api {
namespace {

using namespace domain;

std::vector<uuid> projects_with(reader const& state, workflow const& w) {
  std::vector<uuid> projects;
  for (auto const& id : ids_under(state, key(w.org_id, table::project)))
    if (find<project>(state, w.org_id, id)->workflow_id == w.id) projects.push_back(id);
  return projects;
}

result<commands::plan> update_one(write_context& c, update_workflow const& body) {
  auto const w = c.entity<workflow>();
  std::optional<std::vector<uuid>> projects; // looked for once, and where a status goes
  auto const tickets = [&](std::string const& status) {
    std::vector<uuid> all;
    if (!projects) projects = projects_with(c.state(), w);
    for (auto const& project : *projects) {
      auto const some = projections::tickets_with_status(c.state(), w.org_id, project, status);
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  };
  return updated<workflow>(decide(c.state(), w, body, tickets), w.org_id, w.id);
}

} // namespace

std::vector<operation> workflow_operations() {
  std::vector<operation> rows{
      create<create_workflow, workflow>(
          "create_workflow", "/api/v1/orgs/{org_id}/workflows", role::Admin, "Create a workflow",
          [](write_context& c, create_workflow const& body) {
            return created<workflow>(decide(c.state(), c.entity<org>(), body, c.by()), "/api/v1/workflows/");
          }),
      get_list<workflow>("list_workflows", "/api/v1/orgs/{org_id}/workflows", role::Viewer,
                         "List an organization's workflows", list_all<workflow>),
      timed(get<workflow>("get_workflow", "/api/v1/workflows/{workflow_id}", role::Viewer, "Get a workflow",
                          stored_reply)),
      patch<update_workflow, workflow>(
          "update_workflow", "/api/v1/workflows/{workflow_id}", role::Admin,
          "Change a workflow; `migrate` says where the tickets go whose status is taken away", update_one),
      del("delete_workflow", "/api/v1/workflows/{workflow_id}", role::Admin,
          "Delete a workflow that no project has, and that is not the default one",
          [](write_context& c) {
            auto const w = c.entity<workflow>();
            return done(remove(*find<org>(c.state(), w.org_id, w.org_id), w, projects_with(c.state(), w).size()));
          }),
      create<create_label, label>("create_label", "/api/v1/orgs/{org_id}/labels", role::Member, "Create a label",
                                  [](write_context& c, create_label const& body) {
                                    return created<label>(decide(c.state(), c.entity<org>(), body, c.by()),
                                                          "/api/v1/labels/");
                                  }),
      get_list<label>("list_labels", "/api/v1/orgs/{org_id}/labels", role::Viewer, "List an organization's labels",
                      list_all<label>),
      timed(get<label>("get_label", "/api/v1/labels/{label_id}", role::Viewer, "Get a label", stored_reply)),
      patch<update_label, label>("update_label", "/api/v1/labels/{label_id}", role::Member, "Change a label",
                                 [](write_context& c, update_label const& body) {
                                   auto const l = c.entity<label>();
                                   return updated<label>(decide(c.state(), l, body), l.org_id, l.id);
                                 }),
      del("delete_label", "/api/v1/labels/{label_id}", role::Admin, "Delete a label that no ticket carries",
          [](write_context& c) {
            auto const l = c.entity<label>();
            return done(remove(l, count_rows(c.state(), key(l.org_id, table::ticket_by_label).add(l.id))));
          }),
  };
  bound_keys_may(rows, auth::bound_key::project, {"list_workflows", "get_workflow", "list_labels", "get_label"});
  bound_keys_may(
      rows, auth::bound_key::org,
      {"create_workflow", "update_workflow", "delete_workflow", "create_label", "update_label", "delete_label"});
  for (auto& row : rows) row.tag = row.path.find("label") == std::string_view::npos ? "Workflows" : "Labels";
  return rows;
}

} // namespace alloy::api
