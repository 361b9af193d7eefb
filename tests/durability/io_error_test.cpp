// The n-th operation of each kind fails, for n = 1, 2, 3 ... until a run meets no failure. Whatever fails: nothing
// acknowledged is lost, nothing is written after the first failure, and the store opens again.
#include "tests/durability/workload.hpp"

#include <boost/test/unit_test.hpp>
#include <optional>

namespace alloy::tests {
namespace {

constexpr int batches = 14;
constexpr std::uint64_t runs_max = 2000;

storage::settings tiny_store(faulty_filesystem& disk) {
  auto s = small_store(disk);
  s.write_buffer_bytes = 24u << 10; // two or three flushes a run
  s.wal_max_bytes = 32u << 10;
  return s;
}

std::string describe(fault const& f) {
  static constexpr char const* names[] = {"append", "overwrite", "sync",           "create",
                                          "rename", "remove",    "sync_directory", "read"};
  return std::string(names[static_cast<std::size_t>(f.what)]) + " " + std::to_string(f.nth) +
         (f.persistent ? " and all after it" : " alone") + (f.no_space ? " ENOSPC" : " EIO");
}

// Answers what was on disk once a commit had failed.
std::optional<faulty_filesystem::image> write_until_it_fails(faulty_filesystem& disk, workload& work) {
  storage::database db(tiny_store(disk));
  auto const log = events::open_rocksdb_log(db);
  bool failed = false;
  for (int i = 0; i < batches; ++i) {
    try {
      work.commit(db, *log, work.make_batch());
      BOOST_TEST(!failed, "a commit succeeded after one had failed");
    } catch (storage::write_failed const&) {
      failed = true;
      break;
    } catch (storage::read_failed const&) { // the disk had failed under a flush or a compaction
      failed = true;
      break;
    }
  }
  if (!failed) return {};
  auto left = disk.copy();
  // Fail-stop: with the disk well again, a commit still refuses, and RocksDB is not asked.
  disk.clear_faults();
  storage::transaction late(db);
  late.of(storage::family::local).put("late", "row");
  late.keep_command();
  BOOST_CHECK_THROW(late.commit(true), storage::write_failed);
  return left;
}

// False once the run has met no failure.
bool run(fault const& f, bool then_power_loss) {
  faulty_filesystem disk(f.nth);
  workload work(f.nth * 31 + static_cast<std::uint64_t>(f.what));
  disk.inject(f);
  std::optional<faulty_filesystem::image> left;
  try {
    left = write_until_it_fails(disk, work);
  } catch (storage::open_refused const&) {
  } catch (storage::write_failed const&) { // by the log's first commit
  } catch (storage::read_failed const&) {
  }
  bool const happened = disk.fault_happened();
  if (left) BOOST_TEST((disk.copy() == *left), "the disk was changed after the failure");
  disk.clear_faults();
  if (then_power_loss) disk.restore_power();

  storage::database db(tiny_store(disk));
  auto const log = events::open_rocksdb_log(db);
  work.check(db, *log);
  work.retry(db, *log);
  work.commit(db, *log, work.make_batch());
  work.check(db, *log);
  return happened;
}

void sweep(operation what) {
  std::size_t failures = 0;
  for (bool const no_space : {false, true})
    for (bool const persistent : {false, true})
      for (std::uint64_t n = 1; n <= runs_max; ++n) {
        fault const f{what, n, persistent, no_space};
        bool happened = false;
        try {
          happened = run(f, n % 2 == 0);
        } catch (std::exception const& e) {
          BOOST_ERROR(describe(f) << ": " << e.what());
          return;
        }
        if (!happened) break;
        ++failures;
        BOOST_TEST(n < runs_max, "no run ends without a failure");
      }
  BOOST_TEST_MESSAGE(describe({what, 1, false, false}) << " ...: " << failures << " failures injected");
  BOOST_TEST(failures > 0U);
}

} // namespace

BOOST_AUTO_TEST_SUITE(io_error)

BOOST_AUTO_TEST_CASE(append) {
  sweep(operation::append);
}
BOOST_AUTO_TEST_CASE(overwrite) {
  sweep(operation::overwrite);
}
BOOST_AUTO_TEST_CASE(sync) {
  sweep(operation::sync);
}
BOOST_AUTO_TEST_CASE(create) {
  sweep(operation::create);
}
BOOST_AUTO_TEST_CASE(rename) {
  sweep(operation::rename);
}
BOOST_AUTO_TEST_CASE(remove) {
  sweep(operation::remove);
}
BOOST_AUTO_TEST_CASE(sync_directory) {
  sweep(operation::sync_directory);
}
BOOST_AUTO_TEST_CASE(read) {
  sweep(operation::read);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::tests
