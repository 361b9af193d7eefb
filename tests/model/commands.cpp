#include "tests/model/commands.hpp"

namespace alloy::model {
namespace {

std::vector<workflow_status> const& shape(unsigned n) {
  static std::vector<workflow_status> const shapes[] = {
      {{"Backlog", category::todo, false}, {"Doing", category::in_progress, false}, {"Done", category::done, false}},
      {{"Backlog", category::todo, false}, {"Done", category::done, false}},
      {{"Open", category::todo, false}, {"Doing", category::in_progress, false}, {"Done", category::done, false}},
      {{"Backlog", category::todo, false}, {"Doing", category::done, false}, {"Closed", category::done, true}},
  };
  return shapes[n % 4];
}

std::vector<workflow_transition> transitions(unsigned n) {
  if (n % 3 == 0) return {};
  if (n % 3 == 1) return {{"Backlog", "Done"}};
  return {{"Backlog", "Doing"}, {"Doing", "Done"}};
}

std::map<std::string, std::string> migration(command const& c) {
  auto const to = status_named(c.as + c.to / 6);
  std::map<std::string, std::string> map{{status_named(c.to), to}};
  if (c.has(6)) map.emplace(status_named(c.to + 1), to);
  return map;
}

template <class T> clearing<T> cleared_or(unsigned n, T value) {
  return n % 4 == 3 ? std::optional<T>() : std::optional<T>(std::move(value));
}

std::string text(std::string const& s) {
  return s;
}
std::string text(unsigned n) {
  return std::to_string(n);
}
std::string text(int n) {
  return std::to_string(n);
}
template <class E>
requires std::is_enum_v<E> std::string text(E e) {
  return std::string(json::name_of(e));
}
std::string text(workflow_status const& s) {
  return s.name + " (" + text(s.category) + ")";
}
std::string text(workflow_transition const& t) {
  return t.from + "->" + t.to;
}
template <class T> std::string text(std::optional<T> const& v) {
  return v ? text(*v) : "nothing";
}
template <class T> std::string text(std::vector<T> const& all) {
  std::string out = "[";
  for (auto const& one : all) out += (out.size() > 1 ? ", " : "") + text(one);
  return out + "]";
}
std::string text(std::map<std::string, std::string> const& all) {
  std::string out = "{";
  for (auto const& [k, v] : all) out += (out.size() > 1 ? ", " : "") + k + ": " + v;
  return out + "}";
}

struct said {
  std::string out;
  template <class T> said& field(char const* name, std::optional<T> const& v) {
    if (v) out += std::string(out.empty() ? "" : ", ") + name + " " + text(*v);
    return *this;
  }
};

std::string words(ticket_body const& b) {
  said s;
  s.field("project", b.project).field("title", b.title).field("description", b.description).field("status", b.status);
  s.field("priority", b.priority).field("assignee", b.assignee).field("reporter", b.reporter);
  s.field("sprint", b.sprint).field("labels", b.labels).field("minutes", b.minutes).field("due", b.due);
  return s.out;
}
std::string words(workflow_body const& b) {
  said s;
  s.field("name", b.name).field("statuses", b.statuses).field("transitions", b.transitions);
  s.field("enforcement", b.enforcement).field("migrate", b.migrate);
  return s.out;
}
std::string words(project_body const& b) {
  said s;
  s.field("name", b.name).field("description", b.description).field("workflow", b.workflow);
  s.field("migrate", b.migrate);
  return s.out;
}

} // namespace

ticket_body ticket_of(command const& c) {
  ticket_body b;
  if (c.what == verb::create_ticket || c.has(0)) b.title = name_from("title ", c.as);
  if (c.what == verb::create_ticket || c.has(1)) b.project = c.to % projects;
  if (c.what != verb::create_ticket && c.has(2)) b.status = status_named(c.as);
  if (c.has(3)) b.assignee = cleared_or(c.as, (c.as + c.to) % users);
  if (c.has(4)) b.sprint = cleared_or(c.as / 2, (c.as + c.to) % sprints);
  if (c.has(5))
    b.labels =
        c.as % 2 ? std::vector<number>{c.as % labels} : std::vector<number>{c.as % labels, (c.as + c.to) % labels};
  if (c.has(6)) {
    b.priority = static_cast<alloy::priority>(c.as % 5);
    b.reporter = (c.as + 1) % users;
    b.description = cleared_or(c.to, name_from("words ", c.as));
  }
  if (c.has(7)) {
    b.minutes = cleared_or(c.as, static_cast<int>(c.to));
    b.due = cleared_or(c.to, static_cast<int>(20'000 + c.as));
  }
  return b;
}

workflow_body workflow_of(command const& c) {
  workflow_body b;
  bool const create = c.what == verb::create_workflow;
  if (create || c.has(0)) b.statuses = shape(c.as);
  if (c.has(1)) b.transitions = transitions(c.to);
  if (c.has(2)) b.enforcement = static_cast<alloy::enforcement>(c.to % 3);
  if (!create && c.has(3)) b.migrate = migration(c);
  if (create || c.has(4)) b.name = name_from("workflow ", c.on + c.as / 4);
  return b;
}

project_body project_of(command const& c) {
  project_body b;
  if (c.has(0)) b.name = name_from("project ", c.as);
  if (c.has(1)) b.workflow = c.to % workflows;
  if (c.has(2)) b.description = cleared_or(c.as, name_from("words ", c.as));
  if (c.what == verb::update_project && c.has(3)) b.migrate = migration(c);
  return b;
}

std::string status_named(unsigned n) {
  static char const* const names[] = {"Backlog", "Doing", "Done", "Open", "Closed"};
  return names[n % 5];
}

std::string name_from(char const* kind, unsigned n) {
  return kind + std::to_string(n % 4);
}

role role_of(unsigned n) {
  return static_cast<role>(n % 5);
}

std::map<std::string, std::string> tags_of(command const& c) {
  std::map<std::string, std::string> all;
  if (c.has(0)) all["area"] = "value " + std::to_string(c.as % 2);
  if (c.has(1)) all["tier"] = "value " + std::to_string(c.to % 2);
  return all;
}

std::string project_key(number project) {
  return std::string(2, static_cast<char>('A' + project));
}

carrier carrier_of(command const& c) {
  switch (c.to % 4) {
  case 0: return {entity::ticket, c.on % tickets};
  case 1: return {entity::project, c.on % projects};
  case 2: return {entity::user, c.on % users};
  default: return {entity::team, c.on % teams};
  }
}

std::string words_of(command const& c) {
  auto const n = [](unsigned i) { return std::to_string(i); };
  std::string out = "user " + n(c.who % users) + ": " + text(c.what) + " ";
  switch (c.what) {
  case verb::create_ticket:
  case verb::update_ticket: out += n(c.on % tickets) + ": " + words(ticket_of(c)); break;
  case verb::transition_ticket:
    out += n(c.on % tickets) + " to " + status_named(c.as) + (c.has(0) ? " with a comment" : "");
    break;
  case verb::assign_ticket: out += n(c.on % tickets) + " to " + text(*cleared_or(c.as, c.to % users)); break;
  case verb::label_ticket:
  case verb::unlabel_ticket: out += n(c.on % tickets) + ", label " + n(c.to % labels); break;
  case verb::delete_ticket: out += n(c.on % tickets); break;
  case verb::create_comment: out += n(c.on % comments) + " on ticket " + n(c.to % tickets); break;
  case verb::edit_comment: out += n(c.on % comments) + " as " + name_from("words ", c.as); break;
  case verb::delete_comment: out += n(c.on % comments); break;
  case verb::create_sprint: out += n(c.on % sprints) + " in project " + n(c.to % projects); break;
  case verb::rename_sprint: out += n(c.on % sprints) + " to " + name_from("sprint ", c.as); break;
  case verb::start_sprint:
  case verb::delete_sprint: out += n(c.on % sprints); break;
  case verb::complete_sprint:
    out += n(c.on % sprints) + ", the rest to " + (c.has(0) ? "sprint " + n(c.to % sprints) : "the backlog");
    break;
  case verb::create_label:
  case verb::rename_label: out += n(c.on % labels) + " as " + name_from("label ", c.as); break;
  case verb::delete_label: out += n(c.on % labels); break;
  case verb::create_project:
  case verb::update_project: out += n(c.on % projects) + ": " + words(project_of(c)); break;
  case verb::delete_project: out += n(c.on % projects); break;
  case verb::join_project:
  case verb::leave_project: out += n(c.on % projects) + ", user " + n(c.to % users); break;
  case verb::invite: out += n(c.on % invites) + " as " + text(role_of(c.as)); break;
  case verb::accept_invite:
  case verb::revoke_invite: out += n(c.on % invites); break;
  case verb::update_member: out += n(c.on % users) + " to " + text(role_of(c.as)); break;
  case verb::remove_member: out += n(c.on % users); break;
  case verb::create_team:
  case verb::rename_team: out += n(c.on % teams) + " as " + name_from("team ", c.as); break;
  case verb::delete_team: out += n(c.on % teams); break;
  case verb::join_team:
  case verb::leave_team: out += n(c.on % teams) + ", user " + n(c.to % users); break;
  case verb::set_tags:
  case verb::remove_tag: {
    auto const of = carrier_of(c);
    out += text(of.kind) + " " + n(of.id) + " " + (c.what == verb::set_tags ? text(tags_of(c)) : "area");
    break;
  }
  case verb::create_workflow:
  case verb::update_workflow: out += n(c.on % workflows) + ": " + words(workflow_of(c)); break;
  case verb::delete_workflow: out += n(c.on % workflows); break;
  case verb::undo: out += "the command " + std::to_string(steps_back(c)) + " back"; break;
  }
  return out + " (" + n(c.ms) + " ms later)";
}

} // namespace alloy::model
