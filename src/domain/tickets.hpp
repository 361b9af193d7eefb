#pragma once
// The rules of tickets and comments: command in, events out. Bodies of requests are the commands; their types hold the
// limits of single fields, what is here holds between fields and things. Pure.
#include "domain/context.hpp"
#include "domain/diff.hpp"
#include "domain/entities.hpp"
#include "domain/history.hpp"
#include "domain/names.hpp"

#include <algorithm>

namespace alloy::domain {

using ticket_title = text<1, 500>;
using ticket_description = prose<0, 65536>;
using comment_body = prose<1, 65536>;
using status_name = identifier<1, 64>;
using minutes_estimate = bounded<0, 1'000'000>;

struct create_ticket {
  std::optional<uuid> id;
  ticket_title title;
  std::optional<ticket_description> description;
  std::optional<alloy::priority> priority;
  std::optional<uuid> assignee_id, reporter_id, sprint_id;
  std::optional<list<uuid, 0, 50>> labels;
  std::optional<points> estimate_points;
  std::optional<minutes_estimate> estimate_minutes;
  std::optional<date> due_date;
};
BOOST_DESCRIBE_STRUCT(create_ticket, (),
                      (id, title, description, priority, assignee_id, reporter_id, sprint_id, labels, estimate_points,
                       estimate_minutes, due_date))

struct update_ticket {
  json::changed<uuid> project_id;
  json::changed<ticket_title> title;
  json::clearable<ticket_description> description;
  json::changed<status_name> status;
  json::changed<alloy::priority> priority;
  json::clearable<uuid> assignee_id;
  json::changed<uuid> reporter_id;
  json::clearable<uuid> sprint_id;
  json::changed<list<uuid, 0, 50>> labels;
  json::clearable<points> estimate_points;
  json::clearable<minutes_estimate> estimate_minutes;
  json::clearable<date> due_date;
};
BOOST_DESCRIBE_STRUCT(update_ticket, (),
                      (project_id, title, description, status, priority, assignee_id, reporter_id, sprint_id, labels,
                       estimate_points, estimate_minutes, due_date))

struct transition_ticket {
  status_name status;
  std::optional<comment_body> comment;
};
BOOST_DESCRIBE_STRUCT(transition_ticket, (), (status, comment))

struct assign_ticket {
  static constexpr bool all_required = true; // null takes the assignee away
  json::clearable<uuid> assignee_id;
};
BOOST_DESCRIBE_STRUCT(assign_ticket, (), (assignee_id))

struct create_comment {
  std::optional<uuid> id;
  comment_body body;
  std::optional<uuid> author_id;
};
BOOST_DESCRIBE_STRUCT(create_comment, (), (id, body, author_id))

struct update_comment {
  json::changed<comment_body> body;
};
BOOST_DESCRIBE_STRUCT(update_comment, (), (body))

struct add_ticket_label {
  uuid label_id;
};
BOOST_DESCRIBE_STRUCT(add_ticket_label, (), (label_id))

namespace detail {

inline void check_member(reader const& state, uuid const& org, std::optional<uuid> const& user, char const* pointer,
                         std::vector<fault>& faults) {
  if (user && !state.has(key_of<member>(org, *user)))
    faults.push_back({pointer, "not_a_member", "there is no such member in this organization"});
}

inline void check_sprint(reader const& state, uuid const& org, uuid const& project_id, std::optional<uuid> const& id,
                         std::vector<fault>& faults) {
  if (!id) return;
  auto const s = find<sprint>(state, org, *id);
  if (!s || s->project_id != project_id)
    faults.push_back({"/sprint_id", "not_found", "there is no such sprint in this project"});
  else if (s->status == sprint_status::Completed)
    faults.push_back({"/sprint_id", "sprint_completed", "the sprint is completed; its tickets stand fixed"});
}

inline void check_labels(reader const& state, uuid const& org, std::vector<uuid> const& ids,
                         std::vector<fault>& faults) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    std::string const pointer = "/labels/" + std::to_string(i);
    if (!state.has(key_of<label>(org, ids[i])))
      faults.push_back({pointer, "not_found", "there is no such label in this organization"});
    else if (std::count(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(i), ids[i]))
      faults.push_back({pointer, "duplicate", "it stands in the list twice"});
  }
}

} // namespace detail

inline result<decision> decide(reader const& state, project const& p, create_ticket const& c, context const& by) {
  if (auto free = check_id<ticket>(state, p.org_id, entity::ticket, c.id); !free) return free.error();
  std::vector<fault> faults;
  uuid const reporter = c.reporter_id.value_or(by.user_id);
  if (reporter != by.user_id && by.role < role::Member)
    faults.push_back({"/reporter_id", "not_yourself", "only a Member or above may report for somebody else"});
  detail::check_member(state, p.org_id, reporter, "/reporter_id", faults);
  detail::check_member(state, p.org_id, c.assignee_id, "/assignee_id", faults);
  detail::check_sprint(state, p.org_id, p.id, c.sprint_id, faults);
  if (c.labels) detail::check_labels(state, p.org_id, *c.labels, faults);
  if (!faults.empty()) return error(std::move(faults));

  auto const w = find<workflow>(state, p.org_id, p.workflow_id);
  if (!w || w->statuses.empty()) throw std::logic_error("a project without a workflow");
  events::ticket_created e;
  e.project_id = p.id;
  e.ticket_number = p.ticket_counter + 1;
  e.reference = p.key + "-" + std::to_string(e.ticket_number);
  e.title = c.title.value;
  e.description = plain_as<std::optional<std::string>>(c.description);
  e.status = w->statuses.front().name;
  e.category = w->statuses.front().category;
  e.priority = c.priority.value_or(priority::Medium);
  e.assignee_id = c.assignee_id;
  e.reporter_id = reporter;
  e.sprint_id = c.sprint_id;
  if (c.labels) e.labels = *c.labels;
  e.estimate_points = c.estimate_points;
  e.estimate_minutes = plain_as<std::optional<std::int64_t>>(c.estimate_minutes);
  e.due_date = c.due_date;
  decision d;
  record(d.events, p.org_id, entity::ticket, c.id ? *c.id : by.new_id(), std::move(e));
  return d;
}

namespace detail {

inline error move_refused(workflow const& w, std::string_view from, std::string_view to) {
  std::string members = "\"from\":";
  json::write(members, from);
  members += ",\"to\":";
  json::write(members, to);
  members += ",\"allowed\":";
  json::write(members, w.allowed_from(from));
  return error(errc::transition_not_allowed,
               "the workflow " + w.name + " does not allow " + std::string(from) + " to " + std::string(to), members);
}

// `p` is the ticket's project as the command leaves it. Into another project a ticket goes in any status that there is.
inline result<void> move(reader const& state, project const& p, ticket const& t, std::string const& meant,
                         decision& out) {
  bool const stays = p.id == t.project_id;
  if (stays && t.status == meant) return {};
  auto const w = find<workflow>(state, p.org_id, p.workflow_id);
  if (!w) throw std::logic_error("a project without a workflow");
  auto const* const wanted = status_meant(w->statuses, meant);
  if (!wanted) {
    std::string names;
    for (auto const& s : w->statuses) names += (names.empty() ? "" : ", ") + s.name;
    return error::of_field("/status", "not_one_of", "the workflow " + w->name + " has " + names);
  }
  auto const& to = wanted->name;
  if (t.status == to && t.category == wanted->category) return {};
  if (stays && w->enforcement != enforcement::none && !w->allows(t.status, to)) {
    auto refused = move_refused(*w, t.status, to);
    if (w->enforcement == enforcement::strict) return refused;
    out.warning = refused.detail;
  }
  record(out.events, p.org_id, entity::ticket, t.id,
         events::ticket_status_changed{{t.status, to}, {t.category, wanted->category}});
  return {};
}

inline void renumber(project const& to, ticket const& t, events::ticket_changes& changes) {
  std::int64_t const number = to.ticket_counter + 1;
  changes.ticket_number.value = {t.ticket_number, number};
  changes.reference.value = {t.reference, to.key + "-" + std::to_string(number)};
}

inline void relabel(project const& p, ticket const& t, std::vector<uuid> const& wanted, decision& out) {
  for (auto const& id : t.labels)
    if (std::find(wanted.begin(), wanted.end(), id) == wanted.end())
      record(out.events, p.org_id, entity::ticket, t.id, events::ticket_unlabeled{id});
  for (auto const& id : wanted)
    if (std::find(t.labels.begin(), t.labels.end(), id) == t.labels.end())
      record(out.events, p.org_id, entity::ticket, t.id, events::ticket_labeled{id});
}

} // namespace detail

// One PATCH that moves, assigns and renames is one command and three events.
inline result<decision> decide(reader const& state, project const& p, ticket const& t, update_ticket const& c,
                               context const&) {
  std::vector<fault> faults;
  std::optional<project> target;
  bool const leaves = c.project_id && *c.project_id.value != t.project_id;
  if (leaves && !(target = find<project>(state, p.org_id, *c.project_id.value)))
    faults.push_back({"/project_id", "not_found", "there is no such project in this organization"});
  project const& home = target ? *target : p;
  if (c.reporter_id && *c.reporter_id.value != t.reporter_id)
    detail::check_member(state, p.org_id, c.reporter_id.value, "/reporter_id", faults);
  if (c.assignee_id && c.assignee_id.value != t.assignee_id)
    detail::check_member(state, p.org_id, c.assignee_id.value, "/assignee_id", faults);
  if (c.sprint_id && (target || c.sprint_id.value != t.sprint_id))
    detail::check_sprint(state, p.org_id, home.id, c.sprint_id.value, faults);
  if (c.labels) detail::check_labels(state, p.org_id, *c.labels.value, faults);
  if (!faults.empty()) return error(std::move(faults));

  decision d;
  auto changes = difference<events::ticket_changes>(t, c);
  if (target) detail::renumber(home, t, changes);
  if (any(changes)) record(d.events, p.org_id, entity::ticket, t.id, events::ticket_updated{std::move(changes)});
  if (c.status || target)
    if (auto done = detail::move(state, home, t, c.status ? c.status.value->value : t.status, d); !done)
      return done.error();
  if (c.assignee_id && c.assignee_id.value != t.assignee_id)
    record(d.events, p.org_id, entity::ticket, t.id, events::ticket_assigned{{t.assignee_id, c.assignee_id.value}});
  // A sprint belongs to a project: where a ticket goes elsewhere, it leaves its sprint behind.
  bool const new_sprint = c.sprint_id.present || target;
  if (new_sprint && c.sprint_id.value != t.sprint_id)
    record(d.events, p.org_id, entity::ticket, t.id, events::ticket_sprint_changed{{t.sprint_id, c.sprint_id.value}});
  if (c.labels) detail::relabel(p, t, *c.labels.value, d);
  return d;
}

inline result<decision> decide(reader const& state, project const& p, ticket const& t, transition_ticket const& c,
                               context const& by) {
  decision d;
  if (auto moved = detail::move(state, p, t, c.status.value, d); !moved) return moved.error();
  if (c.comment)
    record(d.events, p.org_id, entity::comment, by.new_id(),
           events::comment_created{t.id, by.user_id, c.comment->value});
  return d;
}

inline result<decision> decide(reader const& state, project const& p, ticket const& t, assign_ticket const& c,
                               context const& by) {
  if (!c.assignee_id.present)
    return error::of_field("/assignee_id", "required", "assignee_id is required; null takes the assignee away");
  update_ticket as_update;
  as_update.assignee_id = c.assignee_id;
  return decide(state, p, t, as_update, by);
}

inline result<decision> decide(reader const& state, project const& p, ticket const& t, add_ticket_label const& c,
                               context const&) {
  if (!state.has(key_of<label>(p.org_id, c.label_id)))
    return error::of_field("/label_id", "not_found", "there is no such label in this organization");
  auto wanted = t.labels;
  if (std::find(wanted.begin(), wanted.end(), c.label_id) == wanted.end()) wanted.push_back(c.label_id);
  if (wanted.size() > 50) return error::of_field("/label_id", "too_many", "a ticket carries at most 50 labels");
  decision d;
  detail::relabel(p, t, wanted, d);
  return d;
}

inline result<decision> remove_label(project const& p, ticket const& t, uuid const& label_id) {
  auto wanted = t.labels;
  if (std::erase(wanted, label_id) == 0) return error(errc::not_found, "the ticket does not carry this label");
  decision d;
  detail::relabel(p, t, wanted, d);
  return d;
}

inline result<decision> decide(reader const& state, project const& p, ticket const& t, create_comment const& c,
                               context const& by) {
  if (auto free = check_id<comment>(state, p.org_id, entity::comment, c.id); !free) return free.error();
  if (c.author_id && *c.author_id != by.user_id)
    return error::of_field("/author_id", "not_yourself", "a comment is written by its caller");
  decision d;
  record(d.events, p.org_id, entity::comment, c.id ? *c.id : by.new_id(),
         events::comment_created{t.id, by.user_id, c.body.value});
  return d;
}

// Its author may whatever the row of the operation lets them.
inline role least_to_change(comment const& now, uuid const& user) noexcept {
  return now.author_id == user ? role::Viewer : role::Admin;
}

inline result<decision> decide(uuid const& org, comment const& now, update_comment const& c, context const& by) {
  if (by.role < least_to_change(now, by.user_id))
    return error(errc::role_too_low, "a comment is changed by its author or an Admin");
  decision d;
  if (auto changes = difference<events::comment_changes>(now, c); any(changes))
    record(d.events, org, entity::comment, now.id, events::comment_updated{now.ticket_id, std::move(changes)});
  return d;
}

// `entries` is how many time entries are on it: they are somebody's money.
inline result<decision> remove(project const& p, ticket const& t, std::uint64_t entries) {
  if (entries) return in_use(entries, "time entries are on it");
  decision d;
  record(d.events, p.org_id, entity::ticket, t.id, events::ticket_deleted{t.project_id, t.reference});
  return d;
}

inline result<decision> remove(uuid const& org, comment const& now, context const& by) {
  if (by.role < least_to_change(now, by.user_id))
    return error(errc::role_too_low, "a comment is deleted by its author or an Admin");
  decision d;
  record(d.events, org, entity::comment, now.id, events::comment_deleted{now.ticket_id});
  return d;
}

} // namespace alloy::domain
