// What every log promises, for each of them; then what the one on RocksDB finds when it is opened.
#include "events/log.hpp"

#include "core/key.hpp"
#include "events/record.hpp"
#include "tests/support/scratch_folder.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <thread>

namespace alloy::events {
namespace {

using storage::family;

constexpr char const* kinds[] = {"memory", "rocksdb"};

new_record record(std::string const& text, std::uint32_t count = 1, bool keyed = false) {
  return {new_uuid(), 1, new_uuid(), keyed, count, frame_record(0, static_cast<std::uint16_t>(count), text)};
}

std::string text_of(stored_record const& r) {
  record_frame frame;
  return parse_record(r.bytes, frame) ? std::string(frame.json) : "(damaged)";
}

struct opened_log {
  tests::scratch_folder folder;
  std::unique_ptr<storage::database> db;
  std::unique_ptr<log> events;

  explicit opened_log(std::string const& kind = "rocksdb", log_settings s = {}) {
    open_store();
    events = kind == "memory" ? make_memory_log(s) : open_rocksdb_log(*db, s);
  }
  void open_store() {
    storage::settings s;
    s.path = folder / "store";
    db = std::make_unique<storage::database>(s);
  }
  void reopen() {
    events.reset();
    db.reset();
    open_store();
    events = open_rocksdb_log(*db);
  }
  std::vector<appended> append(std::vector<new_record> const& records) {
    storage::transaction t(*db);
    return events->append(records, t);
  }
  std::string read(position from, std::size_t records_max) {
    std::string all;
    for (auto const& r : events->read(from, records_max)) all += std::to_string(r.first) + text_of(r) + " ";
    return all;
  }
  // Changes a row of the log behind its back.
  void tamper(position first, std::string const* value) {
    std::string key(1, '\1');
    append_u64(key, first);
    storage::transaction t(*db);
    if (value != nullptr)
      t.of(family::log).put(key, *value);
    else
      t.of(family::log).erase(key);
    t.keep_command();
    t.commit(true);
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(any_log)

BOOST_DATA_TEST_CASE(positions_count_events_without_gaps, boost::unit_test::data::make(kinds), kind) {
  opened_log l(kind);
  BOOST_TEST(l.events->head() == 0U);
  BOOST_TEST(l.read(1, 10) == "");
  auto const first = l.append({record("a", 2), record("b")});
  BOOST_TEST((first[0].what == outcome::stored && first[0].value == 1));
  BOOST_TEST((first[1].what == outcome::stored && first[1].value == 3));
  BOOST_TEST(l.append({record("c", 3)})[0].value == 4U);
  BOOST_TEST(l.events->head() == 6U);
  BOOST_TEST(l.read(1, 10) == "1a 3b 4c ");
  BOOST_TEST(l.read(0, 10) == "1a 3b 4c ");
  BOOST_TEST(l.read(1, 2) == "1a 3b ");
  BOOST_TEST(l.read(2, 1) == "1a ");
  BOOST_TEST(l.read(5, 9) == "4c ");
  BOOST_TEST(l.read(6, 9) == "4c ");
  BOOST_TEST(l.read(7, 9) == "");
  BOOST_TEST(l.read(1, 0) == "");
}

BOOST_DATA_TEST_CASE(the_riding_rows_are_committed_with_the_records, boost::unit_test::data::make(kinds), kind) {
  opened_log l(kind);
  storage::transaction t(*l.db);
  t.of(family::state).put("k", "row");
  t.keep_command();
  std::vector<new_record> const records{record("a")};
  l.events->append(records, t);
  BOOST_TEST(t.empty());
  BOOST_TEST(l.db->latest(family::state).has("k"));
}

BOOST_DATA_TEST_CASE(a_keyed_command_is_stored_once, boost::unit_test::data::make(kinds), kind) {
  opened_log l(kind);
  auto const keyed = record("a", 2, true);
  auto const twice = l.append({keyed, record("b"), keyed});
  BOOST_TEST((twice[2].what == outcome::duplicate && twice[2].value == 1));
  auto const later = l.append({keyed, record("c")});
  BOOST_TEST((later[0].what == outcome::duplicate && later[0].value == 1));
  BOOST_TEST(later[1].value == 4U);
  BOOST_TEST(l.events->find(keyed.command_id) == 1U);
  BOOST_TEST(l.events->find(new_uuid()) == 0U);
  auto const unkeyed = record("d");
  l.append({unkeyed});
  BOOST_TEST(l.events->find(unkeyed.command_id) == 0U);
  BOOST_TEST(l.read(1, 9) == "1a 3b 4c 5d ");
}

BOOST_DATA_TEST_CASE(what_is_no_record_is_refused_and_takes_no_position, boost::unit_test::data::make(kinds), kind) {
  opened_log l(kind, {.record_max_bytes = 100});
  auto empty = record("a");
  empty.count = 0;
  auto miscounted = record("a", 2);
  miscounted.count = 3;
  auto damaged_bytes = record("a");
  damaged_bytes.bytes.back() ^= 1;
  auto const answers = l.append({empty, miscounted, damaged_bytes, record(std::string(91, 'x')), record("b")});
  for (std::size_t i = 0; i < 4; ++i) BOOST_TEST((answers[i].what == outcome::refused), "record " << i);
  BOOST_TEST((answers[4].what == outcome::stored && answers[4].value == 1));
  BOOST_TEST((l.append({record(std::string(90, 'x'))})[0].what == outcome::stored));
}

BOOST_DATA_TEST_CASE(waiting_ends_when_the_head_is_reached, boost::unit_test::data::make(kinds), kind) {
  using namespace std::chrono_literals;
  opened_log l(kind);
  BOOST_TEST(!l.events->wait_for(1, 1ms));
  BOOST_TEST(l.events->wait_for(0, 0ms));
  bool reached = false;
  log const& waited_for = *l.events;
  std::thread waiting([&waited_for, &reached] { reached = waited_for.wait_for(3, 60s); });
  l.append({record("a")});
  l.append({record("b", 2)});
  waiting.join();
  BOOST_TEST(reached);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(the_rocksdb_log, opened_log)

BOOST_AUTO_TEST_CASE(records_keys_and_identity_survive_a_restart) {
  auto const identity = events->identity();
  BOOST_TEST(!identity.is_nil());
  auto const keyed = record("a", 2, true);
  append({keyed, record("b")});
  reopen();
  BOOST_TEST((events->identity() == identity));
  BOOST_TEST(events->head() == 3U);
  BOOST_TEST(events->find(keyed.command_id) == 1U);
  BOOST_TEST(append({record("c")})[0].value == 4U);
  BOOST_TEST(read(1, 9) == "1a 3b 4c ");
}

BOOST_AUTO_TEST_CASE(a_missing_record_stops_every_reader) {
  append({record("a"), record("b", 2), record("c")});
  tamper(2, nullptr);
  BOOST_TEST(read(1, 1) == "1a ");
  BOOST_CHECK_THROW(events->read(1, 9), corruption_error);
  BOOST_CHECK_THROW(events->read(2, 9), corruption_error);
  BOOST_CHECK_THROW(events->read(3, 9), corruption_error);
  BOOST_TEST(read(4, 9) == "4c ");
  BOOST_CHECK_THROW(reopen(), corruption_error);
}

BOOST_AUTO_TEST_CASE(a_missing_first_or_last_record_is_a_gap_too) {
  append({record("a"), record("b"), record("c")});
  tamper(3, nullptr);
  BOOST_CHECK_THROW(events->read(1, 9), corruption_error);
  BOOST_CHECK_THROW(events->read(3, 9), corruption_error);
  tamper(1, nullptr);
  BOOST_CHECK_THROW(reopen(), corruption_error);
}

BOOST_AUTO_TEST_CASE(a_changed_record_is_never_handed_out) {
  append({record("a"), record("b")});
  auto changed = record("b").bytes;
  changed.back() = 'B';
  tamper(2, &changed);
  BOOST_TEST(read(1, 1) == "1a ");
  BOOST_CHECK_THROW(events->read(2, 1), corruption_error);
  BOOST_CHECK_THROW(reopen(), corruption_error);
}

// Far behind the head a start does not look, but a reader that gets there does.
BOOST_AUTO_TEST_CASE(old_damage_is_found_by_the_reader_that_meets_it) {
  std::vector<new_record> many;
  for (int i = 0; i < 1500; ++i) many.push_back(record(std::to_string(i)));
  append(many);
  tamper(3, nullptr);
  reopen();
  BOOST_TEST(events->head() == 1500U);
  BOOST_CHECK_THROW(events->read(1, 100), corruption_error);
  BOOST_TEST(events->read(501, 1000).size() == 1000U);
}

BOOST_AUTO_TEST_CASE(a_log_that_lost_its_identity_is_refused) {
  append({record("a")});
  storage::transaction t(*db);
  t.of(family::local).erase("i");
  t.keep_command();
  t.commit(true);
  BOOST_CHECK_THROW(reopen(), corruption_error);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::events
