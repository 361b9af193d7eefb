#include "core/id.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <thread>
#include <vector>

namespace alloy {

BOOST_AUTO_TEST_SUITE(ids)

BOOST_AUTO_TEST_CASE(only_the_canonical_form_is_an_id) {
  auto const id = parse_uuid("0190a5b0-7fff-7abc-8def-0123456789ab");
  BOOST_TEST_REQUIRE(id.has_value());
  BOOST_TEST(to_string(*id) == "0190a5b0-7fff-7abc-8def-0123456789ab");
  BOOST_TEST((parse_uuid("0190A5B0-7FFF-7ABC-8DEF-0123456789AB") == id));
  BOOST_TEST((uuid::from_view(id->view()) == *id));
  for (std::string const bad : {"", "0190a5b07fff7abc8def0123456789ab", "{0190a5b0-7fff-7abc-8def-0123456789ab}",
                                "0190a5b0-7fff-7abc-8def-0123456789a", "0190a5b0-7fff-7abc-8def-0123456789abc",
                                "0190a5b0-7fff-7abc-8def-0123456789ag", "0190a5b-07fff-7abc-8def-0123456789ab",
                                "0190a5b0-7fff-7abc-8def-0123456789 b", "urn:uuid:0190a5b0-7fff-7abc-8def-012"})
    BOOST_TEST(!parse_uuid(bad).has_value(), bad);
}

BOOST_AUTO_TEST_CASE(new_ids_are_of_version_7_and_ascend) {
  uuid before;
  for (int i = 0; i < 20'000; ++i) { // more than one millisecond's counter holds
    uuid const id = new_uuid();
    if (!(before < id) || id.bytes[6] >> 4 != 7 || id.bytes[8] >> 6 != 2) BOOST_FAIL("not in order: " << to_string(id));
    before = id;
  }
}

BOOST_AUTO_TEST_CASE(ids_of_many_threads_are_all_different) {
  std::vector<std::vector<uuid>> made(4);
  std::vector<std::thread> threads;
  for (auto& mine : made)
    threads.emplace_back([&mine] {
      for (int i = 0; i < 2000; ++i) mine.push_back(new_uuid());
    });
  for (auto& t : threads) t.join();
  std::vector<uuid> all;
  for (auto const& mine : made) {
    BOOST_TEST(std::is_sorted(mine.begin(), mine.end()));
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::sort(all.begin(), all.end());
  BOOST_TEST((std::adjacent_find(all.begin(), all.end()) == all.end()));
}

BOOST_AUTO_TEST_CASE(the_same_digest_gives_the_same_id) {
  std::string const digest(32, '\xff');
  BOOST_TEST(to_string(uuid_of_digest(digest)) == "ffffffff-ffff-8fff-bfff-ffffffffffff");
  BOOST_TEST((uuid_of_digest(digest) == uuid_of_digest(digest)));
  BOOST_TEST((uuid_of_digest(digest) != uuid_of_digest(std::string(32, '\xfe'))));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy
