#include "api/answers.hpp"
#include "api/resources.hpp"
#include "domain/orgs.hpp"
#include "projections/ticket_index.hpp"

namespace alloy::api {
namespace {

using namespace domain;

// A list of all entities of a table of the organization.
template <class E> result<reply> list(read_call& c, list_query const& q) {
  auto ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  return page_reply(c, projections::read_page(c.state, {key(c.subject.org, E::rows).str()}, *ask,
                                              [](std::string_view, std::string_view v, std::string& json) {
                                                json = row::json_of(v);
                                                return true;
                                              }));
}

// Tickets with the status, over all projects that have the workflow.
std::uint64_t tickets_in(reader const& state, workflow const& w, std::string const& status) {
  std::vector<uuid> projects;
  auto const prefix = key(w.org_id, table::project);
  std::vector<std::string> rows;
  state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view, std::string_view v) {
    rows.emplace_back(row::json_of(v));
    return true;
  });
  std::uint64_t count = 0;
  for (auto const& one : rows) {
    auto const p = alloy::json::stored<project>(one);
    if (p.workflow_id == w.id) count += projections::count_status(state, w.org_id, p.id, status);
  }
  return count;
}

} // namespace

std::vector<operation> workflow_operations() {
  std::vector<operation> rows{
      create<create_workflow, workflow>(
          "create_workflow", "/api/v1/orgs/{org_id}/workflows", role::Admin, "Create a workflow",
          [](write_call& c, create_workflow const& body) {
            return created<workflow>(decide(c.state(), c.entity<org>(), body, c.by()), "/api/v1/workflows/");
          }),
      get_list<workflow>("list_workflows", "/api/v1/orgs/{org_id}/workflows", role::Viewer,
                         "List an organization's workflows", list<workflow>),
      get<workflow>("get_workflow", "/api/v1/workflows/{workflow_id}", role::Viewer, "Get a workflow", stored_reply),
      patch<update_workflow, workflow>(
          "update_workflow", "/api/v1/workflows/{workflow_id}", role::Admin, "Change a workflow",
          [](write_call& c, update_workflow const& body) {
            auto const w = c.entity<workflow>();
            auto const in_use = [&](std::string const& status) { return tickets_in(c.state(), w, status); };
            return updated<workflow>(decide(c.state(), w, body, in_use), w.org_id, w.id);
          }),
      create<create_label, label>("create_label", "/api/v1/orgs/{org_id}/labels", role::Member, "Create a label",
                                  [](write_call& c, create_label const& body) {
                                    return created<label>(decide(c.state(), c.entity<org>(), body, c.by()),
                                                          "/api/v1/labels/");
                                  }),
      get_list<label>("list_labels", "/api/v1/orgs/{org_id}/labels", role::Viewer, "List an organization's labels",
                      list<label>),
      get<label>("get_label", "/api/v1/labels/{label_id}", role::Viewer, "Get a label", stored_reply),
      patch<update_label, label>("update_label", "/api/v1/labels/{label_id}", role::Member, "Change a label",
                                 [](write_call& c, update_label const& body) {
                                   auto const l = c.entity<label>();
                                   return updated<label>(decide(c.state(), l, body), l.org_id, l.id);
                                 }),
  };
  for (auto& row : rows) row.tag = row.path.find("label") == std::string_view::npos ? "Workflows" : "Labels";
  return rows;
}

} // namespace alloy::api
