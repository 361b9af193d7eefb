#include "projections/flow.hpp"

#include "domain/terms.hpp"
#include "projections/sprint_changes.hpp"

#include <algorithm>

namespace alloy::projections {
namespace {

using domain::ticket;

key counts_of(uuid const& org, uuid const& project) {
  return key(org, table::flow_count).add(project);
}
key times_of(uuid const& org, uuid const& ticket_id) {
  return key(org, table::flow_ticket).add(ticket_id);
}
key done_on(uuid const& org, uuid const& project, date day) {
  return key(org, table::flow_done).add(project).add(static_cast<std::uint64_t>(day.days));
}

// category u8 | count u64
std::string pack(category c, std::uint64_t count) {
  std::string row(1, static_cast<char>(c));
  append_u64(row, count);
  return row;
}
std::uint64_t count_in(std::string_view row) {
  return big_endian_u64(row.substr(1));
}

void count(view& state, events::stored_event const& e, ticket const& t, date today, std::int64_t more) {
  auto now = counts_of(e.tenant, t.project_id).add(t.status);
  std::string row;
  std::uint64_t const before = state.get(now, row) ? count_in(row) : 0;
  auto const next = pack(t.category, before + static_cast<std::uint64_t>(more));
  state.put(now, next);
  state.put(now.add(static_cast<std::uint64_t>(today.days)), next);
}

struct times {
  std::int64_t started = 0, done = 0; // ms; 0: not yet
  std::int64_t day = 0;               // on which it was done
};
times read_times(reader const& state, uuid const& org, uuid const& id) {
  std::string row;
  if (!state.get(times_of(org, id), row)) return {};
  auto const at = [&](std::size_t n) {
    return static_cast<std::int64_t>(big_endian_u64(std::string_view(row).substr(8 * n)));
  };
  return {at(0), at(1), at(2)};
}

std::string pack(std::initializer_list<std::int64_t> all) {
  std::string row;
  for (auto const ms : all) append_u64(row, static_cast<std::uint64_t>(ms));
  return row;
}

void time_ticket(view& state, events::stored_event const& e, std::optional<ticket> const& before,
                 std::optional<ticket> const& after, date today) {
  auto const& t = after ? *after : *before;
  bool const is_done = after && after->category == category::done && !is_cancelled(state, e.tenant, *after);
  auto const was = read_times(state, e.tenant, t.id);
  auto now = was;
  if (after && after->category == category::in_progress && !now.started) now.started = e.at.ms;
  if (!is_done)
    now.done = now.day = 0;
  else if (!now.done) {
    now.done = e.at.ms;
    now.day = today.days;
  }
  auto const on = [&](uuid const& project, std::int64_t day) {
    return done_on(e.tenant, project, {static_cast<std::int32_t>(day)}).add(t.id);
  };
  if (was.done && before) state.erase(on(before->project_id, was.day));
  if (now.done) state.put(on(after->project_id, now.day), pack({after->created_at.ms, now.started, now.done}));
  if (!after)
    state.erase(times_of(e.tenant, t.id));
  else if (now.started != was.started || now.done != was.done)
    state.put(times_of(e.tenant, t.id), pack({now.started, now.done, now.day}));
}

// The counts of one status in the days of the flow; false where it had no ticket in them.
bool read_counts(reader const& state, std::string const& prefix, std::string const& status, flow& f) {
  std::int64_t known = 0;
  bool any = false;
  auto until = prefix, from = prefix, to = prefix;
  append_u64(until, static_cast<std::uint64_t>(f.from.days));
  state.scan(prefix + '\0', until, direction::descending, [&](std::string_view, std::string_view v) {
    known = static_cast<std::int64_t>(count_in(v));
    return false;
  });
  std::map<std::int32_t, std::int64_t> changed;
  append_u64(from, static_cast<std::uint64_t>(f.from.days));
  append_u64(to, static_cast<std::uint64_t>(f.to.days) + 1);
  state.scan(from, to, direction::ascending, [&](std::string_view k, std::string_view v) {
    changed[static_cast<std::int32_t>(big_endian_u64(k.substr(prefix.size())))] =
        static_cast<std::int64_t>(count_in(v));
    return true;
  });
  for (auto& day : f.days) {
    if (auto const at = changed.find(day.date.days); at != changed.end()) known = at->second;
    day.counts[status] = known;
    any = any || known != 0;
  }
  return any;
}

void read_spreads(reader const& state, uuid const& org, flow& f) {
  std::vector<std::int64_t> lead, cycle;
  auto const from = done_on(org, f.project_id, f.from), to = done_on(org, f.project_id, {f.to.days + 1});
  state.scan(from, to, direction::ascending, [&](std::string_view, std::string_view v) {
    auto const ms = [&](std::size_t n) { return static_cast<std::int64_t>(big_endian_u64(v.substr(8 * n))); };
    lead.push_back((ms(2) - ms(0)) / 1000);
    if (ms(1)) cycle.push_back((ms(2) - ms(1)) / 1000);
    return true;
  });
  f.lead_time = spread_of(std::move(lead));
  f.cycle_time = spread_of(std::move(cycle));
}

} // namespace

void index_flow(view& state, events::stored_event const& e, std::optional<ticket> const& before,
                std::optional<ticket> const& after) {
  bool const same = before && after && before->project_id == after->project_id && before->status == after->status &&
                    before->category == after->category;
  if (same && !std::holds_alternative<events::ticket_status_changed>(e.what)) return;
  date const today = domain::day_of(state, e.tenant, e.at);
  if (before) count(state, e, *before, today, -1);
  if (after) count(state, e, *after, today, 1);
  time_ticket(state, e, before, after, today);
}

spread spread_of(std::vector<std::int64_t> seconds) {
  spread s;
  s.count = static_cast<std::int64_t>(seconds.size());
  if (seconds.empty()) return s;
  std::sort(seconds.begin(), seconds.end());
  auto const rank = [&](std::size_t percent) { return seconds[(seconds.size() * percent + 99) / 100 - 1]; };
  s.p50_seconds = rank(50);
  s.p85_seconds = rank(85);
  s.p95_seconds = rank(95);
  return s;
}

flow read_flow(reader const& state, domain::org const& o, domain::project const& p, date from, date to, date today) {
  flow f{p.id, from, to, o.time_zone, {}, {}, {}, {}};
  for (date d = from; d <= std::min(to, today); ++d.days) f.days.push_back({d, {}});
  auto const all = counts_of(o.id, p.id).str();
  if (auto const w = domain::find<domain::workflow>(state, o.id, p.workflow_id))
    for (auto const& s : w->statuses) {
      f.statuses.push_back({s.name, s.category});
      read_counts(state, all + s.name + '\0', s.name, f);
    }
  auto const rows = state.cursor(all, after_prefix(all), direction::ascending);
  for (rows->seek(all); rows->valid();) {
    auto const column = rows->key().substr(all.size());
    std::string const status(column.substr(0, column.find('\0')));
    auto const kept = static_cast<category>(rows->value().front());
    auto const known = [&](flow_status const& s) { return s.status == status; };
    auto const prefix = all + status + '\0';
    if (std::none_of(f.statuses.begin(), f.statuses.end(), known)) {
      if (read_counts(state, prefix, status, f))
        f.statuses.push_back({status, kept});
      else
        for (auto& day : f.days) day.counts.erase(status);
    }
    rows->seek(after_prefix(prefix));
  }
  read_spreads(state, o.id, f);
  return f;
}

} // namespace alloy::projections
