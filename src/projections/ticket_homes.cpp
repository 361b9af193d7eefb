#include "projections/ticket_homes.hpp"

#include "core/key.hpp"

namespace alloy::projections {
namespace {

std::optional<uuid> project_entered(events::event const& e) {
  if (auto const* t = std::get_if<events::ticket_created>(&e)) return t->project_id;
  if (auto const* t = std::get_if<events::ticket_updated>(&e); t && t->changes.project_id)
    return t->changes.project_id.value->to;
  return std::nullopt;
}

key homes_of(uuid const& tenant, uuid const& ticket) {
  return key(tenant, table::ticket_home).add(ticket);
}

} // namespace

void index_home(view& state, events::stored_event const& e, std::uint64_t last_of_record) {
  auto const project = project_entered(e.what);
  if (!project) return;
  std::string row(project->view());
  append_u64(row, last_of_record);
  state.put(homes_of(e.tenant, e.subject.id).add(e.position), row);
}

ticket_homes homes_at(reader const& state, uuid const& tenant, uuid const& ticket, std::uint64_t position) {
  auto const homes = homes_of(tenant, ticket);
  ticket_homes found;
  state.scan(homes, key(homes).add(position + 1), direction::descending, [&](std::string_view, std::string_view row) {
    auto& next = found.then ? found.before : found.then;
    next = ticket_home{uuid::from_view(row.substr(0, 16)), big_endian_u64(row.substr(16))};
    return !found.before;
  });
  return found;
}

std::uint64_t next_home_after(reader const& state, uuid const& tenant, uuid const& ticket, std::uint64_t position) {
  auto const homes = homes_of(tenant, ticket);
  std::uint64_t next = 0;
  state.scan(key(homes).add(position + 1), after_prefix(homes), direction::ascending,
             [&](std::string_view k, std::string_view) {
               next = big_endian_u64(k.substr(homes.str().size()));
               return false;
             });
  return next;
}

} // namespace alloy::projections
