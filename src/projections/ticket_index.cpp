#include "projections/ticket_index.hpp"

#include "core/prefix.hpp"

#include <algorithm>
#include <array>

namespace alloy::projections {
namespace {

// The keys a ticket stands under; an empty one is an index it is not in.
std::array<std::string, 6> keys_of(uuid const& tenant, domain::ticket const& t) {
  auto const number = static_cast<std::uint64_t>(t.ticket_number);
  std::array<std::string, 6> keys{
      numbers_of(tenant, t.project_id).add(number).str(),
      statuses_of(tenant, t.project_id, t.status).add(number).str(),
      key(tenant, table::ticket_by_updated)
          .add(t.project_id)
          .add(static_cast<std::uint64_t>(t.updated_at.ms))
          .add(number)
          .str(),
      key(tenant, table::ticket_by_priority)
          .add(t.project_id)
          .add_byte(static_cast<std::uint8_t>(t.priority))
          .add(number)
          .str(),
  };
  if (t.assignee_id)
    keys[4] = key(tenant, table::ticket_by_assignee).add(*t.assignee_id).add(t.project_id).add(number).str();
  if (t.sprint_id) keys[5] = key(tenant, table::ticket_by_sprint).add(*t.sprint_id).add(number).str();
  return keys;
}

std::vector<uuid> tickets_of(reader const& state, std::string_view prefix) {
  std::vector<uuid> ids;
  state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view, std::string_view id) {
    ids.push_back(uuid::from_view(id));
    return true;
  });
  return ids;
}

} // namespace

void index_ticket(view& state, uuid const& tenant, std::optional<domain::ticket> const& before,
                  std::optional<domain::ticket> const& after) {
  std::array<std::string, 6> old, now;
  if (before) old = keys_of(tenant, *before);
  if (after) now = keys_of(tenant, *after);
  for (std::size_t i = 0; i < old.size(); ++i) {
    if (old[i] == now[i]) continue;
    if (!old[i].empty()) state.erase(old[i]);
    if (!now[i].empty()) state.put(now[i], after->id.view());
  }
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
  return count_rows(state, statuses_of(tenant, project, status));
}

std::vector<uuid> tickets_with_status(reader const& state, uuid const& tenant, uuid const& project,
                                      std::string_view status) {
  return tickets_of(state, statuses_of(tenant, project, status));
}

std::vector<uuid> tickets_in_sprint(reader const& state, uuid const& tenant, uuid const& sprint) {
  return tickets_of(state, key(tenant, table::ticket_by_sprint).add(sprint));
}

} // namespace alloy::projections
