#include "projections/fold.hpp"

#include "domain/entities.hpp"
#include "domain/event_rules.hpp"
#include "domain/evolve.hpp"
#include "events/ledger.hpp"
#include "projections/child_index.hpp"
#include "projections/flow.hpp"
#include "projections/history.hpp"
#include "projections/sprint_changes.hpp"
#include "projections/ticket_homes.hpp"
#include "projections/ticket_index.hpp"
#include "projections/time_index.hpp"

#include <stdexcept>

namespace alloy::projections {

namespace {

key folded_key() {
  return key(identity_tenant, table::folded);
}

// Version, position, the latest time, and where the run of older records begins that it ends with (0: with none).
struct folded_row {
  std::uint64_t version = state_version, position = 0, latest_ms = 0, run = 0;
};

folded_row read_folded(reader const& state) {
  folded_row r;
  std::string bytes;
  if (!state.get(folded_key(), bytes) || bytes.size() < 16) return r;
  r.version = big_endian_u64(bytes);
  r.position = big_endian_u64(std::string_view(bytes).substr(8));
  if (bytes.size() < 32) return r; // of a version before
  r.latest_ms = big_endian_u64(std::string_view(bytes).substr(16));
  r.run = big_endian_u64(std::string_view(bytes).substr(24));
  return r;
}

} // namespace

std::uint64_t folded_position(reader const& state) {
  return read_folded(state).position;
}

timestamp latest_time(reader const& state) {
  return {static_cast<std::int64_t>(read_folded(state).latest_ms)};
}

std::uint64_t before_older_run(reader const& state, std::uint64_t position) {
  auto const runs = key(identity_tenant, table::older_run);
  std::uint64_t rising = position;
  state.scan(runs, key(runs).add(position + 1), direction::descending, [&](std::string_view k, std::string_view last) {
    if (big_endian_u64(last) >= position) rising = big_endian_u64(k.substr(runs.str().size())) - 1;
    return false;
  });
  return rising;
}

bool is_folded(reader const& state, std::uint64_t log_head) {
  auto const [version, position, latest, run] = read_folded(state);
  if (position > log_head)
    throw std::runtime_error("the state is folded up to position " + std::to_string(position) +
                             ", but the log's head is " + std::to_string(log_head) + ": the log has lost records");
  return version == state_version && position == log_head;
}

namespace {

void fold_chain(view& state, events::record const& r, std::string_view bytes) {
  auto now_is = read_folded(state);
  auto const first = r.events.front().position, last = r.events.back().position;
  if (auto const at = static_cast<std::uint64_t>(r.head.at.ms); at >= now_is.latest_ms) {
    now_is.latest_ms = at;
    now_is.run = 0;
  } else {
    if (now_is.run == 0) now_is.run = first;
    std::string end;
    append_u64(end, last);
    state.put(key(identity_tenant, table::older_run).add(now_is.run), end);
  }
  std::string folded;
  for (auto const n : {std::uint64_t{state_version}, last, now_is.latest_ms, now_is.run}) append_u64(folded, n);
  state.put(folded_key(), folded);
  events::fold_record(state, r.head.tenant, r.head.tenant_seq, r.events.front().position, r.crc, bytes);
}

void fold_event(view& state, events::stored_event const& e, std::uint64_t last_of_record) {
  index_history(state, e);
  index_home(state, e, last_of_record);
  if (e.subject.kind == entity::ticket) {
    auto const before = std::holds_alternative<events::ticket_created>(e.what)
                            ? std::nullopt
                            : domain::find<domain::ticket>(state, e.tenant, e.subject.id);
    domain::evolve(state, e);
    auto const after = domain::find<domain::ticket>(state, e.tenant, e.subject.id);
    index_ticket(state, e.tenant, before, after);
    index_sprint_change(state, e, before, after);
    index_flow(state, e, before, after);
  } else if (e.subject.kind == entity::time_entry) {
    auto const before = domain::find<domain::time_entry>(state, e.tenant, e.subject.id);
    domain::evolve(state, e);
    index_time_entry(state, e.tenant, before, domain::find<domain::time_entry>(state, e.tenant, e.subject.id),
                     e.position);
  } else {
    domain::evolve(state, e);
    index_subject(state, e);
  }
}

// What still counts on a thing that an event takes away.
result<> check_unused(reader const& state, events::stored_event const& e) {
  auto const& [kind, id] = e.subject;
  bool used = false;
  if (std::holds_alternative<events::project_deleted>(e.what))
    used = count_tickets(state, e.tenant, id) > 0 || count_time_of_project(state, e.tenant, id) > 0;
  if (std::holds_alternative<events::sprint_deleted>(e.what)) used = !tickets_in_sprint(state, e.tenant, id).empty();
  if (!used) return {};
  return error(errc::validation_failed, "the event: what it deletes is in use");
}

} // namespace

void fold(view& state, events::record const& r, std::string_view bytes) {
  fold_chain(state, r, bytes);
  for (auto const& e : r.events) fold_event(state, e, r.events.back().position);
}

result<> fold_foreign(view& state, events::record const& r, std::string_view bytes) {
  fold_chain(state, r, bytes);
  for (auto const& e : r.events) {
    if (auto good = domain::check_foreign(state, e); !good) return good;
    if (auto good = check_unused(state, e); !good) return good;
    fold_event(state, e, r.events.back().position);
  }
  return {};
}

} // namespace alloy::projections
