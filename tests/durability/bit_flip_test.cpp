// Bytes change on disk while the server is down. A start after that either finds every row as it was, or is refused.
#include "events/log.hpp"
#include "tests/durability/seeds.hpp"
#include "tests/durability/workload.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

namespace alloy::tests {
namespace {

using rows = std::map<std::string, std::string>;
using image = faulty_filesystem::image;

struct written_store {
  image files;
  rows content;
};

std::string const witness_file = std::string(store_folder) + "/alloy.synced";

bool is_table(std::string_view name) {
  return name.ends_with(".sst");
}
bool is_wal(std::string_view name) {
  return name.ends_with(".log");
}
bool is_manifest(std::string_view name) {
  return name.find("/MANIFEST-") != std::string_view::npos;
}
bool is_current(std::string_view name) {
  return name.ends_with("/CURRENT");
}
bool holds_data(std::string_view name) {
  return is_table(name) || is_wal(name) || is_manifest(name) || is_current(name) || name == witness_file;
}

std::string last_wal(image const& files) {
  std::string last;
  for (auto const& [name, bytes] : files)
    if (is_wal(name) && !bytes.empty()) last = name;
  return last;
}

// Where records begin in a log of blocks of 32 KiB, as far as headers can be believed.
std::vector<std::size_t> record_offsets(std::string const& bytes) {
  std::vector<std::size_t> found;
  for (std::size_t at = 0; at + 7 <= bytes.size();) {
    if (32768 - at % 32768 < 7) {
      at += 32768 - at % 32768;
      continue;
    }
    found.push_back(at);
    auto const byte = [&](std::size_t i) {
      return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at + i]));
    };
    at += 7 + byte(4) + 256 * byte(5);
  }
  return found;
}

bool has_two_logs(image const& files) {
  auto const logs = std::ranges::count_if(files, [](auto const& f) { return is_wal(f.first) && !f.second.empty(); });
  return logs >= 2 && record_offsets(files.at(last_wal(files))).size() >= 6;
}

// A store with tables of each family on several levels and a log that is not yet in any table, as `kill -9` leaves it.
written_store write_store(std::uint64_t seed, bool stopped_cleanly) {
  faulty_filesystem disk(seed);
  workload work(seed);
  written_store made;
  {
    storage::database db(small_store(disk));
    auto const log = events::open_rocksdb_log(db);
    for (int i = 0; i < 150; ++i) work.commit(db, *log, work.make_batch());
    // How many logs there are depends on the background threads; the tests want two, and some records in the last.
    while (!has_two_logs(disk.copy())) work.commit(db, *log, work.make_batch());
    made.content = all_rows(db);
    made.files = disk.copy();
  }
  if (stopped_cleanly) made.files = disk.copy();
  return made;
}

enum class ending { identical, refused, changed };

ending start_with(image const& files, rows const& content) {
  faulty_filesystem disk(1);
  disk.load(files, store_folder);
  try {
    storage::database db(small_store(disk));
    auto const log = events::open_rocksdb_log(db);
    for (events::position next = 1; next <= log->head();) {
      auto const page = log->read(next, 100);
      next = page.back().first + page.back().count;
    }
    return all_rows(db) == content ? ending::identical : ending::changed;
  } catch (storage::open_refused const&) {
  } catch (storage::read_failed const&) {
  } catch (events::corruption_error const&) {
  }
  return ending::refused;
}

struct tally {
  std::size_t identical = 0, refused = 0;

  void add(image const& files, rows const& content, std::string const& what) {
    auto const how = start_with(files, content);
    BOOST_TEST((how != ending::changed), what << ": other rows were accepted");
    ++(how == ending::identical ? identical : refused);
  }
};

void flip(image& files, std::string const& name, std::size_t bit) {
  files[name][bit / 8] = static_cast<char>(files[name][bit / 8] ^ (1 << bit % 8));
}

} // namespace

BOOST_AUTO_TEST_SUITE(bit_flip)

BOOST_AUTO_TEST_CASE(a_store_without_a_flip_starts_as_it_was) {
  auto const made = write_store(1, false);
  BOOST_TEST((start_with(made.files, made.content) == ending::identical));
  BOOST_TEST(!last_wal(made.files).empty());
}

// Half of the stores without the witness, as after a loss of power that came before it reached the disk.
BOOST_AUTO_TEST_CASE(random_flips_end_in_the_same_rows_or_in_a_refusal) {
  constexpr int flips = 40;
  tally sum;
  for_each_seed(10, [&](std::uint64_t seed) {
    std::mt19937_64 rng(seed);
    auto const roll = [&](std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(rng); };
    auto made = write_store(seed, seed % 5 == 0);
    if (seed % 2 == 0) made.files.erase(witness_file);
    std::vector<std::string> names;
    for (auto const& [name, bytes] : made.files)
      if (holds_data(name) && !bytes.empty()) names.push_back(name);
    for (int i = 0; i < flips; ++i) {
      auto corruption_error = made.files;
      auto const& name = names[roll(names.size())];
      auto const bit = roll(corruption_error[name].size() * 8);
      flip(corruption_error, name, bit);
      sum.add(corruption_error, made.content,
              name + " bit " + std::to_string(bit) + "\n" + how_to_repeat(seed, "durability_test", "bit_flip"));
    }
  });
  BOOST_TEST_MESSAGE(sum.identical << " identical, " << sum.refused << " refused");
  BOOST_TEST(sum.refused > sum.identical / 4);
}

// The places where RocksDB alone takes a flip for the end of the file: headers, the last ones above all.
BOOST_AUTO_TEST_CASE(every_flip_in_the_headers_of_a_log_is_refused) {
  auto made = write_store(3, false);
  made.files.erase(witness_file);
  std::vector<std::string> names{last_wal(made.files)};
  for (auto const& [name, bytes] : made.files)
    if (is_manifest(name)) names.push_back(name);
  tally sum;
  std::size_t tried = 0;
  for (auto const& name : names) {
    auto offsets = record_offsets(made.files[name]);
    BOOST_TEST_REQUIRE(offsets.size() > 4U);
    std::vector<std::size_t> const chosen{offsets[0], offsets[1], offsets[offsets.size() - 2], offsets.back()};
    for (auto const offset : chosen)
      for (std::size_t bit = 0; bit < 7 * 8; ++bit) {
        auto corruption_error = made.files;
        flip(corruption_error, name, offset * 8 + bit);
        sum.add(corruption_error, made.content, name + " bit " + std::to_string(offset * 8 + bit));
        ++tried;
      }
  }
  BOOST_TEST(sum.refused == tried);
}

BOOST_AUTO_TEST_CASE(every_flip_in_current_is_refused) {
  auto made = write_store(4, true);
  auto const name = std::string(store_folder) + "/CURRENT";
  tally sum;
  auto const bits = made.files[name].size() * 8;
  for (std::size_t bit = 0; bit < bits; ++bit) {
    auto corruption_error = made.files;
    flip(corruption_error, name, bit);
    sum.add(corruption_error, made.content, "CURRENT bit " + std::to_string(bit));
  }
  BOOST_TEST(sum.refused == bits);
}

// RocksDB opens such a store as an older one. The witness knows better.
BOOST_AUTO_TEST_CASE(a_log_cut_off_anywhere_or_a_file_lost_is_refused) {
  auto const made = write_store(5, false);
  auto const wal = last_wal(made.files);
  std::mt19937_64 rng(5);
  for (int i = 0; i < 60; ++i) {
    auto corruption_error = made.files;
    auto const size = std::uniform_int_distribution<std::size_t>(0, corruption_error[wal].size() - 1)(rng);
    corruption_error[wal].resize(size);
    BOOST_TEST((start_with(corruption_error, made.content) == ending::refused), "cut off at " << size);
  }
  for (auto const& [name, bytes] : made.files) {
    if (!holds_data(name) || name == witness_file || bytes.empty()) continue;
    auto corruption_error = made.files;
    corruption_error.erase(name);
    BOOST_TEST((start_with(corruption_error, made.content) != ending::changed), "without " << name);
  }
}

BOOST_AUTO_TEST_CASE(a_clean_stop_leaves_no_log_to_replay) {
  auto const made = write_store(6, true);
  for (auto const& [name, bytes] : made.files)
    if (is_wal(name)) BOOST_TEST(record_offsets(bytes).size() <= 1U, name);
  auto without = made.files;
  std::erase_if(without, [](auto const& f) { return is_wal(f.first); });
  BOOST_TEST((start_with(without, made.content) == ending::identical));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::tests
