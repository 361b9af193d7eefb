#pragma once
// A history that random numbers make: each step is one command, decided by the rules against the state it is folded
// into, so whatever comes out is what a server could have written. Steps that the rules refuse leave nothing.
#include "domain/orgs.hpp"
#include "domain/projects.hpp"
#include "domain/tickets.hpp"
#include "events/ledger.hpp"
#include "events/log.hpp"
#include "projections/fold.hpp"
#include "tests/support/decider.hpp"

namespace alloy::projections {

using domain::ticket;
using tests::id_of;

struct step { // what, on what, to what; each taken modulo what there is
  unsigned what = 0, which = 0, to = 0;
};

class history {
 public:
  static constexpr unsigned users = 3, projects = 2, sprints = 2, labels = 3;
  static uuid org() { return id_of(1); }
  static uuid user(unsigned n) { return id_of(10 + n % users); }
  static uuid project(unsigned n) { return id_of(20 + n % projects); }
  static uuid sprint(unsigned project_n, unsigned n) { return id_of(30 + project_n % projects * 10 + n % sprints); }
  static uuid label(unsigned n) { return id_of(60 + n % labels); }

  // `kept` is given every record: its first position and its bytes.
  history(view& state, std::function<void(events::new_record const&)> kept = {})
      : state_(state), kept_(std::move(kept)) {
    domain::facts all;
    domain::record(all, org(), entity::org, org(), events::org_created{"Acme", "acme", "UTC", "USD"});
    for (unsigned n = 0; n < users; ++n)
      domain::record(all, org(), entity::member, user(n), events::member_added{user(n), role::Member, false, {}});
    domain::record(all, org(), entity::workflow, id_of(2), domain::default_workflow());
    for (unsigned n = 0; n < labels; ++n)
      domain::record(all, org(), entity::label, label(n), events::label_created{"l" + std::to_string(n), "#000000"});
    for (unsigned p = 0; p < projects; ++p) {
      events::project_created made;
      made.key = p == 0 ? "ONE" : "TWO";
      made.workflow_id = id_of(2);
      domain::record(all, org(), entity::project, project(p), made);
      for (unsigned n = 0; n < sprints; ++n)
        domain::record(all, org(), entity::sprint, sprint(p, n), events::sprint_created{project(p), "S", {}, {}, {}});
    }
    commit(all);
  }

  void take(step const& s) {
    at_.ms += s.to % 3; // several commands in one millisecond, too
    domain::context const by{at_, user(s.which), role::Admin, [this] { return id_of(++last_id_); }};
    auto const d = decide_one(s, by);
    if (d) commit(d->events);
  }
  std::vector<uuid> const& tickets() const noexcept { return tickets_; }

 private:
  result<domain::decision> decide_one(step const& s, domain::context const& by) {
    using namespace domain;
    auto const text = [&](char const* name, std::string const& value) {
      return std::string("{\"") + name + "\":" + value + "}";
    };
    auto const quoted = [](uuid const& id) { return "\"" + to_string(id) + "\""; };
    if (tickets_.empty() || s.what % 12 == 0) {
      auto const p = find<domain::project>(state_, org(), project(s.which)).value();
      create_ticket c;
      c.title.value = "T" + std::to_string(s.to);
      if (s.to % 2) c.assignee_id = user(s.to);
      if (s.to % 3) c.sprint_id = sprint(s.which, s.to);
      if (s.to % 5) c.priority = static_cast<priority>(s.to % 5);
      if (s.to % 4 == 0) c.labels = list<uuid, 0, 50>{label(s.to)};
      if (s.to % 4 == 1) c.due_date = date{static_cast<std::int32_t>(20'000 + s.to % 10)};
      auto d = decide(state_, p, c, by);
      if (d) tickets_.push_back(d->events.front().subject.id);
      return d;
    }
    auto const found = find<ticket>(state_, org(), tickets_[s.which % tickets_.size()]);
    if (!found) return domain::decision{};
    auto const& t = *found;
    auto const p = find<domain::project>(state_, org(), t.project_id).value();
    unsigned const p_n = p.id == project(0) ? 0 : 1;
    constexpr char const* statuses[] = {"\"Backlog\"", "\"Ready\"", "\"InProgress\"",
                                        "\"Review\"",  "\"Done\"",  "\"Cancelled\""};
    constexpr char const* priorities[] = {"\"Urgent\"", "\"High\"", "\"Medium\"", "\"Low\"", "\"None\""};
    auto const update = [&](std::string const& json) {
      return decide(state_, p, t, tests::body<update_ticket>(json), by);
    };
    switch (s.what % 12) {
    case 1: return update(text("status", statuses[s.to % 6]));
    case 2: return update(text("priority", priorities[s.to % 5]));
    case 3: return update(text("assignee_id", s.to % 4 ? quoted(user(s.to)) : "null"));
    case 4: return update(text("sprint_id", s.to % 3 ? quoted(sprint(p_n, s.to)) : "null"));
    case 5: return update(text("title", "\"renamed " + std::to_string(s.to) + "\""));
    case 6: return update(text("labels", s.to % 3 ? "[" + quoted(label(s.to)) + "]" : "[]"));
    case 7:
      return update("{\"status\":" + std::string(statuses[s.to % 6]) + ",\"assignee_id\":null,\"priority\":" +
                    priorities[s.to % 5] + ",\"sprint_id\":" + quoted(sprint(p_n, s.to)) + "}");
    case 8: {
      create_comment c;
      c.body.value = "said";
      auto d = decide(state_, p, t, c, by);
      if (d) comments_.push_back(d->events.front().subject.id);
      return d;
    }
    case 9: return update(text("project_id", quoted(project(s.to))));
    case 10: return s.to % 4 ? domain::decision{} : domain::remove(p, t, 0);
    default: {
      if (comments_.empty()) return domain::decision{};
      auto const c = find<comment>(state_, org(), comments_[s.to % comments_.size()]);
      if (!c) return domain::decision{};
      return domain::remove(org(), *c, by);
    }
    }
  }

  void commit(domain::facts const& facts) {
    if (facts.empty()) return;
    auto const chain = events::head_of(state_, org());
    std::vector<events::encoded_event> all;
    for (auto const& f : facts) all.push_back({id_of(++last_id_), &f});
    events::new_record r;
    r.tenant = org();
    r.tenant_seq = chain.seq + 1;
    r.command_id = id_of(++last_id_);
    r.count = static_cast<std::uint32_t>(all.size());
    r.bytes = events::encode_record({org(), r.tenant_seq, r.command_id, at_, {user(0)}, "r", 0}, all, chain.crc);
    fold(state_, events::decode_record(next_, r.bytes), r.bytes);
    next_ += r.count;
    if (kept_) kept_(r);
  }

  view& state_;
  std::function<void(events::new_record const&)> kept_;
  timestamp at_{1'775'035'800'000};
  unsigned last_id_ = 1000;
  std::uint64_t next_ = 1;
  std::vector<uuid> tickets_, comments_;
};

} // namespace alloy::projections
