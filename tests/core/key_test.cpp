#include "core/key.hpp"

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>
#include <tuple>

namespace alloy {
namespace {

uuid any_id() { // few different ones, so that they are often the same
  uuid id;
  id.bytes[0] = *rc::gen::element<std::uint8_t>(0, 1, 0x7f, 0x80, 0xff);
  id.bytes[15] = *rc::gen::element<std::uint8_t>(0, 1, 0xff);
  return id;
}

// Text without a 0x00, often the beginning of another.
std::string any_text() {
  return *rc::gen::container<std::string>(rc::gen::element('a', 'b', '\x01', '\x7f', '\xff'));
}

std::uint64_t any_number() {
  return *rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(0, 3), rc::gen::arbitrary<std::uint64_t>());
}

table any_table() {
  return *rc::gen::element(table::tenant_head, table::org, table::ticket, table::session_by_user);
}

} // namespace

BOOST_AUTO_TEST_SUITE(keys)

BOOST_AUTO_TEST_CASE(a_key_is_the_tenant_the_table_and_the_columns) {
  uuid tenant;
  tenant.bytes.fill(0x11);
  auto const k = key(tenant, table::org).add(std::uint64_t{0x0102030405060708}).add_byte(9).add("ab").str();
  BOOST_TEST(k == std::string(16, '\x11') + std::string("\x0a\x01\x02\x03\x04\x05\x06\x07\x08\x09"
                                                        "ab\0",
                                                        13));
}

RC_BOOST_PROP(keys_are_ordered_as_their_columns_are, ()) {
  using columns = std::tuple<uuid, table, std::string, std::uint64_t, std::uint8_t, std::string, uuid>;
  auto const any = [] {
    return columns{any_id(),   any_table(), any_text(), any_number(), *rc::gen::arbitrary<std::uint8_t>(),
                   any_text(), any_id()};
  };
  auto const bytes = [](columns const& c) {
    auto const& [tenant, t, name, number, byte, last, id] = c;
    return key(tenant, t).add(name).add(number).add_byte(byte).add(last).add(id).str();
  };
  // Columns that agree in the front ones are what an order can get wrong.
  columns const a = any();
  columns b = any();
  if (*rc::gen::arbitrary<bool>()) std::get<0>(b) = std::get<0>(a), std::get<1>(b) = std::get<1>(a);
  if (*rc::gen::arbitrary<bool>()) std::get<2>(b) = std::get<2>(a);
  if (*rc::gen::arbitrary<bool>()) std::get<3>(b) = std::get<3>(a);
  auto const by_columns = [](columns const& l, columns const& r) {
    auto const text = [](std::string const& s) { return std::vector<unsigned char>(s.begin(), s.end()); };
    auto const comparable = [&](columns const& c) {
      return std::tuple(std::get<0>(c), std::get<1>(c), text(std::get<2>(c)), std::get<3>(c), std::get<4>(c),
                        text(std::get<5>(c)), std::get<6>(c));
    };
    return comparable(l) < comparable(r);
  };
  RC_ASSERT((bytes(a) < bytes(b)) == by_columns(a, b));
  RC_ASSERT((bytes(a) == bytes(b)) == (a == b));
}

RC_BOOST_PROP(what_begins_with_a_prefix_lies_before_what_is_behind_it, (std::string const& rest)) {
  auto const prefix = key(any_id(), any_table()).add(any_text()).str();
  auto const inside = prefix + rest;
  RC_ASSERT(prefix <= inside);
  RC_ASSERT(inside < after_prefix(prefix));
  auto const other = key(any_id(), any_table()).add(any_text()).str();
  RC_ASSERT(other.starts_with(prefix) == (prefix <= other && other < after_prefix(prefix)));
}

BOOST_AUTO_TEST_CASE(the_end_of_a_prefix_carries_over_ff) {
  BOOST_TEST(after_prefix("a") == "b");
  BOOST_TEST(after_prefix("a\xff\xff") == "b");
  BOOST_TEST(after_prefix("a\x7f") == "a\x80");
  BOOST_TEST(after_prefix("\xff").empty()); // to the last row
}

RC_BOOST_PROP(numbers_are_read_back, (std::uint64_t n)) {
  std::string bytes;
  append_u64(bytes, n);
  RC_ASSERT(bytes.size() == 8U);
  RC_ASSERT(big_endian_u64(bytes) == n);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy
