#include "app/backup_commands.hpp"
#include "app/restored_records.hpp"
#include "app/store_commands.hpp"
#include "core/local_rows.hpp"
#include "events/codec.hpp"
#include "events/ledger.hpp"
#include "events/log.hpp"
#include "projections/fold.hpp"
#include "tests/support/scratch_folder.hpp"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <map>

namespace alloy {
namespace {

using storage::family;

settings at(std::string const& folder) {
  auto loaded = load_settings({"--data-dir", folder}, {});
  BOOST_REQUIRE(loaded);
  return loaded->values;
}

// Somebody with an organization and a key of their own, the same again behind a point, and a row of every kind for
// each.
struct old_server {
  struct somebody {
    uuid user = new_uuid(), org = new_uuid(), command = new_uuid();
  };
  tests::scratch_folder folder;
  settings config = at(folder / "data");
  somebody early, late;
  std::string point; // between them

  old_server() {
    std::filesystem::create_directories(config.data_dir + "/keys");
    storage::database db(store_at(config, config.data_dir + "/store", false));
    auto const log = events::open_rocksdb_log(db);
    arrives(db, *log, early);
    point = std::to_string(log->head());
    arrives(db, *log, late);
  }

  void arrives(storage::database& db, events::log& log, somebody const& one) {
    write(db, log, one, identity_tenant, {entity::user, one.user}, events::user_registered{"a", "b", "c"}, one.command);
    write(db, log, one, identity_tenant, {entity::api_key, one.user},
          events::api_key_created{one.user, "n", "p", to_string(one.user), {"*"}, {}, {}, {}}, new_uuid());
    write(db, log, one, one.org, {entity::org, one.org},
          events::org_created{to_string(one.org), to_string(one.org), "UTC", "USD"}, new_uuid());
    storage::transaction txn(db);
    for (auto const& kind : local_kinds)
      if (kind.row != local_row::used_key && kind.row != local_row::log_identity && kind.row != local_row::schema &&
          kind.row != local_row::import_under_way)
        txn.of(family::local).put(row_of(kind.row, one), value_of(kind.row));
    txn.keep_command();
    txn.commit(true);
  }

  void write(storage::database& db, events::log& log, somebody const& by, uuid const& tenant,
             events::subject const& about, events::event what, uuid const& command) {
    storage::transaction txn(db);
    auto const chain = events::head_of(txn.of(family::state), tenant);
    events::draft const draft{tenant, about, std::move(what)};
    events::encoded_event const one{new_uuid(), &draft};
    events::record_head const head{tenant, chain.seq + 1, command, now(), {by.user, credential::session, {}}, "r", 0};
    auto const bytes = events::encode_record(head, std::span(&one, 1), chain.crc);
    projections::fold(txn.of(family::state), events::decode_record(log.head() + 1, bytes), bytes);
    txn.keep_command();
    events::new_record const record{tenant, chain.seq + 1, command, command == by.command, 1, bytes};
    log.append(std::span(&record, 1), txn);
  }

  // The key of a row of the kind, as long as such keys are.
  std::string row_of(local_row row, somebody const& one) const {
    switch (row) {
    case local_row::used_key: return local_key(row).add(one.command).str();
    case local_row::log_identity:
    case local_row::email_rule_version:
    case local_row::schema: return local_key(row).str();
    case local_row::consumer: return local_key(row).add(one.org).add_bytes("c").str();
    case local_row::import_under_way: return local_key(row).add(one.org).str();
    default: return local_key(row).add(one.user).add_bytes("zzzzzzzz").str();
    }
  }
  static std::string value_of(local_row row) {
    return row == local_row::consumer ? json::to_string(consumer_row{"c", 6, {}}) : "stands here";
  }

  void restored_to(restore_point const& to, bool late_is_there) {
    BOOST_TEST_CONTEXT("position " << to.position) {
      auto const fresh = at(folder / ("restored" + to.position));
      BOOST_TEST_REQUIRE(restore_backup(fresh, folder / "backup", to) == 0);
      storage::database const was(store_at(config, config.data_dir + "/store", true));
      storage::database const is(store_at(fresh, fresh.data_dir + "/store", true));
      for (auto const& kind : local_kinds)
        for (auto const* one : {&early, &late}) look_at(was, is, kind, *one, one == &early || late_is_there);
    }
  }

  void look_at(storage::database const& was, storage::database const& is, local_kind const& kind, somebody const& one,
               bool has_subject) const {
    BOOST_TEST_CONTEXT(json::name_of(kind.row) << (&one == &early ? ", early" : ", late")) {
      auto const row = row_of(kind.row, one);
      std::string before, after;
      bool const was_there = was.latest(family::local).get(row, before);
      bool const is_there = is.latest(family::local).get(row, after);
      bool const of_store = kind.row == local_row::log_identity || kind.row == local_row::schema;
      if (of_store || kind.by_backup == carried::left) {
        BOOST_TEST(is_there == of_store);
        if (kind.row == local_row::log_identity) BOOST_TEST(after != before);
        return;
      }
      BOOST_TEST(is_there == (was_there && has_subject));
      if (!is_there) return;
      if (kind.row == local_row::consumer && has_subject && !is.latest(family::local).has(row_of(kind.row, late)))
        BOOST_TEST(json::stored<consumer_row>(after).position == std::stoull(point));
      else
        BOOST_TEST(after == before);
    }
  }
};

BOOST_AUTO_TEST_CASE(a_restore_carries_each_kind_of_local_row_as_the_table_says) {
  old_server old;
  BOOST_TEST_REQUIRE(create_backup(old.config, old.folder / "backup") == 0);
  old.restored_to({}, true);
  old.restored_to({old.point, {}}, false);
}

// ------------------------------------------------------------------------------- imports and commands

// A log in the making: records of commands, one after another.
struct script {
  tests::scratch_folder folder;
  settings config = at(folder / "data");
  bool has_folder = std::filesystem::create_directories(config.data_dir);
  storage::database db{store_at(config, config.data_dir + "/store", false)};
  std::unique_ptr<events::log> log = events::open_rocksdb_log(db);
  restored_records seen;

  events::position write(uuid const& by, std::string const& request, std::uint64_t cause, uuid const& tenant,
                         events::subject const& about, events::event what) {
    storage::transaction txn(db);
    auto const chain = events::head_of(txn.of(family::state), tenant);
    events::draft const draft{tenant, about, std::move(what)};
    events::encoded_event const one{new_uuid(), &draft};
    auto const id = new_uuid();
    events::record_head const head{tenant,  chain.seq + 1, id, {1'700'000'000'000}, {by, credential::session, {}},
                                   request, cause};
    auto const bytes = events::encode_record(head, std::span(&one, 1), chain.crc);
    auto const decoded = events::decode_record(log->head() + 1, bytes);
    projections::fold(txn.of(family::state), decoded, bytes);
    seen.see(decoded);
    txn.keep_command();
    events::new_record const record{tenant, chain.seq + 1, id, false, 1, bytes};
    log->append(std::span(&record, 1), txn);
    return log->head();
  }
  events::position user(uuid const& id, std::string const& hash, std::string const& request, std::uint64_t cause = 0) {
    return write(id, request, cause, identity_tenant, {entity::user, id}, events::user_registered{"e", "n", hash});
  }
  std::map<uuid, std::string> imports() const {
    storage::transaction txn(const_cast<storage::database&>(db));
    seen.put_imports(db.latest(family::state), db.latest(family::local), txn.of(family::local));
    std::map<uuid, std::string> found;
    auto const prefix = local_key(local_row::import_under_way).str();
    txn.of(family::local).scan(prefix, after_prefix(prefix), direction::ascending, [&](auto k, auto v) {
      found.emplace(uuid::from_view(columns_of(local_row::import_under_way, k)), v);
      return true;
    });
    return found;
  }
  events::position whole(events::position at) const { return whole_commands_until(*log, at, 1u << 20); }
};

BOOST_AUTO_TEST_CASE(an_import_is_under_way_until_its_importer_joins_and_a_restore_cuts_no_command) {
  script s;
  auto const importer = new_uuid(), stranger = new_uuid(), org = new_uuid(), label = new_uuid();
  s.user(importer, "hash", "r1");
  s.write(importer, "r1", 1, importer, {entity::org, importer}, events::org_created{"own", "own", "UTC", "USD"});
  s.write(importer, "r1", 1, importer, {entity::member, importer},
          events::member_added{importer, role::Owner, true, {}});
  BOOST_TEST(s.imports().empty());
  // The first piece: records of another server, then who is named in them.
  s.write(stranger, "there", 0, org, {entity::org, org}, events::org_created{"theirs", "theirs", "UTC", "USD"});
  s.write(stranger, "there", 0, org, {entity::member, stranger}, events::member_added{stranger, role::Owner, true, {}});
  s.user(stranger, "", "r2", 4);
  BOOST_TEST((s.imports() == std::map<uuid, std::string>{{org, ""}}));
  // The second one is the last: a record, then the importer joins.
  s.write(stranger, "there", 0, org, {entity::label, label}, events::label_created{"l", "#000000"});
  BOOST_TEST((s.imports() == std::map<uuid, std::string>{{org, ""}}));
  s.write(importer, "r3", 7, org, {entity::member, importer}, events::member_added{importer, role::Owner, true, {}});
  BOOST_TEST(s.imports().empty());
  // One of its own, and an undo, whose cause is what it takes back.
  s.write(importer, "r4", 0, org, {entity::label, new_uuid()}, events::label_created{"m", "#000000"});
  s.write(importer, "r5", 9, org, {entity::label, new_uuid()}, events::label_created{"n", "#000000"});
  std::vector<events::position> whole;
  for (events::position at = 1; at <= s.log->head(); ++at) whole.push_back(s.whole(at));
  BOOST_TEST((whole == std::vector<events::position>{0, 0, 3, 3, 3, 6, 6, 8, 9, 10}));
}

BOOST_AUTO_TEST_CASE(an_import_that_was_cancelled_is_so_after_a_restore) {
  script s;
  auto const stranger = new_uuid(), org = new_uuid();
  s.write(stranger, "there", 0, org, {entity::org, org}, events::org_created{"theirs", "theirs", "UTC", "USD"});
  s.write(new_uuid(), "r1", 0, org, {entity::org, org}, events::org_deleted{"theirs", "theirs"});
  BOOST_TEST((s.imports() == std::map<uuid, std::string>{{org, "cancelled"}}));
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
