#pragma once
// Workflows and labels: what an org's tickets share.
#include "events/change.hpp"
#include "events/values.hpp"

namespace alloy::events {

struct workflow_created {
  static constexpr std::string_view type = "workflow.created";
  static constexpr int schema = 1;
  std::string name;
  std::vector<workflow_status> statuses;
  std::vector<workflow_transition> transitions; // none: any to any
  alloy::enforcement enforcement{};
  json::changed<restored> restores = {};
};
BOOST_DESCRIBE_STRUCT(workflow_created, (), (name, statuses, transitions, enforcement, restores))

struct workflow_changes {
  field<std::string> name;
  field<std::vector<workflow_status>> statuses;
  field<std::vector<workflow_transition>> transitions;
  field<alloy::enforcement> enforcement;
};
BOOST_DESCRIBE_STRUCT(workflow_changes, (), (name, statuses, transitions, enforcement))
struct workflow_updated {
  static constexpr std::string_view type = "workflow.updated";
  static constexpr int schema = 1;
  workflow_changes changes;
};
BOOST_DESCRIBE_STRUCT(workflow_updated, (), (changes))

struct workflow_deleted {
  static constexpr std::string_view type = "workflow.deleted";
  static constexpr int schema = 1;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(workflow_deleted, (), (name))

struct label_created {
  static constexpr std::string_view type = "label.created";
  static constexpr int schema = 1;
  std::string name, color;
  json::changed<restored> restores = {};
};
BOOST_DESCRIBE_STRUCT(label_created, (), (name, color, restores))

struct label_changes {
  field<std::string> name, color;
};
BOOST_DESCRIBE_STRUCT(label_changes, (), (name, color))
struct label_updated {
  static constexpr std::string_view type = "label.updated";
  static constexpr int schema = 1;
  label_changes changes;
};
BOOST_DESCRIBE_STRUCT(label_updated, (), (changes))

struct label_deleted {
  static constexpr std::string_view type = "label.deleted";
  static constexpr int schema = 1;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(label_deleted, (), (name))

} // namespace alloy::events
