#include "storage/sync_marker.hpp"

#include "tests/support/scratch_folder.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <rocksdb/env.h>

namespace alloy::storage {
namespace {

struct folder_on_disk {
  tests::scratch_folder scratch;
  std::string const path = scratch / "store";
  rocksdb::Env& env = *rocksdb::Env::Default();
  folder_on_disk() { std::filesystem::create_directory(path); }

  void overwrite(std::streamoff at) {
    std::fstream file(sync_marker::path_in(path), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file.put('!');
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(store_witness, folder_on_disk)

BOOST_AUTO_TEST_CASE(the_last_note_is_read_again) {
  BOOST_TEST(sync_marker::read(env, path) == 0U);
  sync_marker w(env, path);
  BOOST_TEST(sync_marker::read(env, path) == 0U);
  for (std::uint64_t n = 1; n < 10; ++n) {
    w.note(n * 1000000007);
    BOOST_TEST(sync_marker::read(env, path) == n * 1000000007);
  }
}

BOOST_AUTO_TEST_CASE(a_damaged_slot_leaves_the_one_before) {
  sync_marker w(env, path);
  w.note(5); // the first slot
  w.note(6);
  overwrite(512 + 9);
  BOOST_TEST(sync_marker::read(env, path) == 5U);
  overwrite(3);
  BOOST_TEST(sync_marker::read(env, path) == 0U);
  w.note(7);
  BOOST_TEST(sync_marker::read(env, path) == 7U);
}

BOOST_AUTO_TEST_CASE(opening_keeps_what_is_there) {
  { sync_marker(env, path).note(5); }
  sync_marker again(env, path);
  BOOST_TEST(sync_marker::read(env, path) == 5U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::storage
