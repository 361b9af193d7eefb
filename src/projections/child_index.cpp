#include "projections/child_index.hpp"

namespace alloy::projections {

void index_subject(view& state, events::stored_event const& e) {
  if (auto const* made = std::get_if<events::comment_created>(&e.what))
    state.put(comments_of(e.tenant, made->ticket_id).add(e.subject.id), {});
  else if (auto const* gone = std::get_if<events::comment_deleted>(&e.what))
    state.erase(comments_of(e.tenant, gone->ticket_id).add(e.subject.id));
  else if (auto const* sprint = std::get_if<events::sprint_created>(&e.what))
    state.put(sprints_of(e.tenant, sprint->project_id).add(e.subject.id), {});
  else if (auto const* dropped = std::get_if<events::sprint_deleted>(&e.what))
    state.erase(sprints_of(e.tenant, dropped->project_id).add(e.subject.id));
}

} // namespace alloy::projections
