#include "core/local_rows.hpp"
#include "events/codec.hpp"
#include "events/log.hpp"
#include "program/backup_commands.hpp"
#include "program/store_commands.hpp"
#include "projections/fold.hpp"
#include "tests/support/scratch_folder.hpp"

#include <boost/test/unit_test.hpp>
#include <filesystem>

namespace alloy {
namespace {

using storage::family;

settings at(std::string const& folder) {
  auto loaded = load_settings({"--data-dir", folder}, {});
  BOOST_REQUIRE(loaded);
  return loaded->values;
}

// One command that came with a key, in a store that has a row of every kind.
struct old_server {
  tests::scratch_folder folder;
  settings config = at(folder / "data");
  uuid command = new_uuid();

  old_server() {
    std::filesystem::create_directories(config.data_dir + "/keys");
    storage::database db(store_at(config, config.data_dir + "/store", false));
    auto const log = events::open_rocksdb_log(db);
    storage::transaction txn(db);
    events::draft const draft{identity_tenant, {entity::user, new_uuid()}, events::user_registered{"a", "b", "c"}};
    events::encoded_event const one{new_uuid(), &draft};
    auto const bytes =
        events::encode_record({identity_tenant, 1, command, now(), {}, "request", 0}, std::span(&one, 1), 0);
    projections::fold(txn.of(family::state), events::decode_record(1, bytes), bytes);
    for (auto const& kind : local_kinds)
      if (kind.row != local_row::used_key && kind.row != local_row::log_identity && kind.row != local_row::schema)
        txn.of(family::local).put(row_of(kind.row), "stands here");
    txn.keep_command();
    events::new_record const record{identity_tenant, 1, command, true, 1, bytes};
    log->append(std::span(&record, 1), txn);
  }

  // The key of a row of the kind, as long as such keys are.
  std::string row_of(local_row row) const {
    if (row == local_row::used_key) return local_key(row).add(command).str();
    if (row == local_row::log_identity || row == local_row::schema) return local_key(row).str();
    return local_key(row).add_bytes(std::string(24, 'z')).str();
  }
};

BOOST_AUTO_TEST_CASE(a_restore_carries_each_kind_of_local_row_as_the_table_says) {
  old_server const old;
  BOOST_TEST_REQUIRE(create_backup(old.config, old.folder / "backup") == 0);
  auto const fresh = at(old.folder / "restored");
  BOOST_TEST_REQUIRE(restore_backup(fresh, old.folder / "backup", {}) == 0);
  storage::database const was(store_at(old.config, old.config.data_dir + "/store", true));
  storage::database const is(store_at(fresh, fresh.data_dir + "/store", true));
  for (auto const& kind : local_kinds) {
    BOOST_TEST_CONTEXT(json::name_of(kind.row)) {
      std::string before, after;
      BOOST_TEST_REQUIRE(was.latest(family::local).get(old.row_of(kind.row), before));
      bool const there = is.latest(family::local).get(old.row_of(kind.row), after);
      if (kind.by_backup == carried::left) {
        bool const has_its_own = kind.row == local_row::log_identity || kind.row == local_row::schema;
        BOOST_TEST(there == has_its_own);
        if (kind.row == local_row::log_identity) BOOST_TEST(after != before);
      } else {
        BOOST_TEST(there);
        BOOST_TEST(after == before);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_restore_refuses_a_local_row_of_a_kind_that_it_does_not_know) {
  old_server const old;
  {
    storage::database db(store_at(old.config, old.config.data_dir + "/store", false));
    storage::transaction txn(db);
    txn.of(family::local).put("?new", "of a later version");
    txn.keep_command();
    txn.commit(true);
  }
  BOOST_TEST_REQUIRE(create_backup(old.config, old.folder / "backup") == 0);
  BOOST_CHECK_EXCEPTION(restore_backup(at(old.folder / "restored"), old.folder / "backup", {}), std::runtime_error,
                        [](auto const& e) { return std::string(e.what()).find("does not know") != std::string::npos; });
}

} // namespace
} // namespace alloy
