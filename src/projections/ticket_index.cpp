#include "projections/ticket_index.hpp"

#include "core/prefix.hpp"

#include <algorithm>

namespace alloy::projections {
namespace {

// The keys a ticket stands under, in a fixed order as far as it has a fixed number of them; labels come last.
std::vector<std::string> keys_of(uuid const& tenant, domain::ticket const& t) {
  auto const place = rank_of(t);
  auto const held = [&](table by, std::optional<uuid> const& value) {
    auto k = value ? holders_of(tenant, by, *value) : without_any(tenant, by, t.project_id);
    return std::move(k.add_bytes(place.view())).str();
  };
  std::vector<std::string> keys;
  keys.reserve(7 + t.labels.size());
  keys.push_back(status_of(tenant, t.project_id, t.status).add_bytes(place.view()).str());
  keys.push_back(priority_of(tenant, t.project_id, t.priority).add_bytes(place.view()).str());
  keys.push_back(
      updates_of(tenant, t.project_id).add(static_cast<std::uint64_t>(t.updated_at.ms)).add_bytes(place.view()).str());
  keys.push_back(held(table::ticket_by_assignee, t.assignee_id));
  keys.push_back(held(table::ticket_by_sprint, t.sprint_id));
  keys.push_back(held(table::ticket_by_reporter, t.reporter_id));
  keys.push_back(t.due_date ? due_on(tenant, *t.due_date).add_bytes(place.view()).str() : std::string());
  for (auto const& label : t.labels) keys.push_back(held(table::ticket_by_label, label));
  return keys;
}

bool among(std::vector<std::string> const& keys, std::string const& one, std::size_t at) {
  return (at < keys.size() && keys[at] == one) || std::find(keys.begin(), keys.end(), one) != keys.end();
}

std::vector<uuid> tickets_of(reader const& state, std::string_view prefix) {
  std::vector<uuid> ids;
  state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
    ids.push_back(rank::at_end_of(k).id());
    return true;
  });
  return ids;
}

} // namespace

void index_ticket(view& state, uuid const& tenant, std::optional<domain::ticket> const& before,
                  std::optional<domain::ticket> const& after) {
  std::vector<std::string> old, now;
  if (before) old = keys_of(tenant, *before);
  if (after) now = keys_of(tenant, *after);
  for (std::size_t i = 0; i < old.size(); ++i)
    if (!old[i].empty() && !among(now, old[i], i)) state.erase(old[i]);
  for (std::size_t i = 0; i < now.size(); ++i)
    if (!now[i].empty() && !among(old, now[i], i)) state.put(now[i], {});
  if (after && (!before || before->project_id != after->project_id))
    state.put(numbers_of(tenant, after->project_id).add(static_cast<std::uint64_t>(after->ticket_number)),
              after->id.view());
}

std::optional<uuid> ticket_by_number(reader const& state, uuid const& tenant, uuid const& project,
                                     std::uint64_t number) {
  std::string id;
  if (!state.get(numbers_of(tenant, project).add(number), id)) return std::nullopt;
  return uuid::from_view(id);
}

std::uint64_t count_tickets(reader const& state, uuid const& tenant, uuid const& project) {
  return count_rows(state, key(tenant, table::ticket_by_status).add(project));
}

std::uint64_t count_status(reader const& state, uuid const& tenant, uuid const& project, std::string_view status) {
  return count_rows(state, status_of(tenant, project, status));
}

std::vector<uuid> tickets_with_status(reader const& state, uuid const& tenant, uuid const& project,
                                      std::string_view status) {
  return tickets_of(state, status_of(tenant, project, status));
}

std::vector<uuid> tickets_in_sprint(reader const& state, uuid const& tenant, uuid const& sprint) {
  return tickets_of(state, holders_of(tenant, table::ticket_by_sprint, sprint));
}

} // namespace alloy::projections
