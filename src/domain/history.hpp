#pragma once
// Where a thing's own events are in the log. Rows: kind, id, position of the event, u64be -> nothing; they outlive the
// thing. What is said about a ticket (its comments) stands in the ticket's history, too. Values.
#include "core/error.hpp"
#include "domain/entities.hpp"

namespace alloy::domain {

inline key history_of(uuid const& tenant, entity kind, uuid const& id) {
  return key(tenant, table::history).add_byte(static_cast<std::uint8_t>(kind)).add(id);
}

inline bool has_history(reader const& state, uuid const& tenant, entity kind, uuid const& id) {
  auto const prefix = history_of(tenant, kind, id);
  bool found = false;
  state.scan(prefix, after_prefix(prefix), direction::ascending,
             [&](std::string_view, std::string_view) { return found = true, false; });
  return found;
}

// Whether a new thing may have the id that its maker chose. One that was deleted keeps its id: its history goes on
// under it. The nil UUID means none in many places, so nothing has it.
template <class E>
result<> check_id(reader const& state, uuid const& tenant, entity kind, std::optional<uuid> const& id) {
  if (id && (id->is_nil() || state.has(key_of<E>(tenant, *id)) || has_history(state, tenant, kind, *id)))
    return error(errc::already_exists, "this id is taken");
  return {};
}

} // namespace alloy::domain
