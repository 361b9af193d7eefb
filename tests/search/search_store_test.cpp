#include "search/search_store.hpp"

#include "core/key.hpp"
#include "core/log.hpp"
#include "events/codec.hpp"
#include "events/head.hpp"
#include "search/text_index.hpp"
#include "search/text_search.hpp"
#include "tests/support/decider.hpp"
#include "tests/support/faulty_filesystem.hpp"
#include "tests/support/scratch_folder.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <mutex>

namespace alloy::projections {
namespace {

using storage::family;
using tests::id_of;

// A log in memory to which a test adds.
class archive final : public events::log {
 public:
  explicit archive(unsigned identity = 900) : identity_(id_of(identity)) {}

  void add(entity kind, uuid const& id, events::event what) {
    std::lock_guard const held(guard_);
    events::draft const d{id_of(1), {kind, id}, std::move(what)};
    events::encoded_event const one{id_of(800), &d};
    auto const at = head() + 1;
    timestamp const when{1'775'035'800'000 + static_cast<std::int64_t>(at)};
    records_.push_back({at, 1, events::encode_record({d.tenant, at, id_of(801), when, {}, "r", 0}, {&one, 1}, 0)});
    bell_.raise(at);
  }
  void add_tickets(unsigned count, std::string const& words = "the tide is high at the pier") {
    for (unsigned n = 0; n < count; ++n) {
      auto const number = head() + 1;
      events::ticket_created t;
      t.reference = "PIER-" + std::to_string(number);
      t.title = "ticket " + std::to_string(number);
      t.description = words + " and word" + std::to_string(number % 97) + std::string(200, 'x');
      add(entity::ticket, id_of(static_cast<unsigned>(number)), std::move(t));
    }
  }
  void spoil_the_next() {
    std::lock_guard const held(guard_);
    records_.push_back({head() + 1, 1, "no record"});
    bell_.raise(head() + 1);
  }

  std::vector<events::appended> append(std::span<events::new_record const>, storage::transaction&) override {
    return {};
  }
  std::vector<events::stored_record> read(events::position from, std::size_t most) const override {
    std::lock_guard const held(guard_);
    auto const begin = records_.begin() + static_cast<std::ptrdiff_t>(from - 1);
    return {begin, begin + std::min(static_cast<std::ptrdiff_t>(most), records_.end() - begin)};
  }
  events::position head() const noexcept override { return bell_.get(); }
  bool wait_for(events::position at, std::chrono::milliseconds wait) const override { return bell_.wait_for(at, wait); }
  uuid identity() const noexcept override { return identity_; }
  events::position find(uuid const&) const override { return 0; }

 private:
  uuid const identity_;
  mutable std::mutex guard_;
  std::vector<events::stored_record> records_; // of one event each
  events::log_head_signal bell_;
};

// A store with meters of its own, so that they say what this one has folded.
struct kept {
  metrics::registry meters;
  std::atomic<events::position> told{0};
  search_store store;

  kept(events::log const& log, storage::settings const& at)
      : store(log, at, meters, [this](events::position p) { told = p; }) {}

  template <class F> static void wait_until(F holds) {
    for (auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(120);
         !holds() && std::chrono::steady_clock::now() < end;)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    BOOST_TEST_REQUIRE(holds());
  }
  kept& caught_up(events::log const& log) {
    wait_until([&] { return store.ready() && store.position() == log.head(); });
    return *this;
  }
  std::size_t find(std::string_view q) const {
    auto const rows = store.rows();
    match_cursor c(*rows, id_of(1), parse_query(q).value());
    return top_matches(c, 100'000).size();
  }
  std::uint64_t folded() const {
    constexpr std::string_view name = "\nalloy_search_indexed_events_total ";
    auto const text = meters.scrape();
    return std::stoull(text.substr(text.find(name) + name.size()));
  }
  std::map<std::string, std::string> all_rows() const {
    std::map<std::string, std::string> all;
    store.rows()->scan({}, {}, direction::ascending, [&](std::string_view k, std::string_view v) {
      all.emplace(k, v);
      return true;
    });
    return all;
  }
};

struct bed {
  tests::scratch_folder folder;
  archive log;

  bed() { alloy::log::set_level(alloy::log::level::off); }

  storage::settings at(char const* name = "search") const {
    storage::settings s;
    s.path = folder / name;
    s.write_buffer_bytes = 64u << 10; // so that little is much
    return s;
  }
  // One that was kept and closed in order.
  void keep() { kept(log, at()).caught_up(log); }
  // Opened again over `now`, it must be made of that log alone.
  void is_made_anew(archive const& now) {
    kept again(now, at());
    again.caught_up(now);
    BOOST_TEST(again.folded() == now.head());
    BOOST_TEST(again.find("ticket") == now.head());
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(search_stores, bed)

BOOST_AUTO_TEST_CASE(what_is_logged_is_searchable) {
  log.add_tickets(3);
  kept k(log, at());
  k.caught_up(log);
  BOOST_TEST(k.find("tide") == 3U);
  log.add_tickets(2, "low water");
  log.add(entity::comment, id_of(5000), events::comment_created{id_of(1), id_of(2), "mind the water"});
  k.caught_up(log);
  BOOST_TEST(k.find("water") == 3U);
  BOOST_TEST(k.find("PIER-4") == 1U);
  BOOST_TEST(k.told == 6U);
  BOOST_TEST(k.folded() == 6U);
  BOOST_TEST(!k.store.broken());
}

BOOST_AUTO_TEST_CASE(an_empty_log_is_searched_at_once) {
  kept k(log, at());
  k.caught_up(log);
  BOOST_TEST(k.find("tide") == 0U);
}

BOOST_AUTO_TEST_CASE(rows_stay_as_they_were_for_whoever_reads_them) {
  log.add_tickets(3);
  kept k(log, at());
  auto const before = k.caught_up(log).store.rows();
  log.add_tickets(600);
  k.caught_up(log);
  match_cursor c(*before, id_of(1), parse_query("tide").value());
  BOOST_TEST(top_matches(c, 1000).size() == 3U);
  BOOST_TEST(k.find("tide") == 603U);
}

BOOST_AUTO_TEST_CASE(a_clean_stop_folds_nothing_twice) {
  log.add_tickets(1000);
  keep();
  log.add_tickets(5);
  kept again(log, at());
  again.caught_up(log);
  BOOST_TEST(again.folded() == 5U);
  BOOST_TEST(again.find("tide") == 1005U);
}

BOOST_AUTO_TEST_CASE(an_index_that_followed_is_the_same_as_one_that_was_made_anew) {
  kept followed(log, at("followed"));
  for (unsigned round = 0; round < 40; ++round) {
    log.add_tickets(round * 2);
    events::ticket_updated renamed;
    renamed.changes.title.value = {"", "another title " + std::to_string(round)};
    log.add(entity::ticket, id_of(1 + round * round / 2), renamed);
    log.add(entity::comment, id_of(5000 + round), events::comment_created{id_of(1 + round), id_of(2), "said"});
    followed.caught_up(log);
  }
  kept anew(log, at("anew"));
  BOOST_TEST((anew.caught_up(log).all_rows() == followed.all_rows()));
}

BOOST_AUTO_TEST_CASE(a_kill_costs_the_newest_rows_and_they_are_folded_again) {
  auto s = at();
  tests::faulty_filesystem disk(1), after(1);
  s.environment = disk.environment();
  std::map<std::string, std::string> rows;
  tests::faulty_filesystem::image left;
  {
    kept k(log, s);
    for (unsigned round = 0; round < 20; ++round) { // commits of which some are flushed
      log.add_tickets(100);
      k.caught_up(log);
    }
    rows = k.all_rows();
    left = disk.copy(); // what the kernel has when the process is killed now
  }
  after.load(left, s.path);
  s.environment = after.environment();
  kept again(log, s);
  again.caught_up(log);
  BOOST_TEST(again.folded() > 0U);
  BOOST_TEST(again.folded() < log.head());
  BOOST_TEST((again.all_rows() == rows));
}

BOOST_AUTO_TEST_CASE(a_loss_of_power_costs_no_more) {
  auto s = at();
  log.add_tickets(500);
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    tests::faulty_filesystem disk(seed);
    s.environment = disk.environment();
    disk.cut_power_after(20 + seed * 17);
    {
      kept k(log, s);
      kept::wait_until([&] { return disk.power_is_off() || k.store.position() == log.head(); });
      disk.cut_power();
    }
    disk.restore_power();
    kept again(log, s);
    again.caught_up(log);
    BOOST_TEST(again.find("tide") == log.head(), "seed " << seed);
  }
}

BOOST_AUTO_TEST_CASE(an_index_of_another_log_is_made_anew) {
  log.add_tickets(20);
  keep();
  archive other(901);
  other.add_tickets(30);
  is_made_anew(other);
}

BOOST_AUTO_TEST_CASE(an_index_ahead_of_the_log_is_made_anew) {
  log.add_tickets(20);
  keep();
  archive restored;
  restored.add_tickets(10);
  is_made_anew(restored);
}

BOOST_AUTO_TEST_CASE(an_index_of_a_log_that_was_restored_and_went_on_otherwise_is_made_anew) {
  log.add_tickets(20);
  keep();
  archive restored;
  restored.add_tickets(10);
  restored.add_tickets(30, "otherwise");
  is_made_anew(restored);
}

BOOST_AUTO_TEST_CASE(an_index_of_another_version_is_made_anew) {
  log.add_tickets(20);
  keep();
  {
    storage::database db(at());
    storage::transaction txn(db);
    auto const k = key(identity_tenant, table::text_folded);
    std::string row;
    BOOST_TEST_REQUIRE(txn.of(family::state).get(k, row));
    std::string version;
    append_u64(version, text_index_version + 1);
    txn.of(family::state).put(k, row.replace(0, 8, version));
    txn.keep_command();
    txn.commit(true);
  }
  is_made_anew(log);
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_opened_is_made_anew) {
  log.add_tickets(20);
  keep();
  std::filesystem::remove(at().path + "/CURRENT");
  is_made_anew(log);
  for (auto const& f : std::filesystem::directory_iterator(at().path))
    if (f.path().filename().string().starts_with("MANIFEST")) {
      std::fstream file(f.path(), std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(20);
      file.put('!');
    }
  is_made_anew(log);
  std::filesystem::remove_all(at().path);
  std::ofstream(at().path) << "no folder at all";
  is_made_anew(log);
}

BOOST_AUTO_TEST_CASE(an_index_that_a_reader_distrusts_is_made_anew_when_the_last_reader_has_gone) {
  log.add_tickets(20);
  kept k(log, at());
  auto rows = k.caught_up(log).store.rows();
  k.store.mark_corrupt();
  kept::wait_until([&] { return k.store.rows() == nullptr; });
  {
    match_cursor c(*rows, id_of(1), parse_query("tide").value());
    BOOST_TEST(top_matches(c, 100).size() == 20U);
  }
  BOOST_TEST(k.folded() == 20U);
  rows.reset();
  kept::wait_until([&] { return k.folded() == 40U; });
  BOOST_TEST(k.caught_up(log).find("tide") == 20U);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_kept_is_broken_and_harms_nobody) {
  std::ofstream(folder / "file") << "no folder";
  log.add_tickets(3);
  {
    kept k(log, at("file/search"));
    kept::wait_until([&] { return k.store.broken(); });
    BOOST_TEST(k.store.rows() == nullptr);
    BOOST_TEST(!k.store.ready());
  }
  log.spoil_the_next();
  kept k(log, at());
  kept::wait_until([&] { return k.store.broken(); });
  BOOST_TEST(k.store.rows() == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::projections
