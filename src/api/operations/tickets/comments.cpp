#include "api/access/access.hpp"
#include "api/operations/tickets/ticket_rows.hpp"
#include "api/table/answers.hpp"
#include "domain/tickets.hpp"
#include "projections/child_index.hpp"

namespace alloy::api {
namespace {

using namespace domain;

result<reply> list(read_context& c, list_query const& q) {
  return children_reply<comment>(c, projections::comments_of(c.subject.org, c.subject.id), entity::comment, q);
}

// Changed or deleted by its author or an Admin; whose it is stands in no row.
result<commands::plan> held_to_author(write_context const& c, comment const& now, result<commands::plan> plan) {
  if (!plan) return plan;
  plan->least = least_to_change(now, c.who->user_id);
  if (auto may = require_role(*c.who, c.subject, plan->least); !may) return may.error();
  return plan;
}

} // namespace

std::vector<operation> comment_rows() {
  return {
      create<create_comment, comment>(
          "add_comment", "/api/v1/tickets/{ticket_id}/comments", role::Reporter, "Add a comment to a ticket",
          [](write_context& c, create_comment const& body) {
            auto const t = c.entity<ticket>();
            return created<comment>(decide(c.state(), home_of(c, t), t, body, c.by()), "/api/v1/comments/");
          }),
      timed(get_list<comment>("list_comments", "/api/v1/tickets/{ticket_id}/comments", role::Viewer,
                              "List a ticket's comments", list)),
      timed(get<comment>("get_comment", "/api/v1/comments/{comment_id}", role::Viewer, "Get a comment", stored_reply)),
      patch<update_comment, comment>(
          "update_comment", "/api/v1/comments/{comment_id}", role::Reporter, "Edit a comment: its author, or an Admin",
          [](write_context& c, update_comment const& body) {
            auto const now = c.entity<comment>();
            return held_to_author(c, now,
                                  updated<comment>(decide(c.subject.org, now, body, c.by()), c.subject.org, now.id));
          }),
      del("delete_comment", "/api/v1/comments/{comment_id}", role::Reporter,
          "Delete a comment: its author, or an Admin",
          [](write_context& c) {
            auto const now = c.entity<comment>();
            return held_to_author(c, now, done(remove(c.subject.org, now, c.by())));
          }),
  };
}

} // namespace alloy::api
