// Power is cut at a random change of the disk: while committing, flushing, compacting, opening or closing.
#include "tests/durability/seeds.hpp"
#include "tests/durability/workload.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::tests {
namespace {

struct totals {
  std::size_t acknowledged = 0, in_doubt = 0, cuts = 0, cuts_while_opening = 0;
};

// Opens, checks, writes; false once the power has gone.
bool live(faulty_filesystem& disk, workload& work, std::uint64_t batches, bool& opened) {
  storage::database db(small_store(disk));
  auto const log = events::open_rocksdb_log(db);
  opened = true;
  work.check(db, *log);
  work.retry(db, *log);
  for (std::uint64_t i = 0; i < batches; ++i) work.commit(db, *log, work.make_batch());
  return true;
}

void run(std::uint64_t seed, totals& sum) {
  std::mt19937_64 rng(seed);
  auto const roll = [&](std::uint64_t below) {
    return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(rng);
  };
  faulty_filesystem disk(seed);
  workload work(seed);
  for (int life = 0; life < 8; ++life) {
    if (roll(5) != 0) disk.cut_power_after(1 + roll(roll(2) == 0 ? 60 : 400));
    bool opened = false;
    try {
      live(disk, work, roll(40), opened);
    } catch (storage::write_failed const&) {
      if (!disk.power_is_off()) throw;
    } catch (storage::open_refused const&) {
      if (!disk.power_is_off()) throw;
    } catch (storage::read_failed const&) {
      if (!disk.power_is_off()) throw;
    }
    if (disk.power_is_off()) {
      ++sum.cuts;
      if (!opened) ++sum.cuts_while_opening;
    } else if (roll(2) == 0) {
      disk.cut_power(); // after a clean stop
    }
    disk.restore_power();
  }
  bool opened = false;
  live(disk, work, 1, opened);
  sum.acknowledged += work.acknowledged();
  sum.in_doubt += work.found_in_doubt();
}

} // namespace

BOOST_AUTO_TEST_SUITE(power_loss)

BOOST_AUTO_TEST_CASE(loses_nothing_acknowledged_and_leaves_a_store_that_opens) {
  totals sum;
  std::size_t seeds = 0;
  for_each_seed(200, [&](std::uint64_t seed) {
    try {
      run(seed, sum);
    } catch (std::exception const& e) {
      BOOST_ERROR(e.what() << "\n" << how_to_repeat(seed, "durability_test", "power_loss"));
    }
    ++seeds;
  });
  BOOST_TEST_MESSAGE(seeds << " seeds, " << sum.cuts << " cuts, " << sum.cuts_while_opening << " while opening, "
                           << sum.acknowledged << " records acknowledged, " << sum.in_doubt
                           << " batches there though not acknowledged");
  // A run in which nothing happens proves nothing.
  BOOST_TEST(sum.cuts >= 4 * seeds);
  BOOST_TEST(sum.acknowledged >= 50 * seeds);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::tests
