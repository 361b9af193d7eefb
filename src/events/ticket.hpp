#pragma once
// Tickets and what is said about them.
#include "events/change.hpp"
#include "events/values.hpp"

namespace alloy::events {

struct ticket_created {
  static constexpr std::string_view type = "ticket.created";
  static constexpr int schema = 1;
  uuid project_id;
  std::int64_t ticket_number = 0;
  std::string reference, title;
  std::optional<std::string> description = {};
  std::string status;
  alloy::category category{};
  alloy::priority priority{};
  std::optional<uuid> assignee_id = {};
  uuid reporter_id;
  std::optional<uuid> sprint_id = {};
  std::vector<uuid> labels;
  std::optional<points> estimate_points = {};
  std::optional<std::int64_t> estimate_minutes = {};
  std::optional<date> due_date = {};
  json::changed<restored> restores = {}; // it was deleted, and that was undone
};
BOOST_DESCRIBE_STRUCT(ticket_created, (),
                      (project_id, ticket_number, reference, title, description, status, category, priority,
                       assignee_id, reporter_id, sprint_id, labels, estimate_points, estimate_minutes, due_date,
                       restores))

struct ticket_changes {
  field<uuid> project_id; // a move to another project: with it come the number and the reference there
  field<std::int64_t> ticket_number;
  field<std::string> reference;
  field<std::string> title;
  nullable<std::string> description;
  field<alloy::priority> priority;
  field<uuid> reporter_id;
  nullable<points> estimate_points;
  nullable<std::int64_t> estimate_minutes;
  nullable<date> due_date;
};
BOOST_DESCRIBE_STRUCT(ticket_changes, (),
                      (project_id, ticket_number, reference, title, description, priority, reporter_id, estimate_points,
                       estimate_minutes, due_date))
struct ticket_updated {
  static constexpr std::string_view type = "ticket.updated";
  static constexpr int schema = 1;
  ticket_changes changes;
};
BOOST_DESCRIBE_STRUCT(ticket_updated, (), (changes))

struct ticket_status_changed {
  static constexpr std::string_view type = "ticket.status_changed";
  static constexpr int schema = 1;
  change<std::string> status;
  change<alloy::category> category;
};
BOOST_DESCRIBE_STRUCT(ticket_status_changed, (), (status, category))

struct ticket_assigned {
  static constexpr std::string_view type = "ticket.assigned";
  static constexpr int schema = 1;
  change<std::optional<uuid>> assignee_id;
};
BOOST_DESCRIBE_STRUCT(ticket_assigned, (), (assignee_id))

struct ticket_sprint_changed {
  static constexpr std::string_view type = "ticket.sprint_changed";
  static constexpr int schema = 1;
  change<std::optional<uuid>> sprint_id;
};
BOOST_DESCRIBE_STRUCT(ticket_sprint_changed, (), (sprint_id))

struct ticket_labeled {
  static constexpr std::string_view type = "ticket.labeled";
  static constexpr int schema = 1;
  uuid label_id;
};
BOOST_DESCRIBE_STRUCT(ticket_labeled, (), (label_id))

struct ticket_unlabeled {
  static constexpr std::string_view type = "ticket.unlabeled";
  static constexpr int schema = 1;
  uuid label_id;
};
BOOST_DESCRIBE_STRUCT(ticket_unlabeled, (), (label_id))

struct ticket_deleted {
  static constexpr std::string_view type = "ticket.deleted";
  static constexpr int schema = 1;
  uuid project_id;
  std::string reference;
};
BOOST_DESCRIBE_STRUCT(ticket_deleted, (), (project_id, reference))

struct comment_created {
  static constexpr std::string_view type = "comment.created";
  static constexpr int schema = 1;
  uuid ticket_id, author_id;
  std::string body;
  json::changed<restored> restores = {};
};
BOOST_DESCRIBE_STRUCT(comment_created, (), (ticket_id, author_id, body, restores))

struct comment_changes {
  field<std::string> body;
};
BOOST_DESCRIBE_STRUCT(comment_changes, (), (body))
struct comment_updated {
  static constexpr std::string_view type = "comment.updated";
  static constexpr int schema = 1;
  uuid ticket_id;
  comment_changes changes;
};
BOOST_DESCRIBE_STRUCT(comment_updated, (), (ticket_id, changes))

struct comment_deleted {
  static constexpr std::string_view type = "comment.deleted";
  static constexpr int schema = 1;
  uuid ticket_id;
};
BOOST_DESCRIBE_STRUCT(comment_deleted, (), (ticket_id))

} // namespace alloy::events
