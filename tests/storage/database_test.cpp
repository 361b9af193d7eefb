#include "storage/database.hpp"

#include "core/key.hpp"
#include "tests/support/scratch_folder.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <map>
#include <thread>

namespace alloy::storage {
namespace {

struct store {
  tests::scratch_folder folder;
  settings options = [this] {
    settings s;
    s.path = folder / "store";
    return s;
  }();
};

void put(database& db, family f, std::string_view key, std::string_view value, bool sync = true) {
  transaction t(db);
  t.of(f).put(key, value);
  t.keep_command();
  t.commit(sync);
}

std::string value_of(reader const& rows, std::string_view key) {
  std::string value;
  return rows.get(key, value) ? value : "(none)";
}

std::string keys_of(reader const& rows, std::string_view from, std::string_view to, direction way) {
  std::string all;
  rows.scan(from, to, way, [&](std::string_view k, std::string_view) {
    if (k.starts_with('\xff')) return true; // the schema's row
    all.append(k).append(" ");
    return true;
  });
  return all;
}

auto says(std::string text) {
  return [text](std::exception const& e) {
    if (std::string(e.what()).find(text) != std::string::npos) return true;
    BOOST_TEST_MESSAGE(e.what());
    return false;
  };
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(database_rows, store)

BOOST_AUTO_TEST_CASE(rows_of_all_families_are_there_after_a_restart) {
  {
    database db(options);
    transaction t(db);
    for (auto const f : {family::state, family::log, family::local})
      t.of(f).put("key", std::to_string(static_cast<int>(f)));
    t.keep_command();
    t.commit(true);
  }
  database db(options);
  for (auto const f : {family::state, family::log, family::local})
    BOOST_TEST(value_of(db.latest(f), "key") == std::to_string(static_cast<int>(f)));
}

BOOST_AUTO_TEST_CASE(scans_keep_their_bounds_in_both_directions) {
  database db(options);
  for (auto const* k : {"a", "b", "c", "d"}) put(db, family::state, k, "");
  auto const& rows = db.latest(family::state);
  BOOST_TEST(keys_of(rows, "b", "d", direction::ascending) == "b c ");
  BOOST_TEST(keys_of(rows, "b", "d", direction::descending) == "c b ");
  BOOST_TEST(keys_of(rows, "", "", direction::descending) == "d c b a ");
  BOOST_TEST(keys_of(rows, "c", "b", direction::ascending) == "");
  int seen = 0;
  rows.scan("a", "z", direction::ascending, [&](std::string_view, std::string_view) { return ++seen < 2; });
  BOOST_TEST(seen == 2);
}

BOOST_AUTO_TEST_CASE(many_keys_at_once_in_any_order) {
  database db(options);
  for (auto const* k : {"a", "b", "c"}) put(db, family::state, k, std::string("value of ") + k);
  std::vector<std::string> const keys{"c", "x", "a"};
  auto const values = db.latest(family::state).multi_get(keys);
  BOOST_TEST(values[0].value() == "value of c");
  BOOST_TEST(!values[1].has_value());
  BOOST_TEST(values[2].value() == "value of a");
}

BOOST_AUTO_TEST_CASE(a_snapshot_stays_and_latest_moves) {
  database db(options);
  put(db, family::state, "k", "old");
  auto const then = db.snapshot(family::state);
  put(db, family::state, "k", "new");
  BOOST_TEST(value_of(*then, "k") == "old");
  BOOST_TEST(value_of(db.latest(family::state), "k") == "new");
}

BOOST_AUTO_TEST_CASE(a_dropped_family_is_empty_and_the_others_stay) {
  {
    database db(options);
    for (int i = 0; i < 1000; ++i) put(db, family::state, std::to_string(i), "row", false);
    put(db, family::log, "k", "row");
    put(db, family::local, "k", "row");
    db.drop(family::state);
    db.drop(family::local);
    BOOST_TEST(keys_of(db.latest(family::state), "", "", direction::ascending) == "");
    BOOST_TEST(keys_of(db.latest(family::local), "", "", direction::ascending) == "");
    BOOST_TEST(value_of(db.latest(family::log), "k") == "row");
  }
  database again(options); // the schema's row is there still
  put(again, family::state, "k", "row");
  BOOST_TEST(keys_of(again.latest(family::state), "", "", direction::ascending) == "k ");
}

BOOST_AUTO_TEST_CASE(readers_see_whole_commits_while_the_writer_writes) {
  database db(options);
  std::atomic<bool> done = false;
  std::size_t torn = 0, looks = 0;
  std::thread reading([&] {
    while (!done || looks == 0) {
      auto const at = db.snapshot(family::state);
      torn += value_of(*at, "a") != value_of(*at, "b");
      ++looks;
    }
  });
  for (int i = 0; i < 2000; ++i) {
    transaction t(db);
    for (auto const* k : {"a", "b"}) t.of(family::state).put(k, std::to_string(i));
    t.keep_command();
    t.commit(false);
  }
  done = true;
  reading.join();
  BOOST_TEST(looks > 0U);
  BOOST_TEST(torn == 0U);
}

BOOST_AUTO_TEST_CASE(operators_see_numbers) {
  database db(options);
  put(db, family::state, "k", "row");
  auto const values = db.gauges();
  for (auto const* name : {"write_stopped", "memtable_bytes", "pending_compaction_bytes", "block_cache_bytes",
                           "block_cache_capacity_bytes", "wal_bytes", "level0_files", "background_errors", "failed"})
    BOOST_TEST(values.contains(name), name);
  BOOST_TEST(values.at("memtable_bytes") > 0);
  BOOST_TEST(values.at("wal_bytes") > 0);
  BOOST_TEST(db.free_bytes() > 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(database_refusals, store)

BOOST_AUTO_TEST_CASE(a_second_process_is_told_that_the_store_is_in_use) {
  database db(options);
  BOOST_CHECK_EXCEPTION(database{options}, open_refused, says("another process has the store open"));
  auto reading = options;
  reading.read_only = true;
  BOOST_CHECK_EXCEPTION(database{reading}, open_refused, says("another process has the store open"));
}

BOOST_AUTO_TEST_CASE(another_schema_is_refused_with_both_numbers) {
  {
    database db(options);
    std::string version;
    append_u64(version, 77);
    put(db, family::local,
        "\xff\xff"
        "alloy.schema",
        version);
  }
  BOOST_CHECK_EXCEPTION(database{options}, open_refused, says("schema 77 and this program knows schema 1"));
}

BOOST_AUTO_TEST_CASE(rows_without_a_schema_are_refused) {
  {
    database db(options);
    transaction t(db);
    t.of(family::local)
        .erase("\xff\xff"
               "alloy.schema");
    t.of(family::state).put("k", "row");
    t.keep_command();
    t.commit(true);
  }
  BOOST_CHECK_EXCEPTION(database{options}, open_refused, says("does not say of which schema"));
}

BOOST_AUTO_TEST_CASE(data_without_current_is_refused_and_not_touched) {
  { put(*std::make_unique<database>(options), family::state, "k", "row"); }
  std::filesystem::rename(options.path + "/CURRENT", options.path + "/gone");
  BOOST_CHECK_EXCEPTION(database{options}, open_refused, says("CURRENT is missing"));
  std::filesystem::rename(options.path + "/gone", options.path + "/CURRENT");
  database db(options);
  BOOST_TEST(value_of(db.latest(family::state), "k") == "row");
}

BOOST_AUTO_TEST_CASE(a_read_only_store_changes_nothing_and_must_exist) {
  auto reading = options;
  reading.read_only = true;
  BOOST_CHECK_EXCEPTION(database{reading}, open_refused, says("there is no store"));
  BOOST_TEST(!std::filesystem::exists(options.path));
  { put(*std::make_unique<database>(options), family::state, "k", "row"); }
  auto const files = [&] {
    std::map<std::string, std::string> all;
    for (auto const& f : std::filesystem::directory_iterator(options.path)) {
      std::ifstream in(f.path(), std::ios::binary);
      all[f.path().filename()] = std::string(std::istreambuf_iterator<char>(in), {});
    }
    return all;
  };
  auto const before = files();
  {
    database db(reading);
    BOOST_TEST(db.read_only());
    BOOST_TEST(value_of(db.latest(family::state), "k") == "row");
    BOOST_CHECK_THROW(put(db, family::state, "k", "other"), write_failed);
  }
  BOOST_TEST((files() == before));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(database_points, store)

BOOST_AUTO_TEST_CASE(the_points_of_a_commit_are_called_in_their_order) {
  std::string seen;
  options.at_point = [&](char const* point) { seen.append(point).append(" "); };
  database db(options);
  seen.clear();
  put(db, family::state, "k", "row");
  BOOST_TEST(seen == "before_write after_sync ");
}

BOOST_AUTO_TEST_CASE(after_a_failure_every_write_and_read_fails) {
  bool broken = false;
  options.at_point = [&](char const*) {
    if (broken) throw std::runtime_error("the disk caught fire");
  };
  database db(options);
  put(db, family::state, "k", "row");
  broken = true;
  BOOST_CHECK_THROW(put(db, family::state, "k", "lost"), write_failed);
  broken = false;
  BOOST_CHECK_THROW(put(db, family::state, "k", "late"), write_failed);
  BOOST_CHECK_THROW(put(db, family::local, "k", "late", false), write_failed);
  BOOST_CHECK_THROW(value_of(db.latest(family::state), "k"), read_failed);
  BOOST_TEST(db.gauges().at("failed") == 1.0);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::storage
