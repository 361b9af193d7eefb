#include "projections/time_index.hpp"

#include <limits>

#include "core/prefix.hpp"

namespace alloy::projections {
namespace {

using domain::time_entry;

// flags u8 | position u64 | minutes u16 | user, project, ticket, team (nil: none) | adjusts, 0 | activity
constexpr std::size_t flags_at = 0, position_at = 1, minutes_at = 9, ids_at = 11, texts_at = ids_at + 4 * 16;

std::string pack(time_entry const& e, std::uint64_t position, bool gone) {
  std::string row;
  auto const phase_bits = e.development_phase ? static_cast<unsigned>(*e.development_phase) + 1 : 0U;
  row += static_cast<char>((gone ? 1U : 0U) | static_cast<unsigned>(e.status) << 1 |
                           static_cast<unsigned>(e.capitalization_type) << 3 | phase_bits << 4);
  append_u64(row, position);
  row += static_cast<char>(e.minutes >> 8);
  row += static_cast<char>(e.minutes & 0xff);
  for (auto const& id : {e.user_id, e.project_id, e.ticket_id, e.team_id.value_or(uuid{})}) row += id.view();
  row += e.adjusts.value_or("");
  row += '\0';
  row += e.activity.value_or("");
  return row;
}

time_row unpack(std::string_view row) {
  time_row r;
  auto const flags = static_cast<unsigned char>(row.at(flags_at));
  r.gone = flags & 1U;
  r.status = static_cast<time_status>(flags >> 1 & 3U);
  r.type = static_cast<capitalization>(flags >> 3 & 1U);
  if (auto const bits = flags >> 4 & 3U) r.development_phase = static_cast<phase>(bits - 1);
  r.position = big_endian_u64(row.substr(position_at));
  r.minutes = static_cast<unsigned char>(row.at(minutes_at)) << 8 | static_cast<unsigned char>(row.at(minutes_at + 1));
  auto const id = [&](std::size_t n) { return uuid::from_view(row.substr(ids_at + n * 16, 16)); };
  r.user_id = id(0);
  r.project_id = id(1);
  r.ticket_id = id(2);
  if (auto const team = id(3); !team.is_nil()) r.team_id = team;
  auto const texts = row.substr(texts_at);
  auto const end = texts.find('\0');
  r.adjusts = texts.substr(0, end);
  r.activity = texts.substr(end + 1);
  return r;
}

template <class F> void each_place(uuid const& org, time_entry const& e, F f) {
  auto const at = when_of(e);
  f(time_of(org, table::time_by_user, e.user_id).add_bytes(at));
  f(time_of(org, table::time_by_ticket, e.ticket_id).add_bytes(at));
  f(time_in_status(org, e.status).add_bytes(at));
}
template <class F> void each_counted_place(uuid const& org, time_entry const& e, F f) {
  auto const at = when_of(e);
  f(time_by_day(org).add_bytes(at));
  f(time_of(org, table::time_by_project, e.project_id).add_bytes(at));
}

} // namespace

when read_when(std::string_view end_of_key) {
  return {{static_cast<std::int32_t>(big_endian_u64(end_of_key))},
          {static_cast<std::int64_t>(big_endian_u64(end_of_key.substr(8)))},
          uuid::from_view(end_of_key.substr(16))};
}

std::string place_of(when const& w) {
  std::string at;
  append_u64(at, static_cast<std::uint64_t>(w.day.days));
  append_u64(at, static_cast<std::uint64_t>(w.created_at.ms));
  at += w.id.view();
  return at;
}

std::string when_of(time_entry const& e) {
  return place_of({e.date, e.created_at, e.id});
}

void index_time_entry(view& state, uuid const& tenant, std::optional<time_entry> const& before,
                      std::optional<time_entry> const& after, std::uint64_t position) {
  if (before) {
    each_place(tenant, *before, [&](key const& k) { state.erase(k); });
    if (!after || when_of(*before) != when_of(*after))
      each_counted_place(tenant, *before, [&](key const& k) { state.put(k, pack(*before, position, true)); });
  }
  if (after) {
    each_place(tenant, *after, [&](key const& k) { state.put(k, {}); });
    each_counted_place(tenant, *after, [&](key const& k) { state.put(k, pack(*after, position, false)); });
  }
}

void each_time_entry(reader const& state, past const* then, uuid const& org, std::optional<uuid> const& project,
                     date first, date last, time_visitor const& visit) {
  auto const prefix = (project ? time_of(org, table::time_by_project, *project) : time_by_day(org)).str();
  auto from = prefix, to = prefix;
  append_u64(from, static_cast<std::uint64_t>(first.days));
  append_u64(to, static_cast<std::uint64_t>(last.days) + 1);
  state.scan(from, to, direction::ascending, [&](std::string_view k, std::string_view v) {
    auto const at = read_when(k.substr(k.size() - when_bytes));
    auto row = unpack(v);
    if (!then || row.position <= then->position()) {
      if (!row.gone) visit(at, row);
      return true;
    }
    auto const stored = then->row(org, entity::time_entry, at.id);
    if (!stored) return true;
    auto const e = json::stored<time_entry>(domain::row::json_of(*stored));
    if (e.date != at.day) return true; // it is met on its day of then
    auto const packed = pack(e, then->position(), false);
    visit(at, unpack(packed));
    return true;
  });
}

std::uint64_t count_time_of_project(reader const& state, uuid const& org, uuid const& project) {
  std::uint64_t count = 0;
  each_time_entry(state, nullptr, org, project, {0}, {std::numeric_limits<std::int32_t>::max() - 1},
                  [&](when const&, time_row const&) { ++count; });
  return count;
}

std::int64_t minutes_of_project(reader const& state, uuid const& org, uuid const& project, date first, date last) {
  std::int64_t minutes = 0;
  each_time_entry(state, nullptr, org, project, first, last,
                  [&](when const&, time_row const& row) { minutes += row.minutes; });
  return minutes;
}

} // namespace alloy::projections
