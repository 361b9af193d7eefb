#include "projections/replay.hpp"

#include "core/base64.hpp"
#include "tests/projections/any_steps.hpp"
#include "tests/support/scratch_folder.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::projections {
namespace {

using storage::family;

std::string text_of(crypto::digest const& d) {
  return encode_hex(crypto::view_of(d));
}

struct store {
  tests::scratch_folder folder;
  storage::database db;
  store()
      : db([this] {
          storage::settings s;
          s.path = folder / "store";
          return s;
        }()) {}
  std::string digest() const { return text_of(digest_of(db)); }
};

// A log that gives what it is told to and checks nothing: what replay notices, it noticed itself.
class told_log : public events::log {
 public:
  std::vector<events::stored_record> records;
  events::position end = 0;

  void add(events::new_record const& r) {
    records.push_back({end + 1, r.count, r.bytes});
    end += r.count;
  }
  std::vector<events::appended> append(std::span<events::new_record const>, storage::transaction&) override {
    return {};
  }
  std::vector<events::stored_record> read(events::position from, std::size_t most) const override {
    std::vector<events::stored_record> some;
    for (auto const& r : records)
      if (r.first + r.count > from && some.size() < most) some.push_back(r);
    return some;
  }
  events::position head() const noexcept override { return end; }
  bool wait_for(events::position, std::chrono::milliseconds) const override { return true; }
  uuid identity() const noexcept override { return {}; }
  events::position find(uuid const&) const override { return 0; }
};

// A log with a history in it, and the state that was folded while it was written, one transaction a command.
struct lived {
  store live;
  told_log log;

  explicit lived(std::vector<step> const& steps) {
    storage::transaction txn(live.db);
    history h(txn.of(family::state), [this](events::new_record const& r) { log.add(r); });
    for (auto const& s : steps) {
      txn.keep_command();
      if (s.to % 7 == 0) txn.commit(false);
      h.take(s);
    }
    txn.keep_command();
    txn.commit(false);
  }
};

std::vector<step> some_steps(unsigned count) {
  std::vector<step> all;
  for (unsigned n = 0; n < count; ++n) all.push_back({n * 7, n * 5 + n / 3, n * 11});
  return all;
}

// Another tenant's organization, written where the log ends.
void found_another(told_log& log, uuid const& org) {
  domain::facts all;
  domain::record(all, org, entity::org, org, events::org_created{"Other", to_string(org), "UTC", "USD"});
  events::encoded_event const one{id_of(7), &all.front()};
  events::new_record r;
  r.count = 1;
  r.bytes = events::encode_record({org, 1, id_of(8), {1'775'035'800'000}, {id_of(2)}, "r", 0}, {&one, 1}, 0);
  log.add(r);
}

std::string refusal(told_log const& log) {
  store scratch;
  try {
    replay(log, scratch.db, {});
    return "replayed";
  } catch (events::corruption_error const& e) {
    return e.what();
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(replays)

BOOST_AUTO_TEST_CASE(a_replay_gives_the_state_that_was_lived) {
  auto const check = [] {
    lived once(any_steps(40));
    store scratch;
    auto const done = replay(once.log, scratch.db, {});
    RC_ASSERT(done.records == once.log.records.size());
    RC_ASSERT(done.events == once.log.end);
    RC_ASSERT(scratch.digest() == once.live.digest());
  };
  // Each run opens two stores: fewer of them, and still other ones every time.
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess = 12;
  auto const outcome = rc::detail::checkTestable(check, rc::detail::TestMetadata{"replay", "replay"}, params);
  std::ostringstream words;
  rc::detail::printResultMessage(outcome, words);
  BOOST_TEST((outcome.is<rc::detail::SuccessResult>()), words.str());
}

BOOST_AUTO_TEST_CASE(a_replay_of_nothing_is_nothing) {
  store scratch;
  auto const before = scratch.digest();
  auto const done = replay(told_log{}, scratch.db, {});
  BOOST_TEST(done.records == 0U);
  BOOST_TEST(scratch.digest() == before);
}

BOOST_AUTO_TEST_CASE(a_state_knows_how_far_it_was_folded) {
  lived const once(some_steps(20));
  auto const& live = once.live.db.latest(family::state);
  BOOST_TEST(is_folded(live, once.log.end));
  BOOST_TEST(!is_folded(live, once.log.end + 1));
  BOOST_CHECK_THROW(is_folded(live, once.log.end - 1), std::runtime_error);
  store empty;
  BOOST_TEST(is_folded(empty.db.latest(family::state), 0));
  BOOST_TEST(!is_folded(empty.db.latest(family::state), 1));
}

BOOST_AUTO_TEST_CASE(a_state_that_is_folded_anew_is_what_it_was) {
  lived once(some_steps(20));
  auto const before = once.live.digest();
  auto const done = rebuild_state(once.log, once.live.db, {});
  BOOST_TEST(done.last == once.log.end);
  BOOST_TEST(once.live.digest() == before);
}

BOOST_AUTO_TEST_CASE(progress_is_told_up_to_the_head) {
  lived const once(some_steps(30));
  store scratch;
  std::uint64_t calls = 0, last = 0;
  replay(once.log, scratch.db, [&](std::uint64_t records, std::uint64_t position, std::uint64_t head) {
    ++calls;
    BOOST_TEST(position > last);
    BOOST_TEST(head == once.log.end);
    BOOST_TEST(records <= once.log.records.size());
    last = position;
  });
  BOOST_TEST(calls > 0U);
  BOOST_TEST(last == once.log.end);
}

BOOST_AUTO_TEST_CASE(a_missing_record_is_noticed_wherever_it_was) {
  lived const once(some_steps(20));
  BOOST_TEST(refusal(once.log) == "replayed");
  for (std::size_t gone = 0; gone < once.log.records.size(); ++gone) {
    told_log log = once.log;
    log.records.erase(log.records.begin() + static_cast<std::ptrdiff_t>(gone));
    BOOST_TEST(refusal(log) != "replayed", "without record " << gone);
  }
}

// The chains of the tenants around it say nothing of a tenant whose only record is gone; the positions do.
BOOST_AUTO_TEST_CASE(a_gap_that_breaks_no_chain_is_noticed) {
  told_log log;
  for (unsigned n = 0; n < 3; ++n) found_another(log, id_of(100 + n));
  BOOST_TEST(refusal(log) == "replayed");
  log.records.erase(log.records.begin() + 1);
  BOOST_TEST(refusal(log) != "replayed");
}

BOOST_AUTO_TEST_CASE(an_end_before_the_head_is_noticed) {
  lived once(some_steps(5));
  auto const end = once.log.end;
  once.log.records.pop_back();
  BOOST_TEST(refusal(once.log).starts_with("the log ends at position "));
  once.log.records.clear();
  BOOST_TEST(refusal(once.log) == "the log ends at position 0, but its head is " + std::to_string(end));
}

BOOST_AUTO_TEST_CASE(a_record_that_follows_another_one_is_noticed) {
  lived once(some_steps(20));
  auto& r = once.log.records[10];
  events::record_frame frame;
  BOOST_TEST_REQUIRE(events::parse_record(r.bytes, frame));
  std::string const json(frame.json);
  r.bytes = events::frame_record(frame.previous_crc ^ 1, frame.count, json); // a checksum of its own, but no chain
  BOOST_TEST(refusal(once.log).ends_with("does not follow the record before it in its tenant"));
}

BOOST_AUTO_TEST_CASE(a_record_that_was_altered_and_framed_anew_breaks_the_chain_behind_it) {
  lived once(some_steps(20));
  auto& r = once.log.records[10];
  events::record_frame frame;
  BOOST_TEST_REQUIRE(events::parse_record(r.bytes, frame));
  std::string json(frame.json);
  auto const at = json.find("2026-");
  BOOST_TEST_REQUIRE(at != std::string::npos);
  json.replace(at, 4, "2025");
  r.bytes = events::frame_record(frame.previous_crc, frame.count, json);
  BOOST_TEST(refusal(once.log).ends_with("does not follow the record before it in its tenant"));
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_is_noticed) {
  lived once(some_steps(10));
  once.log.records[5].bytes[40] ^= 1;
  BOOST_TEST(refusal(once.log).ends_with("does not match its checksum"));
}

BOOST_AUTO_TEST_CASE(a_digest_is_of_every_row_and_of_nothing_else) {
  store s;
  auto const put = [&](family f, std::string const& k, std::string const& v) {
    storage::transaction txn(s.db);
    txn.of(f).put(k, v);
    txn.keep_command();
    txn.commit(false);
  };
  auto const empty = s.digest();
  put(family::local, "k", "v");
  BOOST_TEST(s.digest() == empty);
  put(family::state, "k", "v");
  auto const one = s.digest();
  BOOST_TEST(one != empty);
  put(family::state, "k", "w");
  BOOST_TEST(s.digest() != one);
  put(family::state, "k", "v");
  BOOST_TEST(s.digest() == one);
  put(family::state, std::string(20, '\xff'), "v"); // no key is too far behind
  BOOST_TEST(s.digest() != one);
}

BOOST_AUTO_TEST_CASE(rows_are_told_apart_by_where_they_end) {
  auto const digest = [](std::string const& k, std::string const& v) {
    store s;
    storage::transaction txn(s.db);
    txn.of(family::state).put(k, v);
    txn.keep_command();
    txn.commit(false);
    return s.digest();
  };
  BOOST_TEST(digest("ab", "c") != digest("a", "bc"));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::projections
