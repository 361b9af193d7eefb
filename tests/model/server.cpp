#include "tests/model/server.hpp"

#include "domain/entities.hpp"
#include "events/ledger.hpp"
#include "projections/fold.hpp"
#include "storage/overlay.hpp"
#include "tests/model/doors.hpp"
#include "tests/support/decider.hpp"

#include <algorithm>

namespace alloy::model {

uuid org_id() {
  return tests::id_of(1);
}

uuid id_of(entity kind, number n) {
  unsigned const of = kind == entity::member ? static_cast<unsigned>(entity::user) : static_cast<unsigned>(kind);
  return tests::id_of((of + 1) * 10'000 + n);
}

void record_log::keep(events::stored_record r) {
  head_ = r.first + r.count - 1;
  records_.push_back(std::move(r));
}

std::vector<events::appended> record_log::append(std::span<events::new_record const>, storage::transaction&) {
  throw std::logic_error("this log has no store");
}

std::vector<events::stored_record> record_log::read(events::position from, std::size_t records_max) const {
  auto const after = std::ranges::upper_bound(records_, from, {}, &events::stored_record::first);
  if (from > head_ || after == records_.begin()) return {};
  auto const first = std::prev(after);
  auto const left = static_cast<std::size_t>(records_.end() - first);
  return {first, first + static_cast<std::ptrdiff_t>(std::min(left, records_max))};
}

server::server() : at_{oracle().clock()} {
  for (number n = 0; n < users; ++n) { // all of them can log in
    domain::user u;
    u.id = id_of(entity::user, n);
    u.password_hash = "hash";
    domain::put(state_, identity_tenant, u);
  }
  domain::facts all;
  domain::record(all, org_id(), entity::org, org_id(), events::org_created{"Acme", "acme", "UTC", "USD"});
  for (auto const& [n, rank] : {std::pair{0U, role::Owner}, {1U, role::Member}, {2U, role::Reporter}}) {
    auto const user = id_of(entity::user, n);
    domain::record(all, org_id(), entity::member, user, events::member_added{user, rank, rank == role::Owner, {}});
  }
  events::workflow_created w;
  w.name = "Default";
  w.statuses = *workflow_of({verb::create_workflow}).statuses;
  domain::record(all, org_id(), entity::workflow, id_of(entity::workflow, 0), w);
  events::project_created p;
  p.key = p.name = project_key(0);
  p.workflow_id = id_of(entity::workflow, 0);
  domain::record(all, org_id(), entity::project, id_of(entity::project, 0), p);
  commit(all);
}

outcome server::take(command const& c) {
  at_.ms += c.ms;
  ++taken_;
  auto const d = c.what == verb::undo ? undo(c) : decide(c);
  if (!d) {
    reason_ = d.error().detail;
    for (auto const& f : d.error().faults) reason_ += " " + f.pointer + " " + f.code;
    return {d.error().code, false, false};
  }
  if (!d->events.empty()) commit(d->events);
  return {std::nullopt, !d->events.empty(), !d->warning.empty()};
}

result<domain::decision> server::decide(command const& c) {
  auto const user = id_of(entity::user, c.who % users);
  auto const m = domain::find<domain::member>(state_, org_id(), user);
  if (!m && c.what != verb::accept_invite) return error(errc::not_found, "he is no member");
  domain::context const by{at_, user, m ? m->role : role::Viewer,
                           [this] { return id_of(entity::comment, comments + taken_); }};
  return decide_at(state_, c, by);
}

result<domain::decision> server::undo(command const& c) {
  auto const back = steps_back(c);
  if (back + 1 >= moments_.size()) return error(errc::not_found, "so many commands there were not");
  auto const which = moments_.size() - 1 - back;
  auto const stored = log_.read(moments_[which].position, 1).front();
  auto const record = events::decode_record(stored.first, stored.bytes);
  auto const then = past(which - 1);
  storage::overlay rehearsal(state_);
  domain::context const by{at_, id_of(entity::user, 0), role::Owner, {}};
  auto undone = domain::take_back(
      rehearsal, record.events, [&](events::subject const& s) { return then.carrier(org_id(), s); }, by);
  if (!undone.reasons.empty()) return error(errc::cannot_undo, undone.reasons.front());
  return domain::decision{std::move(undone.events), {}};
}

void server::commit(domain::facts const& all) {
  auto const chain = events::head_of(state_, org_id());
  std::vector<events::encoded_event> encoded;
  for (auto const& f : all) encoded.push_back({tests::id_of(++ids_), &f});
  events::stored_record r{log_.head() + 1, static_cast<std::uint32_t>(all.size()), {}};
  r.bytes = events::encode_record({org_id(), chain.seq + 1, tests::id_of(++ids_), at_, {}, "r", 0}, encoded, chain.crc);
  projections::fold(state_, events::decode_record(r.first, r.bytes), r.bytes);
  log_.keep(std::move(r));
  moments_.push_back({log_.head(), at_});
}

} // namespace alloy::model
