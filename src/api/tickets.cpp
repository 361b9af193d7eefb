#include "domain/tickets.hpp"
#include "api/access.hpp"
#include "api/answers.hpp"
#include "api/resources.hpp"
#include "projections/subject_index.hpp"
#include "projections/ticket_list.hpp"

namespace alloy::api {
namespace {

using namespace domain;
using alloy::json::clearable;

struct ticket_query {
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor, sort;
  std::optional<std::vector<std::string>> status;
  std::optional<std::vector<alloy::category>> category;
  std::optional<std::vector<std::string>> assignee_id; // ids, or "none"
  std::optional<std::vector<uuid>> reporter_id;
  std::optional<std::vector<alloy::priority>> priority;
  std::optional<std::vector<std::string>> sprint_id; // ids, or "none"
  std::optional<std::vector<std::string>> label;     // ids or names
  std::optional<timestamp> updated_since, created_since;
  std::optional<date> due_before;
};
BOOST_DESCRIBE_STRUCT(ticket_query, (),
                      (limit, cursor, sort, status, category, assignee_id, reporter_id, priority, sprint_id, label,
                       updated_since, created_since, due_before))

result<projections::id_filter> id_filter(std::vector<std::string> const& texts, char const* pointer) {
  projections::id_filter f;
  for (auto const& t : texts) {
    if (t == "none") {
      f.none = true;
      continue;
    }
    auto const id = parse_uuid(t);
    if (!id) return error::of_field(pointer, "not_a_uuid", "it must be UUIDs or none");
    f.any.push_back(*id);
  }
  return f;
}

result<> read_sort(std::optional<std::string> const& sort, projections::ticket_query& into) {
  if (!sort) return {};
  bool const down = sort->starts_with('-');
  auto const order = json::enum_of<projections::ticket_order>(std::string_view(*sort).substr(down ? 1 : 0));
  if (!order)
    return error::of_field("/sort", "not_one_of",
                           "it must be one of " + json::names_of<projections::ticket_order>() +
                               ", each with - for descending");
  into.order = *order;
  into.way = down ? direction::descending : direction::ascending;
  return {};
}

result<projections::ticket_filter> read_filter(reader const& state, uuid const& org, ticket_query const& q) {
  projections::ticket_filter f;
  if (q.status) f.status = *q.status;
  if (q.category) f.category = *q.category;
  if (q.priority) f.priority = *q.priority;
  if (q.reporter_id) f.reporter = *q.reporter_id;
  f.updated_since = q.updated_since;
  f.created_since = q.created_since;
  f.due_before = q.due_before;
  if (q.assignee_id) {
    auto ids = id_filter(*q.assignee_id, "/assignee_id");
    if (!ids) return ids.error();
    f.assignee = *ids;
  }
  if (q.sprint_id) {
    auto ids = id_filter(*q.sprint_id, "/sprint_id");
    if (!ids) return ids.error();
    f.sprint = *ids;
  }
  if (q.label)
    for (auto const& name : *q.label) {
      std::string found;
      if (auto const id = parse_uuid(name))
        f.label.push_back(*id);
      else // a label nobody has made is one that no ticket has
        f.label.push_back(state.get(key(org, table::label_by_name).add(name), found) ? uuid::from_view(found) : uuid{});
    }
  return f;
}

// The ticket the path names, and its project.
project project_of(write_call const& c, ticket const& t) {
  auto p = find<project>(c.state(), c.subject.org, t.project_id);
  if (!p) throw std::logic_error("a ticket without a project");
  return *p;
}

// A handler of a command about one ticket that answers the ticket.
template <class Command> result<commands::plan> on_ticket(write_call& c, Command const& command) {
  auto const t = c.entity<ticket>();
  return updated<ticket>(decide(c.state(), project_of(c, t), t, command, c.by()), c.subject.org, t.id);
}

result<reply> list(read_call& c, ticket_query const& q) {
  auto ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  projections::ticket_query query;
  query.tenant = c.subject.org;
  query.project = c.subject.id;
  if (auto sorted = read_sort(q.sort, query); !sorted) return sorted.error();
  auto filter = read_filter(c.state, c.subject.org, q);
  if (!filter) return filter.error();
  query.filter = std::move(*filter);
  return page_reply(c, projections::list_tickets(c.state, query, *ask));
}

std::vector<operation> comment_rows() {
  return {
      create<create_comment, comment>(
          "add_comment", "/api/v1/tickets/{ticket_id}/comments", role::Reporter, "Add a comment to a ticket",
          [](write_call& c, create_comment const& body) {
            auto const t = c.entity<ticket>();
            return created<comment>(decide(c.state(), project_of(c, t), t, body, c.by()), "/api/v1/comments/");
          }),
      get_list<comment>(
          "list_comments", "/api/v1/tickets/{ticket_id}/comments", role::Viewer, "List a ticket's comments",
          [](read_call& c, list_query const& q) -> result<reply> {
            auto ask = page_asked(c, q.limit, q.cursor);
            if (!ask) return ask.error();
            auto const prefix = projections::comments_of(c.subject.org, c.subject.id).str();
            return page_reply(
                c, projections::read_entities(c.state, {prefix}, *ask, [&](std::string_view k, std::string_view) {
                  return key_of<comment>(c.subject.org, uuid::from_view(k.substr(prefix.size()))).str();
                }));
          }),
      get<comment>("get_comment", "/api/v1/comments/{comment_id}", role::Viewer, "Get a comment", stored_reply),
      patch<update_comment, comment>(
          "update_comment", "/api/v1/comments/{comment_id}", role::Reporter, "Edit a comment: its author, or an Admin",
          [](write_call& c, update_comment const& body) {
            auto const now = c.entity<comment>();
            return updated<comment>(decide(c.subject.org, now, body, c.by()), c.subject.org, now.id);
          }),
      del("delete_comment", "/api/v1/comments/{comment_id}", role::Reporter,
          "Delete a comment: its author, or an Admin",
          [](write_call& c) { return done(remove(c.subject.org, c.entity<comment>(), c.by())); }),
  };
}

} // namespace

std::vector<operation> ticket_operations() {
  std::vector<operation> rows{
      create<create_ticket, ticket>(
          "create_ticket", "/api/v1/projects/{project_id}/tickets", role::Reporter, "Create a ticket",
          [](write_call& c, create_ticket const& body) {
            return created<ticket>(decide(c.state(), c.entity<project>(), body, c.by()), "/api/v1/tickets/");
          }),
      get_list<ticket, ticket_query>("list_tickets", "/api/v1/projects/{project_id}/tickets", role::Viewer,
                                     "List a project's tickets", list),
      get<ticket>("get_ticket", "/api/v1/tickets/{ticket_id}", role::Viewer, "Get a ticket by id or reference",
                  stored_reply),
      patch<update_ticket, ticket>("update_ticket", "/api/v1/tickets/{ticket_id}", role::Member, "Change a ticket",
                                   on_ticket<update_ticket>),
      post<transition_ticket, ticket>("transition_ticket", "/api/v1/tickets/{ticket_id}/transition", role::Member,
                                      "Move a ticket to another status", on_ticket<transition_ticket>),
      post<assign_ticket, ticket>("assign_ticket", "/api/v1/tickets/{ticket_id}/assign", role::Member,
                                  "Assign a ticket, or take the assignee away", on_ticket<assign_ticket>),
      post<add_ticket_label, ticket>("add_ticket_label", "/api/v1/tickets/{ticket_id}/labels", role::Member,
                                     "Put a label on a ticket", on_ticket<add_ticket_label>),
      del("remove_ticket_label", "/api/v1/tickets/{ticket_id}/labels/{label_id}", role::Member,
          "Take a label off a ticket",
          [](write_call& c) {
            auto const t = c.entity<ticket>();
            return done(remove_label(project_of(c, t), t, parse_uuid(c.params.at(1)).value_or(uuid{})));
          }),
  };
  for (auto& row : comment_rows()) rows.push_back(std::move(row));
  for (auto& row : rows) row.tag = "Tickets";
  return rows;
}

} // namespace alloy::api
