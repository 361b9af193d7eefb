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
  for (auto const& kind : local_kinds) from.put(local_key(kind.row).add_bytes("x"), "value");
  copy_local_rows(from, backup, &local_kind::by_backup);
  copy_local_rows(from, cluster, &local_kind::by_cluster);
  for (auto const& kind : local_kinds) {
    auto const key = local_key(kind.row).add_bytes("x").str();
    BOOST_TEST(backup.has(key) == (kind.by_backup == carried::copied));
    BOOST_TEST(cluster.has(key) == (kind.by_cluster == carried::copied));
  }
}

} // namespace
} // namespace alloy
