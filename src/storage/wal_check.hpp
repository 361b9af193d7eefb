#pragma once
// Examines RocksDB's write-ahead log and MANIFEST before RocksDB reads them, because its reader takes two kinds of
// damage for the end of the file and goes on without what lies behind: a changed length that runs past the end of the
// file, and a changed type byte. Both files are runs of blocks of 32 KiB that hold
//   physical record := crc32c(type, payload), masked, u32le | length u16le | type u8 | payload
// and a record never crosses a block. Pure functions, any thread.
#include <cstdint>
#include <string_view>

namespace alloy::storage {

enum class log_end : std::uint8_t {
  whole,   // every record is complete
  torn,    // the last record is cut off, as a write that was never acknowledged may be
  altered, // some byte is not what was written
};

struct log_verdict {
  log_end end = log_end::whole;
  std::uint64_t offset = 0; // of the record that is torn or altered
};

// Any change of a single byte is found, but for one chance in about 10^5 that a torn record passes for an altered one:
// complete records by their checksum, and a record that runs past the end is `torn` only if no shorter payload has
// the checksum in its header (so its length was not changed). A file cut off shows as `whole` or `torn`: see
// sync_marker.hpp.
log_verdict examine_log(std::string_view file) noexcept;

} // namespace alloy::storage
