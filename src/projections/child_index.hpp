#pragma once
// Which things belong to which: comments of a ticket, sprints of a project. Rows: owner, id -> nothing; ids of one
// owner sort by creation because they are UUIDv7 (a client's own id sorts where it falls, which is as stable).
#include "core/key.hpp"
#include "core/view.hpp"
#include "events/envelope.hpp"

namespace alloy::projections {

inline key comments_of(uuid const& tenant, uuid const& ticket) {
  return key(tenant, table::comment_by_ticket).add(ticket);
}
inline key sprints_of(uuid const& tenant, uuid const& project) {
  return key(tenant, table::sprint_by_project).add(project);
}

void index_subject(view& state, events::stored_event const& e);

} // namespace alloy::projections
