#pragma once
// The rules of workflows and labels, and how tickets leave a status that goes. Pure.
#include "domain/context.hpp"
#include "domain/diff.hpp"
#include "domain/entities.hpp"
#include "domain/history.hpp"
#include "domain/names.hpp"

#include <algorithm>
#include <functional>

namespace alloy::domain {

struct status_input {
  identifier<1, 64> name;
  alloy::category category{};
  std::optional<bool> cancels;
};
BOOST_DESCRIBE_STRUCT(status_input, (), (name, category, cancels))
struct transition_input {
  identifier<1, 64> from, to;
};
BOOST_DESCRIBE_STRUCT(transition_input, (), (from, to))

struct create_workflow {
  std::optional<uuid> id;
  identifier<1, 100> name;
  list<status_input, 1, 50> statuses;
  std::optional<list<transition_input, 0, 500>> transitions;
  std::optional<alloy::enforcement> enforcement;
};
BOOST_DESCRIBE_STRUCT(create_workflow, (), (id, name, statuses, transitions, enforcement))

// From a status to another.
using status_map = dictionary<identifier<1, 64>, identifier<1, 64>, 50>;

struct update_workflow {
  json::changed<identifier<1, 100>> name;
  json::changed<list<status_input, 1, 50>> statuses;
  json::changed<list<transition_input, 0, 500>> transitions;
  json::changed<alloy::enforcement> enforcement;
  json::changed<status_map> migrate; // where the tickets go whose status is taken away
};
BOOST_DESCRIBE_STRUCT(update_workflow, (), (name, statuses, transitions, enforcement, migrate))

struct create_label {
  std::optional<uuid> id;
  identifier<1, 100> name;
  alloy::color color;
};
BOOST_DESCRIBE_STRUCT(create_label, (), (id, name, color))

struct update_label {
  json::changed<identifier<1, 100>> name;
  json::changed<alloy::color> color;
};
BOOST_DESCRIBE_STRUCT(update_label, (), (name, color))

// Every org starts with this one: any to any, nothing enforced.
inline events::workflow_created default_workflow() {
  events::workflow_created w;
  w.name = "Default";
  for (auto const& [name, category] : {std::pair{"Backlog", category::todo},
                                       {"Ready", category::todo},
                                       {"InProgress", category::in_progress},
                                       {"Review", category::in_progress},
                                       {"Done", category::done},
                                       {"Cancelled", category::done}})
    w.statuses.push_back({name, category, std::string_view(name) == "Cancelled"});
  return w;
}

namespace detail {

// Whether statuses that are called alike are refused, as in commands, or were allowed when they were made.
enum class twins : std::uint8_t { refused, allowed };

// The old names of statuses that are sent back as they were read: what a client sends is in form, what an older version
// took may not be. One that `migrate` names is meant to go.
inline std::vector<std::string> names_of(list<status_input, 1, 50> const& in, std::vector<workflow_status> const& old,
                                         std::optional<status_map> const& migrate) {
  std::vector<std::string> names;
  std::vector<bool> used(old.size());
  for (auto const& s : in) {
    std::string const& sent = s.name.value;
    auto const place = [&](auto const& is) {
      for (std::size_t i = 0; i < old.size(); ++i)
        if (!used[i] && is(old[i].name)) return i;
      return old.size();
    };
    std::size_t i = place([&](std::string const& name) { return name == sent; });
    if (i == old.size())
      i = place(
          [&](std::string const& name) { return normal_name(name) == sent && !(migrate && migrate->contains(name)); });
    if (i < old.size()) used[i] = true;
    names.push_back(i < old.size() ? old[i].name : sent);
  }
  return names;
}

inline bool were_twins(std::vector<workflow_status> const& old, std::string const& one, std::string const& other) {
  auto const had = [&](std::string const& name) {
    return std::any_of(old.begin(), old.end(), [&](auto const& s) { return s.name == name; });
  };
  return one != other && had(one) && had(other);
}

inline std::vector<workflow_status> statuses_of(list<status_input, 1, 50> const& in, std::vector<fault>& faults,
                                                std::vector<workflow_status> const& old = {},
                                                std::optional<status_map> const& migrate = {},
                                                twins alike = twins::refused) {
  std::vector<workflow_status> out;
  auto const names = names_of(in, old, migrate);
  std::vector<std::string> folded;
  for (std::size_t i = 0; i < in.size(); ++i) {
    auto const& s = in[i];
    auto const& name = names[i];
    std::string const pointer = "/statuses/" + std::to_string(i);
    folded.push_back(fold_name(name));
    for (std::size_t before = 0; before < i; ++before) {
      bool const same = alike == twins::refused ? folded[before] == folded[i] : names[before] == name;
      if (same && !were_twins(old, names[before], name))
        faults.push_back({pointer + "/name", "duplicate", "the status " + name + " stands there twice"});
    }
    bool const cancels = s.cancels.value_or(s.category == category::done && name == "Cancelled");
    if (cancels && s.category != category::done)
      faults.push_back({pointer + "/cancels", "not_done", "only a done status can cancel"});
    out.push_back({name, s.category, cancels});
  }
  return out;
}

inline std::vector<workflow_transition> transitions_of(list<transition_input, 0, 500> const& in,
                                                       std::vector<workflow_status> const& statuses,
                                                       std::vector<fault>& faults) {
  std::vector<workflow_transition> out;
  status_finder const all(statuses);
  auto const known = [&](std::string const& name, std::string const& pointer) {
    auto const* const meant = all.find(name);
    if (!meant) faults.push_back({pointer, "unknown_status", "there is no status " + name});
    return meant ? meant->name : name;
  };
  for (std::size_t i = 0; i < in.size(); ++i) {
    std::string const pointer = "/transitions/" + std::to_string(i);
    auto from = known(in[i].from.value, pointer + "/from");
    auto to = known(in[i].to.value, pointer + "/to");
    workflow_transition t{std::move(from), std::move(to)};
    if (std::find(out.begin(), out.end(), t) != out.end())
      faults.push_back({pointer, "duplicate", "this transition stands there twice"});
    out.push_back(std::move(t));
  }
  return out;
}

} // namespace detail

inline key workflow_name_key(uuid const& org_id, std::string_view name) {
  return key(org_id, table::workflow_by_name).add(fold_name(name));
}

inline result<decision> decide(reader const& state, org const& o, create_workflow const& c, context const& by) {
  if (auto free = check_id<workflow>(state, o.id, entity::workflow, c.id); !free) return free.error();
  if (is_taken(state, workflow_name_key(o.id, c.name.value)))
    return error(errc::already_exists, "the name " + c.name.value + " is taken by another workflow");
  std::vector<fault> faults;
  events::workflow_created e;
  e.name = c.name.value;
  e.statuses = detail::statuses_of(c.statuses, faults);
  if (c.transitions) e.transitions = detail::transitions_of(*c.transitions, e.statuses, faults);
  e.enforcement = c.enforcement.value_or(enforcement::none);
  if (!faults.empty()) return error(std::move(faults));
  decision d;
  record(d.events, o.id, entity::workflow, c.id ? *c.id : by.new_id(), std::move(e));
  return d;
}

// Finds the tickets that have a status: of a project, or of all projects that have a workflow.
using tickets_by_status = std::function<std::vector<uuid>(std::string const& status)>;

namespace detail {

inline bool stays(workflow_status const& s, std::vector<workflow_status> const& now) {
  return std::any_of(now.begin(), now.end(), [&](auto const& same) {
    return same.name == s.name && same.category == s.category && same.cancels == s.cancels;
  });
}

// The statuses that are meant, from old to now.
inline result<std::map<std::string, std::string>> moves_meant(std::vector<workflow_status> const& old,
                                                              std::vector<workflow_status> const& now,
                                                              status_map const& wanted) {
  std::map<std::string, std::string> moves;
  std::vector<fault> faults;
  status_finder const all_old(old), all_now(now);
  for (auto const& [from, to] : wanted) {
    std::string pointer = "/migrate";
    json::append_pointer(pointer, from);
    auto const* const leaving = all_old.find(from);
    auto const* const next = all_now.find(to.value);
    if (!leaving)
      faults.push_back({pointer, "unknown_status", "there is no status " + from});
    else if (stays(*leaving, now))
      faults.push_back({pointer, "status_stays", "the status " + from + " stays as it is, and so do its tickets"});
    else if (!next)
      faults.push_back({pointer, "unknown_status", "there will be no status " + to.value});
    else if (!moves.emplace(leaving->name, next->name).second)
      faults.push_back({pointer, "duplicate", "the status " + leaving->name + " is named twice"});
  }
  if (!faults.empty()) return error(std::move(faults));
  return moves;
}

} // namespace detail

// What becomes of tickets whose status is not among `now`, or means something else there: they move as `wanted` says;
// where it says nothing, the status cannot go.
inline result<> leave_statuses(uuid const& org_id, std::vector<workflow_status> const& old,
                               std::vector<workflow_status> const& now, std::optional<status_map> const& wanted,
                               tickets_by_status const& tickets_in, facts& out) {
  auto const moves = detail::moves_meant(old, now, wanted.value_or(status_map{}));
  if (!moves) return moves.error();
  for (auto const& s : old) {
    if (detail::stays(s, now)) continue;
    auto const tickets = tickets_in(s.name);
    if (tickets.empty()) continue;
    auto const move = moves->find(s.name);
    if (move == moves->end()) return in_use(tickets.size(), "tickets have the status " + s.name);
    auto const* const next = status_meant(now, move->second);
    for (auto const& id : tickets)
      record(out, org_id, entity::ticket, id,
             events::ticket_status_changed{{s.name, next->name}, {s.category, next->category}});
  }
  return {};
}

inline result<decision> decide(reader const& state, workflow const& w, update_workflow c,
                               tickets_by_status const& tickets_in) {
  std::vector<fault> faults;
  events::workflow_changes changes;
  auto const row = workflow_name_key(w.org_id, c.name ? c.name.value->value : w.name);
  if (auto settled = settle_name(state, w, row, "workflow", c.name); !settled) return settled.error();
  if (c.name && c.name.value->value != w.name) changes.name.value = {w.name, c.name.value->value};
  auto statuses = w.statuses;
  if (c.statuses) {
    statuses = detail::statuses_of(*c.statuses.value, faults, w.statuses, c.migrate.value);
    if (statuses != w.statuses) changes.statuses.value = {w.statuses, statuses};
  }
  auto transitions = w.transitions;
  if (c.transitions) {
    transitions = detail::transitions_of(*c.transitions.value, statuses, faults);
    if (transitions != w.transitions) changes.transitions.value = {w.transitions, transitions};
  } else if (c.statuses) {
    for (auto const& t : w.transitions)
      if (std::none_of(statuses.begin(), statuses.end(), [&](auto const& s) { return s.name == t.from; }) ||
          std::none_of(statuses.begin(), statuses.end(), [&](auto const& s) { return s.name == t.to; }))
        faults.push_back(
            {"/statuses", "status_in_transition",
             "the transition " + t.from + " to " + t.to + " needs a status that is gone; send transitions, too"});
  }
  if (c.enforcement && *c.enforcement.value != w.enforcement)
    changes.enforcement.value = {w.enforcement, *c.enforcement.value};
  if (!faults.empty()) return error(std::move(faults));
  decision d;
  if (any(changes)) record(d.events, w.org_id, entity::workflow, w.id, events::workflow_updated{std::move(changes)});
  if (auto moved = leave_statuses(w.org_id, w.statuses, statuses, c.migrate.value, tickets_in, d.events); !moved)
    return moved.error();
  return d;
}

// `projects` is how many have it.
inline result<decision> remove(org const& o, workflow const& w, std::uint64_t projects) {
  if (o.default_workflow_id == w.id)
    return error(errc::wrong_state, "it is the organization's default workflow; new projects need it");
  if (projects) return in_use(projects, "projects have it");
  decision d;
  record(d.events, w.org_id, entity::workflow, w.id, events::workflow_deleted{w.name});
  return d;
}

inline key label_name_key(uuid const& org_id, std::string_view name) {
  return key(org_id, table::label_by_name).add(fold_name(name));
}

inline result<decision> decide(reader const& state, org const& o, create_label const& c, context const& by) {
  if (auto free = check_id<label>(state, o.id, entity::label, c.id); !free) return free.error();
  if (is_taken(state, label_name_key(o.id, c.name.value)))
    return error(errc::already_exists, "the name " + c.name.value + " is taken by another label");
  decision d;
  record(d.events, o.id, entity::label, c.id ? *c.id : by.new_id(), events::label_created{c.name.value, c.color.value});
  return d;
}

inline result<decision> decide(reader const& state, label const& l, update_label c) {
  auto const row = label_name_key(l.org_id, c.name ? c.name.value->value : l.name);
  if (auto settled = settle_name(state, l, row, "label", c.name); !settled) return settled.error();
  decision d;
  if (auto changes = difference<events::label_changes>(l, c); any(changes))
    record(d.events, l.org_id, entity::label, l.id, events::label_updated{std::move(changes)});
  return d;
}

// `tickets` is how many carry it.
inline result<decision> remove(label const& l, std::uint64_t tickets) {
  if (tickets) return in_use(tickets, "tickets carry it");
  decision d;
  record(d.events, l.org_id, entity::label, l.id, events::label_deleted{l.name});
  return d;
}

} // namespace alloy::domain
