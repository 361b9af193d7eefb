#include "api/access.hpp"
#include "api/answers.hpp"
#include "api/ticket_pages.hpp"
#include "api/ticket_rows.hpp"
#include "domain/workflows.hpp"
#include "projections/search_store.hpp"
#include "projections/ticket_past.hpp"

#include <set>

namespace alloy::api {
namespace {

using namespace domain;

// What every list of tickets takes.
struct ticket_filters {
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor, sort, q;
  std::optional<std::vector<std::string>> status;
  std::optional<std::vector<alloy::category>> category;
  std::optional<std::vector<uuid>> reporter_id;
  std::optional<std::vector<alloy::priority>> priority;
  std::optional<std::vector<std::string>> sprint_id; // ids, or "none"
  std::optional<std::vector<std::string>> label;     // ids or names
  std::optional<std::vector<std::string>> tag;       // key or key:value
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

projections::tag_filter tag_filter(std::string const& text) {
  auto const colon = text.find(':');
  projections::tag_filter f{text.substr(0, colon), {}};
  if (colon != std::string::npos) f.value = text.substr(colon + 1);
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

// All of the filter but the labels, whose names mean another label in each organization.
result<projections::ticket_filter> read_filter(ticket_filters const& q,
                                               std::optional<std::vector<std::string>> const& assignees) {
  projections::ticket_filter f;
  if (q.status) f.status = *q.status;
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
  if (q.tag)
    for (auto const& t : *q.tag) f.tag.push_back(tag_filter(t));
  return f;
}

// A label that nobody has made is one that no ticket has.
std::vector<uuid> labels_named(reader const& state, uuid const& org, std::vector<std::string> const& names) {
  std::vector<uuid> ids;
  for (auto const& name : names)
    if (auto const id = parse_uuid(name))
      ids.push_back(*id);
    else
      ids.push_back(find_named<label>(state, org, label_name_key(org, name), name).value_or(uuid{}));
  return ids;
}

// The statuses that are meant, as the organization's workflows write them; a name that none of them has as it is.
std::vector<std::string> statuses_named(reader const& state, uuid const& org, std::vector<std::string> const& names) {
  std::set<std::string> meant(names.begin(), names.end());
  auto const prefix = key(org, table::workflow).str();
  state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view, std::string_view stored) {
    for (auto const& name : names)
      if (auto const* const s = status_meant(decoded<workflow>::of(stored).statuses, name)) meant.insert(s->name);
    return true;
  });
  return {meant.begin(), meant.end()};
}

// The projects of an organization that the credential reaches; of these, where `named` says so, the ones named.
projections::ticket_scope scope_of(read_call const& c, uuid const& org,
                                   std::optional<std::vector<std::string>> const& named) {
  projections::ticket_scope s;
  s.tenant = org;
  if (named) {
    for (auto const& text : *named)
      if (auto const id = find_project(c.state, org, text); id && c.who->may_touch_project(*id))
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

result<reply> answer_list(read_call& c, ticket_filters const& q, projections::ticket_query query,
                          projections::ticket_filter const& filter) {
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
    if (q.status) scope.filter.status = statuses_named(c.state, scope.tenant, *q.status);
    if (q.label) scope.filter.label = labels_named(c.state, scope.tenant, *q.label);
  }
  return page_reply(c, c.then ? projections::list_tickets_then(c.state, *c.then, query, *ask)
                              : list_tickets_now(c, std::move(query), *ask));
}

result<reply> in_project(read_call& c, project_tickets const& q) {
  auto filter = read_filter(q, q.assignee_id);
  if (!filter) return filter.error();
  projections::ticket_query query;
  query.scopes.push_back({c.subject.org, {c.subject.id}});
  return answer_list(c, q, std::move(query), *filter);
}

// A project that is named by what it is called in two organizations is neither's.
result<> check_projects(read_call const& c, std::optional<std::vector<std::string>> const& named) {
  if (!named) return {};
  for (auto const& text : *named) {
    std::vector<candidate> found;
    for (auto const& m : c.who->orgs)
      if (auto const id = find_project(c.state, m.org_id, text);
          id && c.who->may_touch_project(*id) && c.state.has(key_of<project>(m.org_id, *id)))
        found.push_back({m.org_id, *id});
    if (found.size() > 1) return ambiguous(c.state, text, found);
  }
  return {};
}

// So is a sprint or a label that is meant by its id.
template <class E> result<> check_ids(read_call const& c, std::vector<uuid> const& ids) {
  for (auto const& id : ids) {
    std::vector<candidate> found;
    for (auto const& m : c.who->orgs)
      if (c.state.has(key_of<E>(m.org_id, id))) found.push_back({m.org_id, id});
    if (found.size() > 1) return ambiguous(c.state, to_string(id), found);
  }
  return {};
}

result<> check_named(read_call const& c, my_tickets const& q, projections::ticket_filter const& filter) {
  if (auto clear = check_projects(c, q.project_id); !clear) return clear;
  if (filter.sprint)
    if (auto clear = check_ids<sprint>(c, filter.sprint->any); !clear) return clear;
  std::vector<uuid> labels;
  for (auto const& text : q.label.value_or(std::vector<std::string>()))
    if (auto const id = parse_uuid(text)) labels.push_back(*id);
  return check_ids<label>(c, labels);
}

result<reply> everywhere(read_call& c, my_tickets const& q, projections::ticket_filter const& filter) {
  projections::ticket_query query;
  if (q.org_id) {
    auto entered = enter_org(*c.who, c.state, *q.org_id, c.op.least);
    if (!entered) return entered.error();
    query.scopes.push_back(scope_of(c, *q.org_id, q.project_id));
  } else {
    if (auto clear = check_named(c, q, filter); !clear) return clear.error();
    for (auto const& m : c.who->orgs) query.scopes.push_back(scope_of(c, m.org_id, q.project_id));
  }
  return answer_list(c, q, std::move(query), filter);
}

result<reply> search(read_call& c, all_tickets const& q) {
  auto filter = read_filter(q, q.assignee_id);
  if (!filter) return filter.error();
  return everywhere(c, q, *filter);
}

result<reply> mine(read_call& c, my_tickets const& q) {
  auto filter = read_filter(q, {});
  if (!filter) return filter.error();
  filter->assignee = projections::id_filter{{c.who->user_id}, false};
  return everywhere(c, q, *filter);
}

} // namespace

std::vector<operation> ticket_list_rows() {
  return {
      timed(get_list<ticket, project_tickets>("list_tickets", "/api/v1/projects/{project_id}/tickets", role::Viewer,
                                              "List a project's tickets", in_project)),
      timed(get_list<ticket, all_tickets>("search_tickets", "/api/v1/tickets", role::Viewer,
                                          "Find tickets in an organization, or in all of the caller's", search)),
      timed(called("ticket mine", get_list<ticket, my_tickets>("get_my_tickets", "/api/v1/tickets/mine", role::Viewer,
                                                               "List the tickets assigned to the caller", mine))),
  };
}

} // namespace alloy::api
