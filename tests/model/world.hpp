#pragma once
// Everything that an organization has, as plain as can be: what the model says the server must hold. Values.
#include "tests/model/commands.hpp"

#include <cstdint>
#include <tuple>

namespace alloy::model {

struct stamps {
  std::int64_t created = 0, updated = 0;
  unsigned version = 1;
  bool operator==(stamps const&) const = default;
};

// `fields` are those that commands change and that an undo gives back one by one.
struct ticket : stamps {
  number project = 0;
  int ticket_number = 0;
  std::string reference, title;
  std::optional<std::string> description;
  std::string status;
  alloy::category category{};
  alloy::priority priority = alloy::priority::Medium;
  std::optional<number> assignee;
  number reporter = 0;
  std::optional<number> sprint;
  std::set<number> labels;
  std::optional<int> minutes, due;
  bool operator==(ticket const&) const = default;
  static constexpr auto fields() {
    return std::tuple(&ticket::project, &ticket::ticket_number, &ticket::reference, &ticket::title,
                      &ticket::description, &ticket::status, &ticket::category, &ticket::priority, &ticket::assignee,
                      &ticket::reporter, &ticket::sprint, &ticket::labels, &ticket::minutes, &ticket::due);
  }
};

struct comment : stamps {
  number ticket = 0, author = 0;
  std::string body;
  bool operator==(comment const&) const = default;
  static constexpr auto fields() { return std::tuple(&comment::body); }
};

struct sprint : stamps {
  number project = 0;
  std::string name;
  sprint_status status{};
  std::optional<std::int64_t> started, completed;
  bool operator==(sprint const&) const = default;
  static constexpr auto fields() { return std::tuple(&sprint::name, &sprint::status); }
};

struct named : stamps { // a label, a team
  std::string name;
  bool operator==(named const&) const = default;
  static constexpr auto fields() { return std::tuple(&named::name); }
};

struct project : stamps {
  std::string name;
  std::optional<std::string> description;
  number workflow = 0;
  int counter = 0; // of its tickets; it never goes back
  bool operator==(project const&) const = default;
  static constexpr auto fields() { return std::tuple(&project::name, &project::description, &project::workflow); }
};

struct member : stamps {
  alloy::role role{};
  bool finance = false;
  bool operator==(member const&) const = default;
  static constexpr auto fields() { return std::tuple(&member::role, &member::finance); }
};

struct invite : stamps {
  alloy::role role{};
  number sender = 0;
  invite_status status = invite_status::Pending;
  bool operator==(invite const&) const = default;
};

struct workflow : stamps {
  std::string name;
  std::vector<workflow_status> statuses;
  std::vector<workflow_transition> transitions;
  alloy::enforcement enforcement{};
  bool operator==(workflow const&) const = default;
  static constexpr auto fields() {
    return std::tuple(&workflow::name, &workflow::statuses, &workflow::transitions, &workflow::enforcement);
  }
};

struct tag_set { // stays, empty, once there were tags
  std::map<std::string, std::string> values;
  unsigned version = 0;
  bool operator==(tag_set const&) const = default;
};

using pair = std::pair<number, number>; // a project or a team, and a user

struct world {
  std::map<number, ticket> tickets;
  std::map<number, comment> comments; // also those of tickets that are gone
  std::map<number, sprint> sprints;
  std::map<number, named> labels, teams;
  std::map<number, project> projects;
  std::map<number, member> members;
  std::map<number, invite> invites;
  std::map<number, workflow> workflows;
  std::map<pair, std::int64_t> project_members, team_members; // since when
  std::map<carrier, tag_set> tags;
  std::map<std::pair<number, int>, number> references; // project and number lead to a ticket for ever
  bool operator==(world const&) const = default;
};

} // namespace alloy::model
