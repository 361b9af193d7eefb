#include "storage/database.hpp"
#include "storage/overlay.hpp"
#include "tests/support/map_view.hpp"
#include "tests/support/scratch_folder.hpp"

#include <boost/test/unit_test.hpp>
#include <random>

namespace alloy::storage {
namespace {

using tests::map_view;
using rows = map_view::rows_type;

rows scan_all(reader const& from, std::string_view lower, std::string_view upper) {
  rows all;
  from.scan(lower, upper, direction::ascending,
            [&](std::string_view k, std::string_view v) { return all.emplace(k, v).second; });
  return all;
}

std::vector<std::string> keys_descending(reader const& from, std::string_view lower, std::string_view upper) {
  std::vector<std::string> keys;
  from.scan(lower, upper, direction::descending, [&](std::string_view k, std::string_view) {
    keys.emplace_back(k);
    return true;
  });
  return keys;
}

struct rng {
  std::mt19937_64 engine;
  std::uint64_t operator()(std::uint64_t below) {
    return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(engine);
  }
  std::string key() { return std::string(1 + (*this)(2), static_cast<char>('a' + (*this)(12))); }
};

void compare(overlay const& seen, map_view const& model, rng& roll) {
  auto const lower = roll.key(), upper = roll(4) == 0 ? std::string() : roll.key();
  BOOST_TEST_REQUIRE((scan_all(seen, lower, upper) == scan_all(model, lower, upper)));
  BOOST_TEST_REQUIRE((keys_descending(seen, lower, upper) == keys_descending(model, lower, upper)));
  std::vector<std::string> const keys{roll.key(), roll.key(), roll.key()};
  BOOST_TEST_REQUIRE((seen.multi_get(keys) == model.multi_get(keys)));
}

} // namespace

BOOST_AUTO_TEST_SUITE(transaction_rows)

// Against maps: what is committed, what the batch adds, what the command at hand adds.
BOOST_AUTO_TEST_CASE(an_overlay_behaves_as_a_map_with_two_savepoints) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      rng roll{std::mt19937_64(seed)};
      map_view committed;
      for (std::uint64_t i = roll(20); i > 0; --i) committed.put(roll.key(), "committed");
      overlay under_test(committed);
      map_view kept = committed, current = committed;
      for (int step = 0; step < 120; ++step) {
        auto const key = roll.key();
        switch (roll(8)) {
        case 0:
          under_test.keep();
          kept = current;
          break;
        case 1:
          under_test.drop();
          current = kept;
          break;
        case 2:
        case 3:
          under_test.erase(key);
          current.erase(key);
          break;
        default: under_test.put(key, std::to_string(step)); current.put(key, std::to_string(step));
        }
        compare(under_test, current, roll);
      }
      under_test.drop();
      // What is left to write turns the committed rows into the kept ones.
      under_test.for_each([&](overlay::row const& r) {
        if (r.state == overlay::what::put)
          committed.put(r.key, r.value);
        else
          committed.erase(r.key);
      });
      BOOST_TEST((committed.rows() == kept.rows()));
      under_test.clear();
      BOOST_TEST(under_test.empty());
      compare(under_test, committed, roll);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_visitor_may_write_and_sees_the_rows_as_they_were) {
  map_view committed;
  committed.put("a", "1");
  committed.put("c", "1");
  overlay o(committed);
  o.put("b", std::string(100, 'x'));
  std::string seen;
  o.scan("", "", direction::ascending, [&](std::string_view k, std::string_view v) {
    o.put(k, std::string(5000, 'y'));
    o.put(std::string(k) + "2", "new");
    seen.append(k).append(":").append(v.substr(0, 1)).append(" ");
    return true;
  });
  BOOST_TEST(seen == "a:1 b:x c:1 ");
}

BOOST_AUTO_TEST_CASE(only_kept_commands_are_committed) {
  tests::scratch_folder folder;
  settings s;
  s.path = folder / "store";
  database db(s);
  transaction t(db);
  BOOST_TEST(t.empty());
  t.of(family::state).put("kept", "row");
  t.keep_command();
  BOOST_TEST(!t.empty());
  BOOST_TEST(t.bytes() == 7U);
  t.of(family::state).put("dropped", "row");
  t.of(family::state).erase("kept");
  t.drop_command();
  t.of(family::local).put("pending", "row");
  t.commit(true);
  BOOST_TEST(t.empty());
  BOOST_TEST(t.bytes() == 0U);
  BOOST_TEST(scan_all(db.latest(family::state), "", "").size() == 1U);
  BOOST_TEST(db.latest(family::state).has("kept"));
  BOOST_TEST(!db.latest(family::local).has("pending"));
  t.of(family::state).erase("kept"); // the transaction is used again
  t.keep_command();
  t.commit(false);
  BOOST_TEST(!db.latest(family::state).has("kept"));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::storage
