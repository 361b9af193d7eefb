#include "api/access/access.hpp"
#include "api/access/ticket_names.hpp"
#include "api/operations/tickets/ticket_pages.hpp"
#include "api/operations/tickets/ticket_rows.hpp"
#include "api/table/answers.hpp"
#include "projections/ticket_past.hpp"
#include "search/search_store.hpp"

#include <algorithm>

namespace alloy::api {
namespace {

using namespace domain;

// What every list of tickets takes.
struct ticket_filters {
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor, sort, q;
  std::optional<given_names> status;
  std::optional<std::vector<alloy::category>> category;
  std::optional<std::vector<uuid>> reporter_id;
  std::optional<std::vector<alloy::priority>> priority;
  std::optional<std::vector<std::string>> sprint_id; // ids, or "none"
  std::optional<given_names> label;                  // ids or names
  std::optional<given_names> tag;                    // key or key:value
  std::optional<timestamp> updated_since, created_since;
  std::optional<date> due_before;
};
BOOST_DESCRIBE_STRUCT(ticket_filters, (),
                      (limit, cursor, sort, q, status, category, reporter_id, priority, sprint_id, label, tag,
                       updated_since, created_since, due_before))

struct project_tickets : ticket_filters {
  std::optional<std::vector<std::string>> assignee_id; // ids, or "none"
};
BOOST_DESCRIBE_STRUCT(project_tickets, (ticket_filters), (assignee_id))

struct my_tickets : ticket_filters {
  std::optional<uuid> org_id;
  std::optional<std::vector<std::string>> project_id; // ids or keys
};
BOOST_DESCRIBE_STRUCT(my_tickets, (ticket_filters), (org_id, project_id))

struct all_tickets : my_tickets {
  std::optional<std::vector<std::string>> assignee_id;
};
BOOST_DESCRIBE_STRUCT(all_tickets, (my_tickets), (assignee_id))

result<std::optional<projections::id_filter>> id_filter(std::optional<std::vector<std::string>> const& texts,
                                                        char const* pointer) {
  std::optional<projections::id_filter> f;
  if (!texts) return f;
  f.emplace();
  for (auto const& t : *texts) {
    auto const id = parse_uuid(t);
    if (!id && t != "none") return error::of_field(pointer, "not_a_uuid", "it must be UUIDs or none");
    if (id)
      f->any.push_back(*id);
    else
      f->none = true;
  }
  return f;
}

// What a text is asked for comes by relevance, unless another order is asked for.
result<> read_sort(std::optional<std::string> const& sort, bool with_text, projections::ticket_query& into) {
  if (!sort) {
    if (with_text) into.order = projections::ticket_order::relevance;
    return {};
  }
  bool const down = sort->starts_with('-');
  auto const order = json::enum_of<projections::ticket_order>(std::string_view(*sort).substr(down ? 1 : 0));
  bool const best_first = order == projections::ticket_order::relevance;
  if (best_first && (down || !with_text))
    return error::of_field("/sort", "not_one_of", "relevance is the order of a list with q, the best first");
  if (!order)
    return error::of_field("/sort", "not_one_of",
                           "it must be one of " + json::names_of<projections::ticket_order>() +
                               ", each with - for descending");
  into.order = *order;
  into.way = down ? direction::descending : direction::ascending;
  return {};
}

// All of the filter but what is meant by names, which depends on where it looks.
result<projections::ticket_filter> read_filter(ticket_filters const& q,
                                               std::optional<std::vector<std::string>> const& assignees) {
  projections::ticket_filter f;
  if (q.category) f.category = *q.category;
  if (q.priority) f.priority = *q.priority;
  if (q.reporter_id) f.reporter = *q.reporter_id;
  f.updated_since = q.updated_since;
  f.created_since = q.created_since;
  f.due_before = q.due_before;
  auto assignee = id_filter(assignees, "/assignee_id");
  if (!assignee) return assignee.error();
  auto sprint = id_filter(q.sprint_id, "/sprint_id");
  if (!sprint) return sprint.error();
  f.assignee = std::move(*assignee);
  f.sprint = std::move(*sprint);
  return f;
}

// The projects of an organization that the credential reaches; of these, where `named` says so, the ones named.
projections::ticket_scope scope_of(read_context const& c, project_finder& projects, uuid const& org,
                                   std::optional<std::vector<std::string>> const& named) {
  projections::ticket_scope s;
  s.tenant = org;
  if (named) {
    for (auto const& text : *named)
      if (auto const id = projects.find(org, text);
          id && std::find(s.projects.begin(), s.projects.end(), *id) == s.projects.end())
        s.projects.push_back(*id);
    return s;
  }
  s.whole_tenant = c.who->only_projects.empty();
  auto const prefix = key(org, table::project).str();
  c.state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
    auto const id = uuid::from_view(k.substr(prefix.size()));
    if (c.who->may_touch_project(id)) s.projects.push_back(id);
    return true;
  });
  return s;
}

// A label or a sprint that is meant by its id is one and the same in all of the scopes.
template <class E>
result<> check_ids(read_context const& c, projections::ticket_query const& query, std::vector<uuid> const& ids) {
  if (query.scopes.size() < 2) return {};
  for (auto const& id : ids) {
    std::vector<candidate> found;
    for (auto const& in : query.scopes)
      if ((in.whole_tenant || !in.projects.empty()) && c.state.has(key_of<E>(in.tenant, id)))
        found.push_back({in.tenant, id});
    if (found.size() > 1) return ambiguous(c.state, to_string(id), found);
  }
  return {};
}

// The rest of the filter; the names of labels mean another one in each organization.
result<> take_named(read_context const& c, ticket_filters const& q, projections::ticket_query const& query,
                    projections::ticket_filter& into, std::vector<std::string>& labels) {
  if (q.status) {
    auto names = statuses_asked(c, query.scopes, *q.status);
    if (!names) return names.error();
    into.status = std::move(*names);
  }
  if (q.label) {
    auto names = labels_asked(c, query.scopes, *q.label);
    if (!names) return names.error();
    labels = std::move(*names);
    std::vector<uuid> ids;
    for (auto const& name : labels)
      if (auto const id = parse_uuid(name)) ids.push_back(*id);
    if (auto clear = check_ids<label>(c, query, ids); !clear) return clear;
  }
  if (q.tag) {
    auto tags = tags_asked(c, query.scopes, *q.tag);
    if (!tags) return tags.error();
    into.tag = std::move(*tags);
  }
  if (!into.sprint) return {};
  if (auto known = check_sprints_asked(c, query.scopes, into.sprint->any); !known) return known;
  return check_ids<sprint>(c, query, into.sprint->any);
}

result<reply> answer_list(read_context& c, ticket_filters const& q, projections::ticket_query query,
                          projections::ticket_filter filter) {
  std::vector<std::string> labels;
  if (auto known = take_named(c, q, query, filter, labels); !known) return known.error();
  auto ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  if (auto sorted = read_sort(q.sort, q.q.has_value(), query); !sorted) return sorted.error();
  if (c.then && q.q) return error::of_field("/q", "not_with_as_of", "text is looked for as it stands now");
  std::unique_ptr<reader> rows;
  std::optional<projections::text_filter> text;
  if (q.q) {
    auto words = projections::parse_query(*q.q);
    if (!words) return words.error();
    rows = c.with.search.rows();
    if (!rows) return not_searchable();
    text.emplace(projections::text_filter{*rows, std::move(*words)});
  }
  if (c.then && q.tag) return error::of_field("/tag", "not_with_as_of", "tags are looked for as they stand now");
  for (auto& scope : query.scopes) {
    scope.filter = filter;
    if (text) scope.text = &*text;
    if (q.label) scope.filter.label = labels_in(c, scope.tenant, labels);
  }
  return page_reply(c, c.then ? projections::list_tickets_then(c.state, *c.then, query, *ask)
                              : list_tickets_now(c, std::move(query), *ask));
}

result<reply> in_project(read_context& c, project_tickets const& q) {
  auto filter = read_filter(q, q.assignee_id);
  if (!filter) return filter.error();
  projections::ticket_query query;
  query.scopes.push_back({c.subject.org, {c.subject.id}});
  return answer_list(c, q, std::move(query), std::move(*filter));
}

// A project that is named by what it is called in two organizations is neither's.
result<> check_projects(read_context const& c, project_finder& projects, std::vector<uuid> const& orgs,
                        std::vector<std::string> const& named) {
  for (auto const& text : named) {
    std::vector<candidate> found;
    for (auto const& org : orgs)
      if (auto const id = projects.find(org, text)) found.push_back({org, *id});
    if (found.size() > 1) return ambiguous(c.state, text, found);
  }
  return {};
}

result<reply> everywhere(read_context& c, my_tickets const& q, projections::ticket_filter filter) {
  std::vector<uuid> orgs;
  if (q.org_id) {
    auto entered = authorize_org(*c.who, c.state, *q.org_id, c.op.least);
    if (!entered) return entered.error();
    orgs.push_back(*q.org_id);
  } else {
    for (auto const& m : c.who->orgs) orgs.push_back(m.org_id);
  }
  project_finder projects(c);
  if (q.project_id) {
    if (auto known = projects.check(orgs, *q.project_id); !known) return known.error();
    if (auto clear = check_projects(c, projects, orgs, *q.project_id); !clear) return clear.error();
  }
  projections::ticket_query query;
  for (auto const& org : orgs) query.scopes.push_back(scope_of(c, projects, org, q.project_id));
  return answer_list(c, q, std::move(query), std::move(filter));
}

result<reply> search(read_context& c, all_tickets const& q) {
  auto filter = read_filter(q, q.assignee_id);
  if (!filter) return filter.error();
  return everywhere(c, q, std::move(*filter));
}

result<reply> mine(read_context& c, my_tickets const& q) {
  auto filter = read_filter(q, {});
  if (!filter) return filter.error();
  filter->assignee = projections::id_filter{{c.who->user_id}, false};
  return everywhere(c, q, std::move(*filter));
}

} // namespace

std::vector<operation> ticket_list_rows() {
  std::vector<operation> rows{
      timed(get_list<ticket, project_tickets>("list_tickets", "/api/v1/projects/{project_id}/tickets", role::Viewer,
                                              "List a project's tickets", in_project)),
      timed(get_list<ticket, all_tickets>("search_tickets", "/api/v1/tickets", role::Viewer,
                                          "Find tickets in an organization, or in all of the caller's", search)),
      timed(called("ticket mine", get_list<ticket, my_tickets>("get_my_tickets", "/api/v1/tickets/mine", role::Viewer,
                                                               "List the tickets assigned to the caller", mine))),
  };
  rows[0].at_once_with = {"status", "assignee_id", "sprint_id", "priority", "sort"};
  rows[1].apart = rows[2].apart = true; // of many projects and organizations
  return rows;
}

} // namespace alloy::api
