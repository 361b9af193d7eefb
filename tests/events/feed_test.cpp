#include "events/feed.hpp"

#include "events/ledger.hpp"
#include "events/record.hpp"
#include "tests/support/map_view.hpp"
#include "tests/support/scratch_folder.hpp"

#include <boost/test/unit_test.hpp>
#include <random>

namespace alloy::events {
namespace {

uuid tenant(std::uint8_t n) {
  uuid id;
  id.bytes[0] = n;
  return id;
}

// A log of several tenants' records, and the ledger that is folded from it.
struct written {
  tests::scratch_folder folder;
  storage::database db;
  std::unique_ptr<log> of = open_rocksdb_log(db);
  tests::map_view state;
  std::map<std::uint8_t, std::vector<position>> firsts;

  written() : db(settings_in(folder)) {}
  static storage::settings settings_in(tests::scratch_folder const& at) {
    storage::settings s;
    s.path = at / "store";
    return s;
  }

  void append(std::uint8_t n, std::uint32_t count = 1) {
    auto const seq = firsts[n].size() + 1;
    auto const at = of->head() + 1;
    new_record r{
        tenant(n),  seq,
        new_uuid(), false,
        count,      frame_record(0, static_cast<std::uint16_t>(count), std::to_string(n) + "/" + std::to_string(seq))};
    storage::transaction t(db);
    of->append({&r, 1}, t);
    fold_record(state, tenant(n), seq, at, 0, r.bytes);
    firsts[n].push_back(at);
  }

  std::vector<position> read(std::uint8_t n, position after, std::size_t at_once) const {
    tenant_feed feed(*of, state, tenant(n), after);
    std::vector<position> found;
    for (auto some = feed.next(at_once); !some.empty(); some = feed.next(at_once))
      for (auto const& r : some) found.push_back(r.first);
    return found;
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(feed)

BOOST_AUTO_TEST_CASE(a_tenant_reads_its_own_records_and_no_others) {
  written w;
  std::mt19937 rng(5);
  for (int i = 0; i < 200; ++i) w.append(rng() % 10 == 0 ? 2 : 1, 1 + rng() % 3); // one dense, one sparse
  for (std::uint8_t const n : {1, 2, 3})
    for (std::size_t const at_once : {1U, 7U, 1000U}) BOOST_TEST(w.read(n, 0, at_once) == w.firsts[n]);
}

BOOST_AUTO_TEST_CASE(it_begins_with_the_record_that_holds_the_next_event) {
  written w;
  w.append(1, 3); // 1..3
  w.append(2);    // 4
  w.append(1, 2); // 5..6
  BOOST_TEST(w.read(1, 0, 10) == (std::vector<position>{1, 5}));
  BOOST_TEST(w.read(1, 2, 10) == (std::vector<position>{1, 5})); // 3 is in the first one
  BOOST_TEST(w.read(1, 5, 10) == (std::vector<position>{5}));
  BOOST_TEST(w.read(2, 4, 10) == (std::vector<position>{4}));
  BOOST_TEST(w.read(3, 0, 10).empty());
}

BOOST_AUTO_TEST_CASE(it_goes_on_where_the_log_grows) {
  written w;
  w.append(1);
  tenant_feed feed(*w.of, w.state, tenant(1), 0);
  BOOST_TEST(feed.next(10).size() == 1U);
  BOOST_TEST(feed.next(10).empty());
  w.append(2);
  w.append(1);
  auto const more = feed.next(10);
  BOOST_TEST_REQUIRE(more.size() == 1U);
  BOOST_TEST(more.front().first == 3U);
}

BOOST_AUTO_TEST_CASE(places_in_the_ledger) {
  written w;
  for (int i = 0; i < 20; ++i) w.append(1, 2);
  for (std::uint64_t seq = 1; seq <= 20; ++seq) {
    BOOST_TEST(position_of(w.state, tenant(1), seq) == 2 * seq - 1);
    BOOST_TEST(seq_at(w.state, tenant(1), 2 * seq - 1) == seq);
    BOOST_TEST(seq_at(w.state, tenant(1), 2 * seq) == seq);
  }
  BOOST_TEST(position_of(w.state, tenant(1), 21) == 0U);
  BOOST_TEST(seq_at(w.state, tenant(1), 0) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::events
