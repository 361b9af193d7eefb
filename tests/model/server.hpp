#pragma once
// The code under test, without a network and a disk: each command is decided by the rules at the head, becomes a record
// of a log in memory, and is folded as the server folds it. One thread.
#include "events/log.hpp"
#include "projections/history.hpp"
#include "tests/model/doors.hpp"
#include "tests/model/oracle.hpp"
#include "tests/support/map_view.hpp"

namespace alloy::model {

class record_log final : public events::log {
 public:
  void keep(events::stored_record r);

  // Records come by keep(): there is no store that rows could ride to.
  std::vector<events::appended> append(std::span<events::new_record const> records, storage::transaction&) override;
  std::vector<events::stored_record> read(events::position from, std::size_t records_max) const override;
  events::position head() const noexcept override { return head_; }
  bool wait_for(events::position at, std::chrono::milliseconds) const override { return head_ >= at; }
  uuid identity() const noexcept override { return {}; }
  events::position find(uuid const&) const override { return 0; }

 private:
  std::vector<events::stored_record> records_;
  events::position head_ = 0;
};

class server {
 public:
  server();
  outcome take(command const& c);

  reader const& state() const noexcept { return state_; }
  // How things stood after the n-th command that changed something.
  projections::past past(std::size_t n) const { return {state_, log_, moments_.at(n)}; }
  std::string const& reason() const noexcept { return reason_; } // why the last command was refused

 private:
  result<domain::decision> decide(command const& c);
  result<domain::decision> undo(command const& c);
  void commit(domain::facts const& all);

  tests::map_view state_;
  record_log log_;
  timestamp at_;
  unsigned taken_ = 0, ids_ = 0;
  std::vector<projections::moment> moments_;
  std::string reason_;
};

} // namespace alloy::model
