#include "projections/sprint_changes.hpp"

namespace alloy::projections {
namespace {

using domain::ticket;

constexpr std::size_t at_at = 1, points_at = 9, id_at = 17, reference_at = 33;

key changes_of(uuid const& org, uuid const& sprint) {
  return key(org, table::sprint_change).add(sprint);
}

void put(view& state, events::stored_event const& e, uuid const& sprint, ticket const& t, bool inside) {
  work const now = t.category != category::done       ? work::open
                   : is_cancelled(state, e.tenant, t) ? work::cancelled
                                                      : work::done;
  std::string row;
  row += static_cast<char>((inside ? 1U : 0U) | static_cast<unsigned>(now) << 1 | (t.estimate_points ? 8U : 0U));
  append_u64(row, static_cast<std::uint64_t>(e.at.ms));
  append_u64(row, static_cast<std::uint64_t>(t.estimate_points ? t.estimate_points->hundredths : 0));
  row += t.id.view();
  row += t.reference;
  state.put(changes_of(e.tenant, sprint).add(e.position), row);
}

// What a chart could see of it.
bool stands_otherwise(ticket const& before, ticket const& after) {
  bool const was_done = before.category == category::done, is_done = after.category == category::done;
  return was_done != is_done || (is_done && before.status != after.status) ||
         before.estimate_points != after.estimate_points;
}

} // namespace

bool is_cancelled(reader const& state, uuid const& org, ticket const& t) {
  if (t.category != category::done) return false;
  auto const p = domain::find<domain::project>(state, org, t.project_id);
  auto const w = p ? domain::find<domain::workflow>(state, org, p->workflow_id) : std::nullopt;
  auto const* const s = w ? w->find(t.status) : nullptr;
  return t.status == "Cancelled" || (s && s->cancels);
}

void index_sprint_change(view& state, events::stored_event const& e, std::optional<ticket> const& before,
                         std::optional<ticket> const& after) {
  auto const from = before ? before->sprint_id : std::nullopt, to = after ? after->sprint_id : std::nullopt;
  if (from && from != to) put(state, e, *from, after ? *after : *before, false);
  bool const same_event_in_place = std::holds_alternative<events::ticket_status_changed>(e.what) && before && after &&
                                   before->status == after->status; // its status means something else now
  if (to && (from != to || stands_otherwise(*before, *after) || same_event_in_place)) put(state, e, *to, *after, true);
}

std::vector<sprint_change> read_sprint_changes(reader const& state, uuid const& org, uuid const& sprint,
                                               std::uint64_t until) {
  std::vector<sprint_change> all;
  auto const prefix = changes_of(org, sprint).str();
  auto end = prefix;
  append_u64(end, until);
  end += '\0';
  state.scan(prefix, end, direction::ascending, [&](std::string_view k, std::string_view v) {
    auto& c = all.emplace_back();
    auto const flags = static_cast<unsigned char>(v.at(0));
    c.position = big_endian_u64(k.substr(prefix.size()));
    c.at.ms = static_cast<std::int64_t>(big_endian_u64(v.substr(at_at)));
    c.points = static_cast<std::int64_t>(big_endian_u64(v.substr(points_at)));
    c.ticket_id = uuid::from_view(v.substr(id_at, 16));
    c.reference = v.substr(reference_at);
    c.inside = flags & 1U;
    c.state = static_cast<work>(flags >> 1 & 3U);
    c.estimated = flags & 8U;
    return true;
  });
  return all;
}

} // namespace alloy::projections
