#include "domain/time_entries.hpp"
#include "api/operations/resources.hpp"
#include "api/pipeline/batch.hpp"
#include "domain/history.hpp"
#include "projections/time_list.hpp"

namespace alloy::api {
namespace {

using namespace domain;

enum class time_action : std::uint8_t { submit, approve, reject, reopen };
BOOST_DESCRIBE_ENUM(time_action, submit, approve, reject, reopen)

struct batch_time_entries {
  list<uuid, 1, 1000> ids;
  time_action action{};
  std::optional<decision_reason> reason;
  std::optional<bool> atomic;
};
BOOST_DESCRIBE_STRUCT(batch_time_entries, (), (ids, action, reason, atomic))

struct time_outcome {
  static constexpr bool answer = true;
  std::string id;
  std::int64_t status = 200;
  json::changed<domain::time_entry> time_entry;
  json::changed<refusal_view> error;
};
BOOST_DESCRIBE_STRUCT(time_outcome, (), (id, status, time_entry, error))

struct time_batch_answer {
  static constexpr bool answer = true;
  std::int64_t succeeded = 0, failed = 0;
  std::vector<time_outcome> results; // in the order of ids
};
BOOST_DESCRIBE_STRUCT(time_batch_answer, (), (succeeded, failed, results))

struct time_query : list_query {
  std::optional<uuid> org_id;
  std::optional<text<1, 64>> project_id, ticket_id; // ids, a key or a reference
  std::optional<uuid> user_id;
  std::optional<std::vector<time_status>> status;
  std::optional<date> from, to;
};
BOOST_DESCRIBE_STRUCT(time_query, (list_query), (org_id, project_id, ticket_id, user_id, status, from, to))

org org_of(write_context const& c) {
  return find<org>(c.state(), c.subject.org, c.subject.org).value();
}

result<commands::plan> log(write_context& c, log_time const& body) {
  return created<time_entry>(decide(c.state(), org_of(c), c.entity<ticket>(), body, c.by()), "/api/v1/time-entries/");
}

result<commands::plan> plan_of(write_context const& c, result<decision> d) {
  return updated<time_entry>(std::move(d), c.subject.org, c.subject.id);
}

role least_for(time_action a) noexcept {
  return a == time_action::submit ? role::Member : role::Admin;
}

result<decision> act(reader const& state, time_entry const& e, batch_time_entries const& body, context const& by) {
  switch (body.action) {
  case time_action::submit: return submit(state, e, by);
  case time_action::approve: return approve(state, e, by);
  case time_action::reject: return reject(state, e, {*body.reason}, by);
  case time_action::reopen: break;
  }
  return reopen(state, e, {*body.reason});
}

time_outcome outcome_of(reader const& state, std::string const& name, result<batch_item> const& one) {
  time_outcome o;
  o.id = name;
  if (one)
    o.time_entry.value = find<time_entry>(state, one->org, one->id);
  else {
    o.status = describe(one.error().code).status;
    o.error.value = view_of(one.error());
  }
  return o;
}

result<commands::plan> batch(write_context& c, batch_time_entries const& body) {
  constexpr std::string_view field = "ids";
  bool const explained = body.action == time_action::reject || body.action == time_action::reopen;
  if (explained && !body.reason)
    return error::of_field("/reason", "reason_required", "whoever rejects or reopens says why");
  std::vector<std::string> names;
  for (auto const& id : body.ids) names.push_back(to_string(id));
  auto all = decide_each(c, table::time_entry, names, field,
                         [&](reader const& state, subject const& about) -> result<decision> {
                           // The action is only known from the body, so what the row of a single one asks is asked
                           // here.
                           if (auto may = require_role(*c.who, about, least_for(body.action)); !may) return may.error();
                           auto const e = decoded<time_entry>::of(about.row);
                           return act(state, e, body, {c.at, c.who->user_id, about.rank, new_uuid});
                         });
  auto plan =
      batch_plan<time_batch_answer>(std::move(names), std::move(all), field, body.atomic.value_or(false), outcome_of);
  if (plan) plan->least = least_for(body.action);
  return plan;
}

result<std::vector<uuid>> orgs_asked(read_context const& c, std::optional<uuid> const& only) {
  if (only) {
    auto entered = authorize_org(*c.who, c.state, *only, c.op.least);
    if (!entered) return entered.error();
    return std::vector<uuid>{*only};
  }
  std::vector<uuid> orgs;
  for (auto const& m : c.who->orgs)
    if (authorize_org(*c.who, c.state, m.org_id, c.op.least)) orgs.push_back(m.org_id);
  return orgs;
}

// Nothing: what the filter names is not in the organization, so nothing of it is, either.
std::optional<projections::time_filter> filter_in(read_context const& c, uuid const& org, time_query const& q) {
  projections::time_filter f;
  if (q.project_id && !(f.project = find_project(c.state, org, q.project_id->value))) return std::nullopt;
  if (q.ticket_id && !(f.ticket = find_ticket(c.state, org, q.ticket_id->value))) return std::nullopt;
  f.user = q.user_id;
  if (q.status) f.status = *q.status;
  f.from = q.from;
  f.to = q.to;
  f.only = c.who->only_projects;
  return f;
}

// What is named in two organizations is neither's, and what was in none is a typo. Of what was deleted since there is
// still time, but for a key that is bound to projects, which nobody can tell to be one of them.
result<> check_names(read_context const& c, std::vector<uuid> const& orgs, time_query const& q) {
  std::vector<candidate> projects, tickets;
  for (auto const& org : orgs) {
    auto const p = q.project_id ? find_project(c.state, org, q.project_id->value) : std::nullopt;
    if (p && c.who->may_touch_project(*p) && c.state.has(key_of<project>(org, *p))) projects.push_back({org, *p});
    auto const t = q.ticket_id ? find_ticket(c.state, org, q.ticket_id->value) : std::nullopt;
    auto const there = t ? find<ticket>(c.state, org, *t) : std::nullopt;
    if (there && c.who->may_touch_project(there->project_id)) tickets.push_back({org, *t, there->reference});
  }
  if (projects.size() > 1) return ambiguous(c.state, q.project_id->value, projects);
  if (tickets.size() > 1) return ambiguous(c.state, q.ticket_id->value, tickets);
  auto const was_in = [&](entity kind, auto const& find, std::string_view text) {
    return c.who->only_projects.empty() && std::any_of(orgs.begin(), orgs.end(), [&](uuid const& org) {
             auto const id = find(c.state, org, text);
             return id && has_history(c.state, org, kind, *id);
           });
  };
  if (q.project_id && projects.empty() && !was_in(entity::project, find_project, q.project_id->value))
    return error::of_field("/project_id", "not_found", "there is no project " + q.project_id->value + " here");
  if (q.ticket_id && tickets.empty() && !was_in(entity::ticket, api::find_ticket, q.ticket_id->value))
    return error::of_field("/ticket_id", "not_found", "there is no ticket " + q.ticket_id->value + " here");
  return {};
}

result<reply> list_entries(read_context& c, time_query const& q) {
  if (q.from && q.to && *q.to < *q.from) return error::of_field("/to", "before_from", "to must not be before from");
  auto const orgs = orgs_asked(c, q.org_id);
  if (!orgs) return orgs.error();
  if (auto clear = check_names(c, *orgs, q); !clear) return clear.error();
  auto ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  return page_reply(c, read_parts(*orgs, *ask, [&](uuid const& org, projections::page_request const& part) {
                      auto const f = filter_in(c, org, q);
                      return f ? projections::list_time(c.state, org, *f, part) : projections::page();
                    }));
}

} // namespace

std::vector<operation> time_entry_operations() {
  auto list_row =
      called("time list", get_list<time_entry, time_query>("list_time_entries", "/api/v1/time-entries", role::Viewer,
                                                           "List time entries by work date", list_entries));
  list_row.notes = "Without `org_id`: of all your organizations. Within a day in the order in which they were logged.";
  auto log_row =
      called("time log", create<log_time, time_entry>("log_time", "/api/v1/tickets/{ticket_id}/time-entries",
                                                      role::Member, "Log time that you worked on a ticket", log));
  log_row.notes =
      "As `minutes` or as `hours` of whole minutes; at most 1440 minutes a day over all your entries, and no "
      "day in the future. Project, team, type and phase are kept as they were on the work date. Time of a "
      "closed month goes into an open one, with `adjusts`.";
  auto batch_row = called("time batch", post<batch_time_entries, time_batch_answer>(
                                            "batch_time_entries", "/api/v1/time-entries/batch", role::Member,
                                            "Submit, approve, reject or reopen many", batch));
  batch_row.notes = "A result per entry, in the order asked for; with `atomic` all or, for 422, none. Approving, "
                    "rejecting and reopening need the role Admin and the scope `admin`.";
  batch_row.names_things = true;
  std::vector<operation> rows{
      log_row,
      list_row,
      timed(called("time get", get<time_entry>("get_time_entry", "/api/v1/time-entries/{time_entry_id}", role::Viewer,
                                               "Get a time entry", stored_reply))),
      called("time update", patch<update_time_entry, time_entry>(
                                "update_time_entry", "/api/v1/time-entries/{time_entry_id}", role::Member,
                                "Change your own Draft or Rejected time entry; it is a Draft then",
                                [](write_context& c, update_time_entry const& body) {
                                  return plan_of(c, decide(c.state(), org_of(c), c.entity<time_entry>(), body, c.by()));
                                })),
      called("time delete",
             del("delete_time_entry", "/api/v1/time-entries/{time_entry_id}", role::Member,
                 "Delete your own Draft or Rejected time entry",
                 [](write_context& c) { return done(remove(c.state(), c.entity<time_entry>(), c.by())); })),
      called("time submit",
             post<nothing, time_entry>(
                 "submit_time_entry", "/api/v1/time-entries/{time_entry_id}/submit", least_for(time_action::submit),
                 "Submit your own time entry for approval",
                 [](write_context& c) { return plan_of(c, submit(c.state(), c.entity<time_entry>(), c.by())); })),
      called("time approve",
             post<nothing, time_entry>(
                 "approve_time_entry", "/api/v1/time-entries/{time_entry_id}/approve", least_for(time_action::approve),
                 "Approve a submitted time entry; one's own only as the only Admin",
                 [](write_context& c) { return plan_of(c, approve(c.state(), c.entity<time_entry>(), c.by())); })),
      called("time reject",
             post<reasoned, time_entry>("reject_time_entry", "/api/v1/time-entries/{time_entry_id}/reject",
                                        least_for(time_action::reject), "Reject a submitted time entry, with a reason",
                                        [](write_context& c, reasoned const& body) {
                                          return plan_of(c, reject(c.state(), c.entity<time_entry>(), body, c.by()));
                                        })),
      called("time reopen", post<reasoned, time_entry>(
                                "reopen_time_entry", "/api/v1/time-entries/{time_entry_id}/reopen",
                                least_for(time_action::reopen), "Make an approved time entry a Draft, with a reason",
                                [](write_context& c, reasoned const& body) {
                                  return plan_of(c, reopen(c.state(), c.entity<time_entry>(), body));
                                })),
      batch_row,
  };
  bound_keys_may(rows, auth::bound_key::project,
                 {"log_time", "list_time_entries", "get_time_entry", "update_time_entry", "delete_time_entry",
                  "submit_time_entry", "approve_time_entry", "reject_time_entry", "reopen_time_entry",
                  "batch_time_entries"});
  for (auto& row : rows) row.tag = "Time";
  return rows;
}

} // namespace alloy::api
