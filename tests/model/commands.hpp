#pragma once
// The vocabulary of the model test: a command is a few small numbers, which both the model and the server read in the
// same way. Things are numbered within small pools, so that commands meet, and also miss, each other. Values.
#include "events/values.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace alloy::model {

enum class verb : std::uint8_t {
  create_ticket,
  update_ticket,
  transition_ticket,
  assign_ticket,
  label_ticket,
  unlabel_ticket,
  delete_ticket,
  create_comment,
  edit_comment,
  delete_comment,
  create_sprint,
  rename_sprint,
  start_sprint,
  complete_sprint,
  delete_sprint,
  create_label,
  rename_label,
  delete_label,
  create_project,
  update_project,
  delete_project,
  join_project,
  leave_project,
  invite,
  accept_invite,
  revoke_invite,
  update_member,
  remove_member,
  create_team,
  rename_team,
  delete_team,
  join_team,
  leave_team,
  set_tags,
  remove_tag,
  create_workflow,
  update_workflow,
  delete_workflow,
  undo,
};
BOOST_DESCRIBE_ENUM(verb, create_ticket, update_ticket, transition_ticket, assign_ticket, label_ticket, unlabel_ticket,
                    delete_ticket, create_comment, edit_comment, delete_comment, create_sprint, rename_sprint,
                    start_sprint, complete_sprint, delete_sprint, create_label, rename_label, delete_label,
                    create_project, update_project, delete_project, join_project, leave_project, invite, accept_invite,
                    revoke_invite, update_member, remove_member, create_team, rename_team, delete_team, join_team,
                    leave_team, set_tags, remove_tag, create_workflow, update_workflow, delete_workflow, undo)

struct command {
  verb what = verb::create_ticket;
  unsigned who = 0;  // does it
  unsigned on = 0;   // the thing
  unsigned to = 0;   // another thing
  unsigned as = 0;   // a value
  unsigned bits = 0; // which of several values are given
  unsigned ms = 0;   // after the one before

  bool has(unsigned bit) const noexcept { return bits >> bit & 1U; }
};

using number = unsigned; // of a thing within its pool
inline constexpr number users = 4, projects = 3, tickets = 6, comments = 5, sprints = 4, labels = 3, teams = 2,
                        workflows = 3, invites = 3;

// ------------------------------------------------------------------------------------------------ as they are read

// What a body says: absent, or the value; of what can be cleared, nothing is a value, too.
template <class T> using given = std::optional<T>;
template <class T> using clearing = std::optional<std::optional<T>>;

struct ticket_body {
  given<number> project;
  given<std::string> title;
  clearing<std::string> description;
  given<std::string> status;
  given<alloy::priority> priority;
  clearing<number> assignee;
  given<number> reporter;
  clearing<number> sprint;
  given<std::vector<number>> labels;
  clearing<int> minutes, due;
};
ticket_body ticket_of(command const& c); // for create_ticket what is cleared is left out

struct workflow_body {
  given<std::string> name;
  given<std::vector<workflow_status>> statuses;
  given<std::vector<workflow_transition>> transitions;
  given<alloy::enforcement> enforcement;
  given<std::map<std::string, std::string>> migrate;
};
workflow_body workflow_of(command const& c);

struct project_body {
  given<std::string> name;
  clearing<std::string> description;
  given<number> workflow;
  given<std::map<std::string, std::string>> migrate;
};
project_body project_of(command const& c);

std::string status_named(unsigned n);
std::string name_from(char const* kind, unsigned n); // one of few, so that names are taken
role role_of(unsigned n);
std::map<std::string, std::string> tags_of(command const& c);
std::string project_key(number project);
// Whose tags: entity and number in its pool.
struct carrier {
  entity kind{};
  number id = 0;
  auto operator<=>(carrier const&) const = default;
};
carrier carrier_of(command const& c);
// How many commands back the one lies that is to be undone: 0 is the newest.
inline std::size_t steps_back(command const& c) {
  return c.on + (c.has(0) ? 0 : c.to);
}

std::string words_of(command const& c);

} // namespace alloy::model
