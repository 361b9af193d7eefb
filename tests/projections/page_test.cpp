#include "projections/page.hpp"

#include "domain/entities.hpp"
#include "tests/support/decider.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::projections {
namespace {

using tests::id_of;

struct shelf {
  tests::map_view state;
  range all{"p/"};

  shelf() {
    for (char const* name : {"a", "b", "c", "d", "e"}) put(name);
    state.put("o/z", "before the range");
    state.put("p0", "behind the range");
  }
  void put(std::string const& name) { state.put("p/" + name, name); }
  page read(std::size_t limit, std::string const& after = {}) {
    return read_page(state, all, {limit, after}, [](std::string_view, std::string_view v, std::string& json) {
      json = v;
      return v != "skipped";
    });
  }
  std::string walk(std::size_t limit) {
    std::string out;
    for (std::string after;;) {
      auto const p = read(limit, after);
      for (auto const& row : p.rows) out += row;
      if (p.next.empty()) return out;
      out += '|';
      after = p.next;
    }
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(pages, shelf)

BOOST_AUTO_TEST_CASE(pages_follow_each_other_without_gaps_and_doubles) {
  BOOST_TEST(walk(1) == "a|b|c|d|e");
  BOOST_TEST(walk(2) == "ab|cd|e");
  BOOST_TEST(walk(4) == "abcd|e");
  BOOST_TEST(walk(5) == "abcde"); // a full last page has no next
  BOOST_TEST(walk(50) == "abcde");
}

BOOST_AUTO_TEST_CASE(a_range_is_read_backwards_too) {
  all.way = direction::descending;
  BOOST_TEST(walk(2) == "ed|cb|a");
  BOOST_TEST(walk(5) == "edcba");
}

BOOST_AUTO_TEST_CASE(what_comes_and_goes_moves_nobody_elses_place) {
  auto const first = read(2);
  BOOST_TEST(first.next == "b");
  put("aa");          // before the cursor
  state.erase("p/b"); // the cursor's own row
  put("bb");          // right behind it
  BOOST_TEST(read(2, first.next).rows == (std::vector<std::string>{"bb", "c"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(skipped_rows_count_for_nothing) {
  state.put("p/b", "skipped");
  state.put("p/e", "skipped");
  BOOST_TEST(walk(2) == "ac|d");
  BOOST_TEST(walk(3) == "acd");
}

BOOST_AUTO_TEST_CASE(an_empty_range_is_one_empty_page) {
  all.prefix = "q/";
  BOOST_TEST(read(2).rows.empty());
  BOOST_TEST(read(2).next.empty());
}

BOOST_AUTO_TEST_CASE(entities_are_read_by_the_rows_that_name_them_and_missing_ones_are_passed_over) {
  tests::map_view entities;
  for (unsigned n = 1; n <= 9; ++n) {
    entities.put("i/" + std::to_string(n), id_of(n).view());
    if (n == 4 || n == 9) continue; // named, but not there
    domain::label l;
    l.id = id_of(n);
    l.name = std::to_string(n);
    l.version = 1;
    domain::put(entities, id_of(100), l);
  }
  auto const walk_entities = [&](direction way, std::size_t limit, std::function<bool(std::string_view)> const& keep) {
    std::string out;
    for (std::string after;;) {
      auto const p = read_entities(
          entities, {"i/", way}, {limit, after},
          [](std::string_view, std::string_view id) {
            return domain::key_of<domain::label>(id_of(100), uuid::from_view(id)).str();
          },
          keep);
      for (auto const& row : p.rows) out += json::stored<domain::label>(row).name;
      if (p.next.empty()) return out;
      out += '|';
      after = p.next;
    }
  };
  BOOST_TEST(walk_entities(direction::ascending, 3, {}) == "123|567|8");
  BOOST_TEST(walk_entities(direction::ascending, 7, {}) == "1235678");
  BOOST_TEST(walk_entities(direction::descending, 4, {}) == "8765|321");
  auto const odd = [](std::string_view json) { return (json::stored<domain::label>(json).name[0] - '0') % 2 == 1; };
  BOOST_TEST(walk_entities(direction::ascending, 1, odd) == "1|3|5|7");
  BOOST_TEST(walk_entities(direction::descending, 2, odd) == "75|31");
  BOOST_TEST(walk_entities(direction::ascending, 1, [](std::string_view) { return false; }) == "");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::projections
