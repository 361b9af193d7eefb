#include "events/record.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::events {

BOOST_AUTO_TEST_SUITE(record_bytes)

BOOST_AUTO_TEST_CASE(a_frame_is_read_as_it_was_made) {
  auto const bytes = frame_record(0x01020304, 0x0506, "{\"a\":1}");
  BOOST_TEST(bytes.size() == record_header_bytes + 7);
  BOOST_TEST(bytes.substr(4, 6) == std::string("\x01\x02\x03\x04\x05\x06"));
  record_frame frame;
  BOOST_TEST_REQUIRE(parse_record(bytes, frame));
  BOOST_TEST(frame.previous_crc == 0x01020304U);
  BOOST_TEST(frame.count == 0x0506);
  BOOST_TEST(frame.json == "{\"a\":1}");
  BOOST_TEST(frame.crc != 0U);
}

// Stored bytes never change: this record stands for all that were ever written.
BOOST_AUTO_TEST_CASE(the_bytes_of_a_record_are_fixed) {
  // CRC-32C of the nine bytes "123456789" is e3069283 (RFC 3720's polynomial); here they are previous_crc, count, json.
  auto const bytes = frame_record(0x31323334, 0x3536, "789");
  BOOST_TEST(bytes == std::string("\xe3\x06\x92\x83"
                                  "123456789"));
}

BOOST_AUTO_TEST_CASE(every_changed_bit_and_every_cut_is_noticed) {
  auto const bytes = frame_record(7, 2, "{\"events\":[]}");
  record_frame frame;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    BOOST_TEST(!parse_record(changed, frame), "bit " << bit);
  }
  for (std::size_t size = 0; size < bytes.size(); ++size)
    BOOST_TEST(!parse_record(std::string_view(bytes).substr(0, size), frame), "size " << size);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::events
