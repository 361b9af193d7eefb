#include "projections/fold.hpp"

#include "domain/entities.hpp"
#include "domain/event_rules.hpp"
#include "domain/evolve.hpp"
#include "events/ledger.hpp"
#include "projections/flow.hpp"
#include "projections/history.hpp"
#include "projections/sprint_changes.hpp"
#include "projections/subject_index.hpp"
#include "projections/ticket_index.hpp"
#include "projections/time_index.hpp"

#include <stdexcept>

namespace alloy::projections {

namespace {

key folded_key() {
  return key(identity_tenant, table::folded);
}

} // namespace

std::uint64_t folded_position(reader const& state) {
  std::string row;
  return state.get(folded_key(), row) && row.size() == 16 ? big_endian_u64(std::string_view(row).substr(8)) : 0;
}

bool is_folded(reader const& state, std::uint64_t log_head) {
  std::string row;
  bool const there = state.get(folded_key(), row) && row.size() == 16;
  std::uint64_t const version = there ? big_endian_u64(row) : state_version;
  std::uint64_t const position = folded_position(state);
  if (position > log_head)
    throw std::runtime_error("the state is folded up to position " + std::to_string(position) +
                             ", but the log's head is " + std::to_string(log_head) + ": the log has lost records");
  return version == state_version && position == log_head;
}

namespace {

void fold_chain(view& state, events::record const& r, std::string_view bytes) {
  std::string folded;
  append_u64(folded, state_version);
  append_u64(folded, r.events.back().position);
  state.put(folded_key(), folded);
  events::fold_record(state, r.head.tenant, r.head.tenant_seq, r.events.front().position, r.crc, bytes);
}

void fold_event(view& state, events::stored_event const& e) {
  index_history(state, e);
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
  for (auto const& e : r.events) fold_event(state, e);
}

result<> fold_foreign(view& state, events::record const& r, std::string_view bytes) {
  fold_chain(state, r, bytes);
  for (auto const& e : r.events) {
    if (auto good = domain::check_foreign(state, e); !good) return good;
    if (auto good = check_unused(state, e); !good) return good;
    fold_event(state, e);
  }
  return {};
}

} // namespace alloy::projections
