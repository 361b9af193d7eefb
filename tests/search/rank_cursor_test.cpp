#include "search/rank_cursor.hpp"

#include "core/key.hpp"
#include "tests/support/map_view.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>
#include <set>

namespace alloy::projections {
namespace {

rank rank_at(std::uint64_t n) {
  return rank::of({static_cast<std::int64_t>(n)}, uuid{});
}

std::string prefix_of(unsigned n) {
  std::string prefix = "index";
  append_u64(prefix, n);
  return prefix;
}

// Sets with members at random, and what is in any of them.
struct sets_at_random {
  sets_at_random(unsigned count, std::mt19937& random) {
    for (unsigned n = 0; n < count; ++n) {
      prefixes.push_back(prefix_of(2 * n)); // sets that are not asked for stand between them
      for (auto left = random() % 6; left > 0; --left) {
        auto const r = rank_at(random() % 200);
        state.put(prefixes.back() + std::string(r.view()), "");
        members.insert(r);
      }
      state.put(prefix_of(2 * n + 1) + std::string(rank_at(random() % 200).view()), "");
    }
    std::ranges::shuffle(prefixes, random);
  }

  tests::map_view state;
  std::vector<std::string> prefixes;
  std::set<rank> members;
};

template <class At> void compare(rank_cursor& found, At at, At const end) {
  for (; at != end; ++at, found.next()) {
    BOOST_REQUIRE(found.valid());
    BOOST_TEST((found.at() == *at));
  }
  BOOST_TEST(!found.valid());
}

} // namespace

BOOST_AUTO_TEST_SUITE(rank_cursors)

BOOST_AUTO_TEST_CASE(few_and_many_sets_are_walked_in_order_and_each_member_once) {
  std::mt19937 random(4711); // NOLINT: the same each time
  for (unsigned const count : {1U, 2U, 64U, 65U, 300U}) {
    sets_at_random const of(count, random);
    auto const up = members_of_any(of.state, of.prefixes, direction::ascending);
    up->start();
    compare(*up, of.members.begin(), of.members.end());
    auto const down = members_of_any(of.state, of.prefixes, direction::descending);
    down->start();
    compare(*down, of.members.rbegin(), of.members.rend());
  }
}

BOOST_AUTO_TEST_CASE(a_jump_goes_to_the_first_member_there_or_behind_it) {
  std::mt19937 random(4712); // NOLINT
  for (unsigned const count : {3U, 100U})
    for (int run = 0; run < 50; ++run) {
      sets_at_random const of(count, random);
      auto const up = members_of_any(of.state, of.prefixes, direction::ascending);
      auto const down = members_of_any(of.state, of.prefixes, direction::descending);
      auto const first = rank_at(random() % 100), second = rank_at(100 + random() % 100);
      up->seek(first);
      auto at = of.members.lower_bound(first);
      BOOST_REQUIRE(up->valid() == (at != of.members.end()));
      if (up->valid()) BOOST_TEST((up->at() == *at));
      up->seek(second);
      compare(*up, of.members.lower_bound(second), of.members.end());
      down->seek(second);
      down->seek(first);
      compare(*down, std::make_reverse_iterator(of.members.upper_bound(first)), of.members.rend());
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::projections
