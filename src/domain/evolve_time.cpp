#include "domain/fold_steps.hpp"
#include "domain/labor_rates.hpp"
#include "domain/periods.hpp"
#include "domain/tags.hpp"
#include "domain/time_entries.hpp"
#include "events/ledger.hpp"

namespace alloy::domain {

using events::envelope;

namespace {

void count_minutes(view& state, time_entry const& e, std::int64_t more) {
  auto const where = time_of_day(e.org_id, e.user_id, e.date);
  std::string stored;
  std::int64_t const before = state.get(where, stored) ? static_cast<std::int64_t>(big_endian_u64(stored)) : 0;
  std::string next;
  append_u64(next, static_cast<std::uint64_t>(before + more));
  before + more == 0 ? state.erase(where) : state.put(where, next);
}

// The record that is being folded, as its organization counts: the chain is folded before the events.
std::uint64_t seq_of(reader const& state, envelope const& at) {
  return events::head_of(state, at.tenant).seq;
}

} // namespace

void on(view& state, events::time_entry_logged const& e, envelope const& at) {
  auto t = created<time_entry>(at, e);
  t.org_id = at.tenant;
  t.hours.minutes = t.minutes;
  put(state, at.tenant, t);
  count_minutes(state, t, t.minutes);
}
void on(view& state, events::time_entry_updated const& e, envelope const& at) {
  update<time_entry>(state, at, [&](time_entry& t) {
    count_minutes(state, t, -t.minutes);
    apply(t, e.changes);
    t.hours.minutes = t.minutes;
    t.status = time_status::Draft;
    count_minutes(state, t, t.minutes);
  });
}
void on(view& state, events::time_entry_submitted const&, envelope const& at) {
  update<time_entry>(state, at, [&](time_entry& t) {
    t.status = time_status::Submitted;
    t.submitted_at = at.at;
    t.reason.reset();
  });
}
void on(view& state, events::time_entry_approved const& e, envelope const& at) {
  update<time_entry>(state, at, [&](time_entry& t) {
    t.status = time_status::Approved;
    t.approved_by = at.actor.user_id;
    t.approved_at = at.at;
    t.self_approved = e.self_approved;
  });
}
void on(view& state, events::time_entry_rejected const& e, envelope const& at) {
  update<time_entry>(state, at, [&](time_entry& t) {
    t.status = time_status::Rejected;
    t.reason = e.reason;
  });
}
void on(view& state, events::time_entry_reopened const& e, envelope const& at) {
  update<time_entry>(state, at, [&](time_entry& t) {
    t.status = time_status::Draft;
    t.reason = e.reason;
    t.submitted_at.reset();
    t.approved_by.reset();
    t.approved_at.reset();
    t.self_approved = false;
  });
}
void on(view& state, events::time_entry_deleted const&, envelope const& at) {
  auto const t = found<time_entry>(state, at, at.subject.id);
  drop_tags(state, at.tenant, entity::time_entry, t.id, t.created_at);
  count_minutes(state, t, -t.minutes);
  state.erase(key_of<time_entry>(at.tenant, t.id));
}

void on(view& state, events::labor_rate_set const& e, envelope const& at) {
  auto r = created<labor_rate>(at, e);
  r.org_id = at.tenant;
  r.set_by = at.actor.user_id;
  put(state, at.tenant, r);
  std::string value;
  append_u64(value, static_cast<std::uint64_t>(r.hourly_rate_cents));
  value += r.id.view();
  state.put(
      rates_of(at.tenant, r.user_id).add(static_cast<std::uint64_t>(r.effective_from.days)).add(seq_of(state, at)),
      value);
}

void on(view& state, events::period_closed const& e, envelope const& at) {
  auto const where = period_key(at.tenant, e.month);
  auto p = created<period>(at, e);
  if (auto const before = find_at<period>(state, where)) {
    p.created_at = before->created_at;
    p.version = before->version + 1;
  }
  p.org_id = at.tenant;
  // Of schema 1: its report was that of the position right before.
  if (auto const seq = seq_of(state, at); !p.report_seq && seq > 0) p.report_seq = seq - 1;
  p.status = period_status::Closed;
  p.closed_by = at.actor.user_id;
  p.closed_at = at.at;
  put_at(state, where, p);
}
void on(view& state, events::period_reopened const& e, envelope const& at) {
  auto const where = period_key(at.tenant, e.month);
  auto p = find_at<period>(state, where);
  if (!p) absent(at);
  p->status = period_status::Reopened;
  p->reopened_by = at.actor.user_id;
  p->reopened_at = at.at;
  p->reason = e.reason;
  p->updated_at = at.at;
  ++p->version;
  put_at(state, where, *p);
}

} // namespace alloy::domain
