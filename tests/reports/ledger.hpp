#pragma once
// Time and money that random numbers make: each step is one command, decided by the rules against the state it is
// folded into. Steps that the rules refuse leave nothing.
#include "domain/labor_rates.hpp"
#include "domain/orgs.hpp"
#include "domain/projects.hpp"
#include "domain/teams.hpp"
#include "domain/time_entries.hpp"
#include "events/log.hpp"
#include "projections/fold.hpp"
#include "tests/support/decider.hpp"

#include <algorithm>
#include <rapidcheck.h>

namespace alloy::projections {

struct ledger_step { // what, by whom, on what, how much; each taken modulo what there is
  unsigned what = 0, who = 0, which = 0, much = 0;
};

// A log that is a list, for reads as of a position.
class record_list final : public events::log {
 public:
  void add(events::new_record const& r) { records_.push_back({head_ + 1, r.count, r.bytes}), head_ += r.count; }
  std::vector<events::appended> append(std::span<events::new_record const>, storage::transaction&) override {
    throw std::logic_error("this log is added to");
  }
  std::vector<events::stored_record> read(events::position from, std::size_t max) const override {
    std::vector<events::stored_record> out;
    auto at = std::upper_bound(records_.begin(), records_.end(), from,
                               [](auto position, auto const& r) { return position < r.first + r.count; });
    for (; at != records_.end() && out.size() < max; ++at) out.push_back(*at);
    return out;
  }
  events::position head() const noexcept override { return head_; }
  bool wait_for(events::position at, std::chrono::milliseconds) const override { return head_ >= at; }
  uuid identity() const noexcept override { return {}; }
  events::position find(uuid const&) const override { return 0; }

 private:
  std::vector<events::stored_record> records_;
  events::position head_ = 0;
};

class ledger {
 public:
  static constexpr unsigned users = 3, projects = 3, teams = 2;
  static uuid org() { return tests::id_of(1); }
  static uuid user(unsigned n) { return tests::id_of(10 + n % users); }
  static uuid project(unsigned n) { return tests::id_of(20 + n % projects); }
  static uuid team(unsigned n) { return tests::id_of(30 + n % teams); }
  static uuid ticket(unsigned n) { return tests::id_of(40 + n % projects); }

  ledger();
  explicit ledger(events::log const& of); // folded from another one's log
  ledger(ledger const&) = delete;
  ledger& operator=(ledger const&) = delete;

  void take(ledger_step const& s);
  void set_rate(unsigned who, std::int64_t cents, date from);
  void log_time(unsigned who, std::int64_t minutes, date day); // on the first project
  void approve_all();
  void set_budget(unsigned which, std::int64_t cents, budget_span span);
  void log_in_april(unsigned n);
  timestamp at() const noexcept { return at_; }

  tests::map_view state;
  record_list log;

 private:
  domain::context by(unsigned who);
  result<domain::decision> decide_one(ledger_step const& s);
  void commit(domain::facts const& facts);

  timestamp at_{1'777'600'000'000}; // 2026-05-01
  unsigned last_id_ = 1000;
  std::vector<uuid> entries_;
};

} // namespace alloy::projections

template <> struct rc::Arbitrary<alloy::projections::ledger_step> {
  static Gen<alloy::projections::ledger_step> arbitrary() {
    using alloy::projections::ledger_step;
    auto const any = gen::inRange(0U, 1000U);
    return gen::build<ledger_step>(gen::set(&ledger_step::what, any), gen::set(&ledger_step::who, any),
                                   gen::set(&ledger_step::which, any), gen::set(&ledger_step::much, any));
  }
};
