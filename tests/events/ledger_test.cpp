#include "events/ledger.hpp"

#include "core/base64.hpp"
#include "core/crypto.hpp"
#include "tests/support/map_view.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::events {
namespace {

uuid tenant(std::uint8_t n) {
  uuid id;
  id.bytes[0] = n;
  return id;
}

std::string leaf(reader const& state, uuid const& of, std::uint64_t seq) {
  std::string row;
  return state.get(leaf_key(of, seq), row) ? encode_hex(row) : "(none)";
}

} // namespace

BOOST_AUTO_TEST_SUITE(ledger)

BOOST_AUTO_TEST_CASE(a_tenant_without_records_is_at_its_beginning) {
  tests::map_view state;
  auto const head = head_of(state, tenant(1));
  BOOST_TEST(head.seq == 0U);
  BOOST_TEST(head.crc == 0U);
  BOOST_TEST(head.position == 0U);
}

BOOST_AUTO_TEST_CASE(each_tenant_has_a_head_of_its_own) {
  tests::map_view state;
  fold_record(state, tenant(1), 1, 10, 0xffffffff, "a");
  fold_record(state, tenant(2), 1, 12, 2, "b");
  fold_record(state, tenant(1), 2, 13, 3, "c");
  auto const one = head_of(state, tenant(1)), two = head_of(state, tenant(2));
  BOOST_TEST(one.seq == 2U);
  BOOST_TEST(one.position == 13U);
  BOOST_TEST(one.crc == 3U);
  BOOST_TEST(two.seq == 1U);
  BOOST_TEST(two.position == 12U);
  BOOST_TEST(two.crc == 2U);
}

// RFC 6962, section 2.1: the hash of a leaf is SHA-256(0x00 || the leaf).
BOOST_AUTO_TEST_CASE(a_leaf_is_its_position_and_the_hash_of_a_zero_byte_and_the_record) {
  tests::map_view state;
  fold_record(state, tenant(1), 1, 0x0102, 5, "");
  fold_record(state, tenant(1), 2, 0x0103, 6, std::string("re\0cord", 7));
  // SHA-256 of a single zero byte, as everyone knows it
  BOOST_TEST(leaf(state, tenant(1), 1) ==
             "00000000000001026e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  BOOST_TEST(leaf(state, tenant(1), 2) ==
             "0000000000000103" + encode_hex(crypto::view_of(crypto::sha256(std::string("\0re\0cord", 8)))));
  BOOST_TEST(leaf(state, tenant(1), 3) == "(none)");
  BOOST_TEST(leaf(state, tenant(2), 1) == "(none)");
}

BOOST_AUTO_TEST_CASE(the_leaves_of_a_tenant_come_in_order) {
  tests::map_view state;
  for (std::uint64_t n = 1; n <= 300; ++n) fold_record(state, tenant(1), n, n * 2, 0, std::to_string(n));
  std::uint64_t next = 0;
  auto const prefix = key(tenant(1), table::record_leaf).str();
  state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view, std::string_view row) {
    BOOST_TEST(big_endian_u64(row) == ++next * 2);
    return true;
  });
  BOOST_TEST(next == 300U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::events
