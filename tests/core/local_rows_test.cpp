#include "core/local_rows.hpp"

#include "tests/support/map_view.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy {
namespace {

// What is on people's disks.
BOOST_AUTO_TEST_CASE(keys_of_local_rows_are_the_bytes_they_always_were) {
  auto const id = parse_uuid("01020304-0506-7708-890a-0b0c0d0e0f10").value();
  std::string const bytes(id.view());
  std::string ms(8, '\0');
  ms.back() = 5;
  BOOST_TEST(local_key(local_row::kept_answer).add(id).str() == "a" + bytes);
  BOOST_TEST(local_key(local_row::kept_answer_expiry).add(5).add(id).str() == "x" + ms + bytes);
  BOOST_TEST(local_key(local_row::person_key).add(id).str() == "p" + bytes);
  BOOST_TEST(local_key(local_row::user_by_email).add_bytes("hmac").str() == "ehmac");
  BOOST_TEST(local_key(local_row::email_rule_version).str() == "m");
  BOOST_TEST(local_key(local_row::key_last_use).add(id).str() == "u" + bytes);
  BOOST_TEST(local_key(local_row::consumer).add(id).add_bytes("name").str() == "c" + bytes + "name");
  BOOST_TEST(local_key(local_row::import_under_way).add(id).str() == "h" + bytes);
  BOOST_TEST(local_key(local_row::used_key).add(id).str() == "k" + bytes);
  BOOST_TEST(local_key(local_row::log_identity).str() == "i");
  BOOST_TEST(local_key(local_row::schema).str() == "\xff\xff"
                                                   "alloy.schema");
}

BOOST_AUTO_TEST_CASE(a_local_row_is_known_by_its_key) {
  for (auto const& kind : local_kinds) {
    auto const key = local_key(kind.row).add_bytes("columns").str();
    BOOST_TEST((local_row_of(key) == kind.row));
    BOOST_TEST(columns_of(kind.row, key) == "columns");
  }
  BOOST_TEST(!local_row_of("?").has_value());
  BOOST_TEST(!local_row_of("").has_value());
}

BOOST_AUTO_TEST_CASE(rows_are_copied_as_the_column_says) {
  tests::map_view from, backup, cluster;
  tests::map_view const nothing;
  for (auto const& kind : local_kinds) from.put(local_key(kind.row).add_bytes("x"), "value");
  restore_local_rows(from, backup, {nothing, 1});
  copy_local_rows(from, cluster);
  for (auto const& kind : local_kinds) {
    auto const key = local_key(kind.row).add_bytes("x").str();
    BOOST_TEST(!backup.has(key)); // nothing that they are about is there
    BOOST_TEST(cluster.has(key) == (kind.by_cluster == carried::copied));
  }
}

BOOST_AUTO_TEST_CASE(a_restore_takes_a_bounded_row_as_far_as_the_log_has_what_it_is_about) {
  auto const known = new_uuid(), unknown = new_uuid(), invite = new_uuid(), org = new_uuid();
  tests::map_view state, from, into;
  state.put(key(identity_tenant, table::user).add(known), "a user");
  state.put(key(identity_tenant, table::api_key).add(known), "a key");
  state.put(key(org, table::org).add(org), "an organization");
  for (auto const& id : {known, unknown, invite})
    for (auto const row : {local_row::person_key, local_row::key_last_use, local_row::known_networks})
      from.put(local_key(row).add(id), "value");
  from.put(local_key(local_row::user_by_email).add_bytes("an address"), known.view()); // the start makes them anew
  auto const bookmark = [](std::uint64_t at) { return json::to_string(consumer_row{"c", at, {}}); };
  from.put(local_key(local_row::consumer).add(org).add_bytes("before"), bookmark(30));
  from.put(local_key(local_row::consumer).add(org).add_bytes("behind"), bookmark(64));
  from.put(local_key(local_row::consumer).add(unknown).add_bytes("c"), bookmark(1));
  restore_local_rows(from, into, {state, 31, [&](uuid const& id) { return id == invite; }});
  for (auto const row : {local_row::key_last_use, local_row::known_networks, local_row::person_key}) {
    BOOST_TEST(into.has(local_key(row).add(known)));
    BOOST_TEST(!into.has(local_key(row).add(unknown)));
    BOOST_TEST(into.has(local_key(row).add(invite)) == (row == local_row::person_key));
  }
  BOOST_TEST(!into.has(local_key(local_row::user_by_email).add_bytes("an address")));
  std::string value;
  BOOST_TEST_REQUIRE(into.get(local_key(local_row::consumer).add(org).add_bytes("before"), value));
  BOOST_TEST(value == bookmark(30));
  BOOST_TEST_REQUIRE(into.get(local_key(local_row::consumer).add(org).add_bytes("behind"), value));
  BOOST_TEST(value == bookmark(31));
  BOOST_TEST(!into.has(local_key(local_row::consumer).add(unknown).add_bytes("c")));
}

} // namespace
} // namespace alloy
