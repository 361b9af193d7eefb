#include "projections/ticket_homes.hpp"

#include "projections/history.hpp"

#include <algorithm>

namespace alloy::projections {
namespace {

constexpr std::size_t tickets_max = 1'000; // that are remembered

std::optional<uuid> entered(events::event const& e) {
  if (auto const* t = std::get_if<events::ticket_created>(&e)) return t->project_id;
  if (auto const* t = std::get_if<events::ticket_updated>(&e); t && t->changes.project_id)
    return t->changes.project_id.value->to;
  return std::nullopt;
}

} // namespace

void ticket_homes::read_on(remembered& r, uuid const& ticket) {
  for (auto const& e : read_history(state_, log_, tenant_, entity::ticket, ticket, r.known_to, log_.head())) {
    r.known_to = e.position;
    if (e.subject.kind != entity::ticket) continue; // a comment on it
    if (auto const project = entered(e.what)) {
      r.stays.push_back({*project, e.position, e.position});
      r.is_arriving = true;
    } else if (r.is_arriving = r.is_arriving && e.continues; r.is_arriving) {
      r.stays.back().settled = e.position;
    }
  }
}

std::vector<ticket_homes::stay> ticket_homes::up_to(uuid const& ticket, std::uint64_t position) {
  if (known_.size() >= tickets_max && !known_.contains(ticket)) known_.clear();
  auto& r = known_[ticket];
  if (position > r.known_to) read_on(r, ticket);
  auto const later = std::ranges::upper_bound(r.stays, position, {}, &stay::since);
  return {r.stays.begin(), later};
}

} // namespace alloy::projections
