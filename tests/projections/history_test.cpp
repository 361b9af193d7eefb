// Where a time lies in a log that holds imported records, and where a ticket was when.
#include "projections/history.hpp"

#include "events/ledger.hpp"
#include "projections/fold.hpp"
#include "projections/ticket_homes.hpp"
#include "tests/support/decider.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::projections {
namespace {

using tests::id_of;

constexpr std::int64_t noon = 1'775'035'800'000;

// A log that keeps what it is given, each record folded as the server folds it.
class kept_log final : public events::log {
 public:
  tests::map_view state;

  std::uint64_t write(uuid const& tenant, std::int64_t at, domain::facts const& facts) {
    std::vector<events::encoded_event> all;
    for (auto const& f : facts) all.push_back({id_of(++last_id_), &f});
    auto const chain = events::head_of(state, tenant);
    events::record_head const head{tenant, chain.seq + 1, id_of(++last_id_), {at}, {id_of(9)}, "r", 0};
    events::stored_record r{end_ + 1, static_cast<std::uint32_t>(all.size()),
                            events::encode_record(head, all, chain.crc)};
    fold(state, events::decode_record(r.first, r.bytes), r.bytes);
    end_ += r.count;
    records_.push_back(std::move(r));
    return end_;
  }
  // An organization, or a change of its name.
  std::uint64_t write(uuid const& org, std::int64_t at) {
    domain::facts one;
    if (events::head_of(state, org).seq == 0)
      domain::record(one, org, entity::org, org, events::org_created{"n", "s-" + to_string(org), "UTC", "USD"});
    else
      domain::record(one, org, entity::org, org, events::org_updated{});
    return write(org, at, one);
  }

  std::vector<events::appended> append(std::span<events::new_record const>, storage::transaction&) override {
    return {};
  }
  std::vector<events::stored_record> read(events::position from, std::size_t most) const override {
    ++reads;
    std::vector<events::stored_record> some;
    for (auto const& r : records_)
      if (r.first + r.count > from && some.size() < most) some.push_back(r);
    return some;
  }
  events::position head() const noexcept override { return end_; }
  bool wait_for(events::position, std::chrono::milliseconds) const override { return true; }
  uuid identity() const noexcept override { return identity_; }
  events::position find(uuid const&) const override { return 0; }

  mutable std::size_t reads = 0;
  uuid const identity_ = new_uuid();

 private:
  std::vector<events::stored_record> records_;
  events::position end_ = 0;
  unsigned last_id_ = 1000;
};

std::uint64_t position_at(kept_log const& log, std::int64_t ms) {
  return resolve_as_of(log.state, log, to_string(timestamp{ms})).value().position;
}

uuid const ours = id_of(1), theirs = id_of(2), home = id_of(21), away = id_of(22), ticket = id_of(31);

} // namespace

BOOST_AUTO_TEST_SUITE(history_of_the_log)

BOOST_AUTO_TEST_CASE(a_time_lies_where_it_lay_before_older_records_were_imported) {
  kept_log log;
  auto const before = log.write(ours, noon);
  auto const second = log.write(ours, noon + 10);
  BOOST_TEST(position_at(log, noon + 5) == before);
  log.write(theirs, noon - 9'000);
  auto const imported = log.write(theirs, noon - 5'000);
  BOOST_TEST(position_at(log, noon + 5) == before);
  BOOST_TEST(position_at(log, noon + 10) == second);
  auto const after = log.write(ours, noon + 20);
  log.write(theirs, noon + 15); // the rest of it, older again
  auto const last = log.write(theirs, noon + 30);
  BOOST_TEST(position_at(log, noon - 7'000) == 0U);
  BOOST_TEST(position_at(log, noon + 5) == before);
  BOOST_TEST(position_at(log, noon + 15) == second);
  BOOST_TEST(position_at(log, noon + 20) == after);
  BOOST_TEST(position_at(log, noon + 25) == after);
  BOOST_TEST(position_at(log, noon + 30) == last);
  BOOST_TEST(before_older_run(log.state, imported) == second);
  BOOST_TEST(before_older_run(log.state, after) == after);
  BOOST_TEST(latest_time(log.state).ms == noon + 30);
}

BOOST_AUTO_TEST_CASE(a_log_that_begins_with_an_import_has_no_time_before_it) {
  kept_log log;
  log.write(theirs, noon);
  log.write(ours, noon - 10);
  auto const last = log.write(ours, noon + 1);
  BOOST_TEST(position_at(log, noon - 1) == 0U);
  BOOST_TEST(position_at(log, noon) == 1U);
  BOOST_TEST(position_at(log, noon + 1) == last);
}

BOOST_AUTO_TEST_CASE(the_record_of_a_batch_is_read_once_for_all_its_tickets) {
  kept_log log;
  log.write(ours, noon);
  domain::facts made, changed;
  std::vector<uuid> const tickets = [] {
    std::vector<uuid> ids;
    for (unsigned n = 0; n < 20; ++n) ids.push_back(id_of(100 + n));
    return ids;
  }();
  for (auto const& id : tickets) {
    events::ticket_created t;
    t.project_id = home;
    t.ticket_number = static_cast<std::int64_t>(&id - tickets.data()) + 1;
    t.reference = "HOME-" + std::to_string(t.ticket_number);
    t.title = "made";
    t.status = "Open";
    domain::record(made, ours, entity::ticket, id, t);
    domain::record(changed, ours, entity::ticket, id, events::ticket_assigned{{{}, id_of(9)}});
  }
  domain::facts project;
  events::project_created p;
  p.key = "HOME";
  domain::record(project, ours, entity::project, home, p);
  log.write(ours, noon, project);
  log.write(ours, noon, made);
  auto const last = log.write(ours, noon, changed);
  log.reads = 0;
  for (auto const& id : tickets) {
    auto const found = read_history(log.state, log, ours, entity::ticket, id, 0, last);
    BOOST_TEST_REQUIRE(found.size() == 2U);
    for (auto const& e : found) BOOST_TEST((e.subject.id == id));
    BOOST_TEST((std::get<events::ticket_created>(found[0].what).reference ==
                "HOME-" + std::to_string(&id - tickets.data() + 1)));
  }
  BOOST_TEST(log.reads == 2U);
}

BOOST_AUTO_TEST_CASE(a_ticket_was_in_its_former_project_until_the_command_that_moved_it) {
  kept_log log;
  log.write(ours, noon);
  domain::facts projects;
  for (auto const& id : {home, away}) {
    events::project_created p;
    p.key = id == home ? "HOME" : "AWAY";
    domain::record(projects, ours, entity::project, id, p);
  }
  log.write(ours, noon, projects);
  domain::facts made, moved;
  events::ticket_created t;
  t.project_id = home;
  t.ticket_number = 1;
  t.reference = "HOME-1";
  t.status = "Open";
  domain::record(made, ours, entity::ticket, ticket, t);
  auto const first = log.write(ours, noon, made);
  events::ticket_updated u;
  u.changes.project_id.value = {home, away};
  u.changes.ticket_number.value = {1, 1};
  u.changes.reference.value = {"HOME-1", "AWAY-1"};
  domain::record(moved, ours, entity::ticket, ticket, u);
  domain::record(moved, ours, entity::ticket, ticket, events::ticket_assigned{{{}, id_of(9)}});
  auto const arrived = log.write(ours, noon, moved);
  domain::facts later;
  domain::record(later, ours, entity::ticket, ticket, events::ticket_assigned{{id_of(9), {}}});
  auto const last = log.write(ours, noon, later);

  log.reads = 0;
  BOOST_TEST(!homes_at(log.state, ours, ticket, first - 1).then.has_value());
  BOOST_TEST((homes_at(log.state, ours, ticket, first).then->project == home));
  for (auto const at : {arrived - 1, arrived, last}) {
    auto const [then, was] = homes_at(log.state, ours, ticket, at);
    BOOST_TEST((then->project == away));
    BOOST_TEST((was->project == home));
    BOOST_TEST(then->moved_until == arrived);
  }
  BOOST_TEST(log.reads == 0U, "the log is not asked");
  BOOST_TEST(read_history(log.state, log, ours, entity::ticket, ticket, 0, last).size() == 4U);
  BOOST_TEST(log.reads == 3U, "each record once");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::projections
