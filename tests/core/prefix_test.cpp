#include "core/prefix.hpp"

#include "core/key.hpp"
#include "tests/support/map_view.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy {

BOOST_AUTO_TEST_SUITE(prefixes)

BOOST_AUTO_TEST_CASE(rows_are_counted_and_named_under_their_prefix_alone) {
  tests::map_view rows;
  uuid a, b;
  a.bytes.fill(0x11);
  b.bytes.fill(0xff);
  auto const under = [](std::string_view name) { return key({}, table::label).add(name); };
  for (auto const& id : {b, a}) rows.put(under("x").add(std::uint64_t{1}).add(id), {});
  rows.put(under("xy").add(a), {});
  rows.put(key({}, table::project).add(a), {});
  BOOST_TEST(count_rows(rows, under("x")) == 2U);
  BOOST_TEST((ids_under(rows, under("x")) == std::vector{a, b}));
  BOOST_TEST(count_rows(rows, under("")) == 0U);
  BOOST_TEST(ids_under(rows, under("y")).empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy
