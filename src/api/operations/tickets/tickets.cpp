#include "domain/tickets.hpp"
#include "api/access/access.hpp"
#include "api/operations/resources.hpp"
#include "api/operations/tickets/ticket_rows.hpp"
#include "api/table/answers.hpp"
#include "core/prefix.hpp"
#include "projections/time_index.hpp"

namespace alloy::api {
namespace {

using namespace domain;

// A handler of a command about one ticket that answers the ticket.
template <class Command> result<commands::plan> on_ticket(write_context& c, Command const& command) {
  auto const t = c.entity<ticket>();
  return updated<ticket>(decide(c.state(), home_of(c, t), t, command, c.by()), c.subject.org, t.id);
}

} // namespace

project home_of(write_context const& c, ticket const& t) {
  auto p = find<project>(c.state(), c.subject.org, t.project_id);
  if (!p) throw std::logic_error("a ticket without a project");
  return *p;
}

result<decision> change_ticket(write_context const& c, reader const& state, subject const& about,
                               update_ticket const& body) {
  auto const t = decoded<ticket>::of(about.row);
  auto const p = find<project>(state, about.org, t.project_id);
  if (!p) throw std::logic_error("a ticket without a project");
  if (body.project_id)
    if (auto entered = authorize_project(c.op, *c.who, state, about, *body.project_id.value); !entered)
      return entered.error();
  return decide(state, *p, t, body, c.by());
}

std::vector<operation> ticket_operations() {
  std::vector<operation> rows{
      create<create_ticket, ticket>(
          "create_ticket", "/api/v1/projects/{project_id}/tickets", role::Reporter, "Create a ticket",
          [](write_context& c, create_ticket const& body) {
            return created<ticket>(decide(c.state(), c.entity<project>(), body, c.by()), "/api/v1/tickets/");
          }),
      timed(get<ticket>("get_ticket", "/api/v1/tickets/{ticket_id}", role::Viewer, "Get a ticket by id or reference",
                        stored_reply)),
      timed(
          called("org ticket", get<ticket>("get_org_ticket", "/api/v1/orgs/{org_id}/tickets/{reference}", role::Viewer,
                                           "Get the ticket that a reference names in an organization", stored_reply))),
      patch<update_ticket, ticket>("update_ticket", "/api/v1/tickets/{ticket_id}", role::Member, "Change a ticket",
                                   [](write_context& c, update_ticket const& body) {
                                     return updated<ticket>(change_ticket(c, c.state(), c.subject, body), c.subject.org,
                                                            c.subject.id);
                                   }),
      del("delete_ticket", "/api/v1/tickets/{ticket_id}", role::Admin, "Delete a ticket; its history stays",
          [](write_context& c) {
            auto const t = c.entity<ticket>();
            auto const entries =
                count_rows(c.state(), projections::time_of(c.subject.org, table::time_by_ticket, t.id));
            return done(remove(home_of(c, t), t, entries));
          }),
      post<transition_ticket, ticket>("transition_ticket", "/api/v1/tickets/{ticket_id}/transition", role::Member,
                                      "Move a ticket to another status", on_ticket<transition_ticket>),
      post<assign_ticket, ticket>("assign_ticket", "/api/v1/tickets/{ticket_id}/assign", role::Member,
                                  "Assign a ticket, or take the assignee away", on_ticket<assign_ticket>),
      called("ticket add-label",
             post<add_ticket_label, ticket>("add_ticket_label", "/api/v1/tickets/{ticket_id}/labels", role::Member,
                                            "Put a label on a ticket", on_ticket<add_ticket_label>)),
      called("ticket remove-label", del("remove_ticket_label", "/api/v1/tickets/{ticket_id}/labels/{label_id}",
                                        role::Member, "Take a label off a ticket",
                                        [](write_context& c) {
                                          auto const t = c.entity<ticket>();
                                          return done(remove_label(home_of(c, t), t,
                                                                   parse_uuid(c.params.at(1)).value_or(uuid{})));
                                        })),
  };
  for (auto const more : {ticket_list_rows, ticket_batch_rows, ticket_activity_rows, comment_rows})
    for (auto& row : more()) rows.push_back(std::move(row));
  bound_keys_may(rows, auth::bound_key::project,
                 {"create_ticket",        "get_ticket",        "get_org_ticket",      "update_ticket",
                  "delete_ticket",        "transition_ticket", "assign_ticket",       "add_ticket_label",
                  "remove_ticket_label",  "list_tickets",      "search_tickets",      "get_my_tickets",
                  "batch_update_tickets", "batch_transition",  "get_ticket_activity", "add_comment",
                  "list_comments",        "get_comment",       "update_comment",      "delete_comment"});
  for (auto& row : rows) row.tag = "Tickets";
  return rows;
}

} // namespace alloy::api
