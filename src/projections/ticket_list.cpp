#include "projections/ticket_list.hpp"

#include "projections/ticket_index.hpp"

#include <algorithm>

namespace alloy::projections {
namespace {

template <class T> bool among(std::vector<T> const& wanted, T const& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

// Within a project tickets are created in the order of their numbers, so an index by number serves both orders, and so
// does every index whose keys go on with the number.
range range_of(ticket_query const& q, ticket_filter& rest) {
  auto const begin = [&](table t) { return key(q.tenant, t).add(q.project); };
  if (q.order == ticket_order::updated_at) return {begin(table::ticket_by_updated).str(), q.way};
  if (q.order == ticket_order::priority) {
    if (q.filter.priority.size() != 1) return {begin(table::ticket_by_priority).str(), q.way};
    rest.priority.clear();
    return {begin(table::ticket_by_priority).add_byte(static_cast<std::uint8_t>(q.filter.priority.front())).str(),
            q.way};
  }
  auto const single = [](std::optional<id_filter> const& f) { return f && !f->none && f->any.size() == 1; };
  if (single(q.filter.sprint)) {
    rest.sprint.reset();
    return {key(q.tenant, table::ticket_by_sprint).add(q.filter.sprint->any.front()).str(), q.way};
  }
  if (single(q.filter.assignee)) {
    rest.assignee.reset();
    return {key(q.tenant, table::ticket_by_assignee).add(q.filter.assignee->any.front()).add(q.project).str(), q.way};
  }
  if (q.filter.status.size() == 1) {
    rest.status.clear();
    return {statuses_of(q.tenant, q.project, q.filter.status.front()).str(), q.way};
  }
  if (q.filter.priority.size() == 1) {
    rest.priority.clear();
    return {begin(table::ticket_by_priority).add_byte(static_cast<std::uint8_t>(q.filter.priority.front())).str(),
            q.way};
  }
  return {begin(table::ticket_by_number).str(), q.way};
}

bool is_empty(ticket_filter const& f) {
  return f.status.empty() && f.category.empty() && f.priority.empty() && !f.assignee && !f.sprint &&
         f.reporter.empty() && f.label.empty() && !f.updated_since && !f.created_since && !f.due_before;
}

} // namespace

bool id_filter::matches(std::optional<uuid> const& id) const noexcept {
  return id ? std::find(any.begin(), any.end(), *id) != any.end() : none;
}

bool ticket_filter::matches(domain::ticket const& t) const {
  return among(status, t.status) && among(category, t.category) && among(priority, t.priority) &&
         (!assignee || assignee->matches(t.assignee_id)) && (!sprint || sprint->matches(t.sprint_id)) &&
         among(reporter, t.reporter_id) &&
         (label.empty() ||
          std::any_of(t.labels.begin(), t.labels.end(), [&](uuid const& id) { return among(label, id); })) &&
         (!updated_since || t.updated_at >= *updated_since) && (!created_since || t.created_at >= *created_since) &&
         (!due_before || (t.due_date && *t.due_date < *due_before));
}

page list_tickets(reader const& state, ticket_query const& q, page_request const& ask) {
  ticket_filter rest = q.filter;
  range const r = range_of(q, rest);
  std::function<bool(std::string_view)> keep;
  // A sprint's index spans no second project, but its id comes from the caller: the project is checked, too.
  bool const check_project = r.prefix.compare(0, 17, key(q.tenant, table::ticket_by_sprint).str()) == 0;
  if (!is_empty(rest) || check_project)
    keep = [&](std::string_view json) {
      auto const t = json::stored<domain::ticket>(json);
      return t.project_id == q.project && rest.matches(t);
    };
  return read_entities(
      state, r, ask,
      [&](std::string_view, std::string_view id) {
        return domain::key_of<domain::ticket>(q.tenant, uuid::from_view(id)).str();
      },
      keep);
}

} // namespace alloy::projections
