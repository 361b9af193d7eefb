#include "tests/reports/ledger.hpp"

#include "events/ledger.hpp"

namespace alloy::projections {

using namespace domain;
using tests::id_of;

ledger::ledger() {
  facts all;
  record(all, org(), entity::org, org(), events::org_created{"Acme", "acme", "UTC", "USD"});
  record(all, org(), entity::workflow, id_of(2), default_workflow());
  for (unsigned n = 0; n < users; ++n)
    record(all, org(), entity::member, user(n), events::member_added{user(n), role::Admin, false, {}});
  for (unsigned n = 0; n < teams; ++n)
    record(all, org(), entity::team, team(n), events::team_created{"Team " + std::to_string(n), {}});
  record(all, org(), entity::team, team(0), events::team_member_added{user(0)});
  record(all, org(), entity::team, team(1), events::team_member_added{user(1)});
  for (unsigned n = 0; n < projects; ++n) {
    events::project_created p;
    p.key = "P" + std::to_string(n);
    p.name = "Project " + std::to_string(n);
    p.workflow_id = id_of(2);
    p.capitalization_type = n == 1 ? capitalization::Opex : capitalization::Capex;
    if (n) p.cost_center_id = "CC-" + std::to_string(n);
    record(all, org(), entity::project, project(n), p);
    events::ticket_created t;
    t.project_id = project(n);
    t.ticket_number = 1;
    t.reference = p.key + "-1";
    t.title = "Work";
    t.status = "Backlog";
    t.reporter_id = user(0);
    record(all, org(), entity::ticket, ticket(n), t);
  }
  commit(all);
}

ledger::ledger(events::log const& of) {
  for (auto const& stored : of.read(1, of.head()))
    fold(state, events::decode_record(stored.first, stored.bytes), stored.bytes);
}

context ledger::by(unsigned who) {
  return {at_, user(who), role::Admin, [this] { return id_of(++last_id_); }};
}

void ledger::take(ledger_step const& s) {
  at_.ms += s.much % 3;
  if (auto const d = decide_one(s)) {
    for (auto const& e : d->events)
      if (std::holds_alternative<events::time_entry_logged>(e.what)) entries_.push_back(e.subject.id);
    commit(d->events);
  }
}

result<decision> ledger::decide_one(ledger_step const& s) {
  auto const o = find<domain::org>(state, org(), org()).value();
  date const day = make_date(2026, 2 + s.which % 3, 1 + s.much % 28);
  if (entries_.empty() || s.what % 12 < 4) {
    domain::log_time c;
    c.date = day;
    c.minutes.emplace().value = 1 + s.much % 700;
    if (s.much % 7 == 0) c.capitalization_type = capitalization::Opex;
    if (s.much % 3 == 0) c.activity.emplace().value = "coding";
    return decide(state, o, find<domain::ticket>(state, org(), ticket(s.which)).value(), c, by(s.who));
  }
  auto const e = find<time_entry>(state, org(), entries_[s.which % entries_.size()]);
  if (!e) return decision{};
  unsigned owner = 0;
  while (user(owner) != e->user_id) ++owner;
  auto const boss = by(owner + 1); // never his own
  switch (s.what % 12) {
  case 4:
  case 5: return submit(state, *e, by(owner));
  case 6:
  case 7: return approve(state, *e, boss);
  case 8: return s.much % 2 ? reject(state, *e, {{"no"}}, boss) : reopen(state, *e, {{"again"}});
  case 9: {
    update_time_entry c;
    c.date.value = day;
    if (s.much % 2) c.minutes.value.emplace().value = 1 + s.much % 300;
    return decide(state, o, *e, c, by(owner));
  }
  case 10: {
    if (s.much % 3)
      return decide(state, org(), user(s.who), {{}, {static_cast<std::int64_t>(s.much) * 37}, day, {}}, boss);
    update_project c;
    c.development_phase = {true, static_cast<phase>(s.much % 2)};
    c.name.value.emplace().value = "Renamed " + std::to_string(s.much);
    return decide(state, find<domain::project>(state, org(), project(s.which)).value(), c,
                  [](std::string const&) { return std::vector<uuid>(); });
  }
  default: return s.much % 3 ? decision{} : remove(state, *e, by(owner));
  }
}

void ledger::set_rate(unsigned who, std::int64_t cents, date from) {
  commit(decide(state, org(), user(who), {{}, {cents}, from, {}}, by(who)).value().events);
}

void ledger::log_time(unsigned who, std::int64_t minutes, date day) {
  at_.ms += 1;
  domain::log_time c;
  c.date = day;
  c.minutes.emplace().value = minutes;
  auto const o = find<domain::org>(state, org(), org()).value();
  auto const d = decide(state, o, find<domain::ticket>(state, org(), ticket(0)).value(), c, by(who)).value();
  entries_.push_back(d.events.front().subject.id);
  commit(d.events);
}

void ledger::approve_all() {
  for (auto const& id : entries_) {
    auto const e = find<time_entry>(state, org(), id).value();
    unsigned owner = 0;
    while (user(owner) != e.user_id) ++owner;
    commit(submit(state, e, by(owner)).value().events);
    commit(approve(state, find<time_entry>(state, org(), id).value(), by(owner + 1)).value().events);
  }
}

void ledger::set_budget(unsigned which, std::int64_t cents, budget_span span) {
  update_project c;
  c.budget_cents = {true, bounded<0, 1'000'000'000'000'000>{cents}};
  c.budget_period = {true, span};
  commit(decide(state, find<domain::project>(state, org(), project(which)).value(), c,
                [](std::string const&) { return std::vector<uuid>(); })
             .value()
             .events);
}

void ledger::log_in_april(unsigned n) {
  facts one;
  events::time_entry_logged e;
  e.user_id = user(n);
  e.ticket_id = ticket(n);
  e.project_id = project(n);
  e.date = make_date(2026, 4, 1 + n % 30);
  e.minutes = 1;
  record(one, org(), entity::time_entry, id_of(++last_id_), e);
  commit(one);
}

void ledger::commit(facts const& facts) {
  if (facts.empty()) return;
  auto const chain = events::head_of(state, org());
  std::vector<events::encoded_event> all;
  for (auto const& f : facts) all.push_back({id_of(++last_id_), &f});
  events::new_record r;
  r.tenant = org();
  r.tenant_seq = chain.seq + 1;
  r.command_id = id_of(++last_id_);
  r.count = static_cast<std::uint32_t>(all.size());
  r.bytes = events::encode_record({org(), r.tenant_seq, r.command_id, at_, {user(0)}, "r", 0}, all, chain.crc);
  fold(state, events::decode_record(log.head() + 1, r.bytes), r.bytes);
  log.add(r);
}

} // namespace alloy::projections
