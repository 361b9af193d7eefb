#pragma once
// Projects, who works in them, and their sprints.
#include "events/change.hpp"
#include "events/values.hpp"

namespace alloy::events {

struct project_created {
  static constexpr std::string_view type = "project.created";
  static constexpr int schema = 1;
  std::string key, name;
  std::optional<std::string> description = {};
  uuid workflow_id;
  std::optional<capitalization> capitalization_type = {};
  std::optional<phase> development_phase = {};
  std::optional<std::string> cost_center_id = {};
  std::optional<std::int64_t> budget_cents = {};
  std::optional<budget_span> budget_period = {};
  std::optional<std::int64_t> amortization_months = {};
  // dated facts, for the rules of accounting that ask for them
  json::changed<date> authorized_on = {}, funded_on = {}, probable_from = {}, uncertainty_resolved_on = {},
                      ready_on = {}, abandoned_on = {};
  json::changed<restored> restores = {};
  json::changed<std::int64_t> ticket_counter = {}; // of a restored one: its numbers go on
};
BOOST_DESCRIBE_STRUCT(project_created, (),
                      (key, name, description, workflow_id, capitalization_type, development_phase, cost_center_id,
                       budget_cents, budget_period, amortization_months, authorized_on, funded_on, probable_from,
                       uncertainty_resolved_on, ready_on, abandoned_on, restores, ticket_counter))

struct project_changes {
  field<std::string> name;
  nullable<std::string> description;
  field<uuid> workflow_id;
  nullable<capitalization> capitalization_type;
  nullable<phase> development_phase;
  nullable<std::string> cost_center_id;
  nullable<std::int64_t> budget_cents;
  nullable<budget_span> budget_period;
  nullable<std::int64_t> amortization_months;
  nullable<date> authorized_on, funded_on, probable_from, uncertainty_resolved_on, ready_on, abandoned_on;
};
BOOST_DESCRIBE_STRUCT(project_changes, (),
                      (name, description, workflow_id, capitalization_type, development_phase, cost_center_id,
                       budget_cents, budget_period, amortization_months, authorized_on, funded_on, probable_from,
                       uncertainty_resolved_on, ready_on, abandoned_on))
struct project_updated {
  static constexpr std::string_view type = "project.updated";
  static constexpr int schema = 1;
  project_changes changes;
};
BOOST_DESCRIBE_STRUCT(project_updated, (), (changes))

struct project_deleted {
  static constexpr std::string_view type = "project.deleted";
  static constexpr int schema = 1;
  std::string key, name;
};
BOOST_DESCRIBE_STRUCT(project_deleted, (), (key, name))

struct project_member_added {
  static constexpr std::string_view type = "project.member_added";
  static constexpr int schema = 1;
  uuid user_id;
};
BOOST_DESCRIBE_STRUCT(project_member_added, (), (user_id))

struct project_member_removed {
  static constexpr std::string_view type = "project.member_removed";
  static constexpr int schema = 1;
  uuid user_id;
};
BOOST_DESCRIBE_STRUCT(project_member_removed, (), (user_id))

struct sprint_created {
  static constexpr std::string_view type = "sprint.created";
  static constexpr int schema = 1;
  uuid project_id;
  std::string name;
  std::optional<std::string> goal = {};
  date start_date, end_date;
  json::changed<restored> restores = {};
};
BOOST_DESCRIBE_STRUCT(sprint_created, (), (project_id, name, goal, start_date, end_date, restores))

struct sprint_changes {
  field<std::string> name;
  nullable<std::string> goal;
  field<date> start_date, end_date;
  field<sprint_status> status; // back to what it was, where a start or a completion was undone
};
BOOST_DESCRIBE_STRUCT(sprint_changes, (), (name, goal, start_date, end_date, status))
struct sprint_updated {
  static constexpr std::string_view type = "sprint.updated";
  static constexpr int schema = 1;
  sprint_changes changes;
};
BOOST_DESCRIBE_STRUCT(sprint_updated, (), (changes))

struct sprint_started {
  static constexpr std::string_view type = "sprint.started";
  static constexpr int schema = 1;
};
BOOST_DESCRIBE_STRUCT(sprint_started, (), ())

// What is unfinished leaves by ticket.sprint_changed events behind this one, so that the state as of this position is
// how the sprint ended, and what leaves later was not taken out of its scope.
struct sprint_completed {
  static constexpr std::string_view type = "sprint.completed";
  static constexpr int schema = 1;
  std::optional<uuid> unfinished_to = {}; // a sprint; none: the backlog
};
BOOST_DESCRIBE_STRUCT(sprint_completed, (), (unfinished_to))

struct sprint_deleted {
  static constexpr std::string_view type = "sprint.deleted";
  static constexpr int schema = 1;
  uuid project_id;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(sprint_deleted, (), (project_id, name))

} // namespace alloy::events
