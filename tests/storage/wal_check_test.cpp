#include "storage/wal_check.hpp"

#include "core/crc.hpp"

#include <boost/test/unit_test.hpp>
#include <random>
#include <string>

namespace alloy::storage {
namespace {

// Written here a second time, from the format's description.
void append_record(std::string& file, unsigned type, std::string_view payload) {
  std::string covered(1, static_cast<char>(type));
  covered += payload;
  std::uint32_t const crc = crc32c(covered);
  std::uint32_t const masked = (crc >> 15 | crc << 17) + 0xa282ead8U;
  for (int shift = 0; shift < 32; shift += 8) file.push_back(static_cast<char>(masked >> shift));
  file.push_back(static_cast<char>(payload.size()));
  file.push_back(static_cast<char>(payload.size() >> 8));
  file += covered;
}

std::string sample(std::size_t records, std::uint64_t seed) {
  std::mt19937_64 rng(seed);
  std::string file;
  for (std::size_t i = 0; i < records; ++i) {
    std::size_t const left = 32768 - file.size() % 32768, payload = 20 + rng() % 2000;
    if (left < payload + 7) { // as a writer fills a block: a first part, then the rest in the next
      if (left >= 7)
        append_record(file, 2, std::string(left - 7, 'p'));
      else
        file.append(left, '\0');
      append_record(file, left >= 7 ? 4 : 1, std::string(payload, 'q'));
    } else {
      append_record(file, 1, std::string(payload, static_cast<char>(rng())));
    }
  }
  return file;
}

} // namespace

BOOST_AUTO_TEST_SUITE(wal_check)

BOOST_AUTO_TEST_CASE(what_was_written_is_whole) {
  BOOST_TEST((examine_log("").end == log_end::whole));
  for (std::uint64_t seed = 1; seed <= 20; ++seed) BOOST_TEST((examine_log(sample(100, seed)).end == log_end::whole));
}

BOOST_AUTO_TEST_CASE(a_prefix_is_never_taken_for_damage) {
  auto const file = sample(40, 7);
  for (std::size_t size = 0; size < file.size(); ++size)
    if (examine_log(file.substr(0, size)).end == log_end::altered) BOOST_ERROR("cut off at " << size);
}

BOOST_AUTO_TEST_CASE(zeros_behind_the_last_record_are_preallocation) {
  auto const file = sample(10, 3);
  BOOST_TEST((examine_log(file + std::string(5000, '\0')).end == log_end::torn));
  BOOST_TEST((examine_log(file + std::string(5000, '\0') + "x").end == log_end::altered));
}

BOOST_AUTO_TEST_CASE(every_changed_bit_is_found) {
  auto const file = sample(5, 11);
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    auto corruption_error = file;
    corruption_error[bit / 8] = static_cast<char>(corruption_error[bit / 8] ^ (1 << bit % 8));
    if (examine_log(corruption_error).end != log_end::altered) BOOST_ERROR("bit " << bit << " of " << file.size() * 8);
  }
}

BOOST_AUTO_TEST_CASE(a_changed_bit_is_found_in_a_log_of_many_blocks) {
  auto const file = sample(200, 13);
  BOOST_TEST_REQUIRE(file.size() > 4U * 32768);
  std::mt19937_64 rng(13);
  for (int i = 0; i < 300; ++i) {
    auto corruption_error = file;
    auto const byte = rng() % file.size();
    auto const changed = static_cast<char>(corruption_error[byte] ^ (1 << rng() % 8));
    bool const padding = 32768 - byte % 32768 < 7 && corruption_error[byte] == '\0';
    corruption_error[byte] = changed;
    if (!padding) BOOST_TEST((examine_log(corruption_error).end == log_end::altered), "byte " << byte);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::storage
