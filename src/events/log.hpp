#pragma once
// The log as an interface: append, read, tail, head. Nothing outside this room may know where the log lives.
// A record is one accepted command; its events take consecutive positions, so positions are dense over all events.
#include "core/id.hpp"
#include "storage/database.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace alloy::events {

using position = std::uint64_t; // 1, 2, 3 ... without gaps; 0 is "before the first"

struct new_record {
  uuid tenant;
  std::uint64_t tenant_seq = 0; // the place it wants in its tenant: 1, 2, 3 ...
  uuid command_id;
  bool keyed = false;      // the command_id comes from a client's key: remembered, so that a second one is a duplicate
  std::uint32_t count = 0; // events in it, at least 1
  std::string bytes;       // as codec.hpp made them; never changed afterwards
};

struct stored_record {
  position first = 0;
  std::uint32_t count = 0;
  std::string bytes;
};

enum class outcome : std::uint8_t {
  stored,
  duplicate, // this command_id is there already, at the position given
  conflict,  // another tenant_seq was expected, given in its place (never from the embedded log)
  refused,   // too large, or no events: nothing was written
  unknown,   // ask again with the same command_id
};

struct appended {
  outcome what = outcome::unknown;
  std::uint64_t value = 0; // position of the first event; for conflict the tenant's real head
};

struct corruption_error : std::runtime_error { // a gap, a bad checksum, a broken chain: every reader stops here
  using std::runtime_error::runtime_error;
};

class log {
 public:
  virtual ~log() = default;

  // All records and the rows that ride with them in one atomic, synced write. One thread at a time (the sequencer).
  // Throws storage::write_failed where the outcome is unknown. Records take positions from head() + 1 on, in order;
  // a duplicate or a refused one takes none (the sequencer has looked before, so in practice there are none here).
  virtual std::vector<appended> append(std::span<new_record const> records, storage::transaction& riding) = 0;

  // Whole records from the one that holds `from` on, at most `records_max`; empty at the end. Throws damaged at a gap.
  virtual std::vector<stored_record> read(position from, std::size_t records_max) const = 0;
  virtual position head() const noexcept = 0;
  // Waits until head() >= at; false after `wait`. For consumers that tail; any thread.
  virtual bool wait_for(position at, std::chrono::milliseconds wait) const = 0;
  virtual uuid identity() const noexcept = 0;
  // The position of the record with this (keyed) command_id, or 0.
  virtual position find(uuid const& command_id) const = 0;
};

struct log_settings {
  std::size_t record_max_bytes = 512u << 10;
};

std::unique_ptr<log> open_rocksdb_log(storage::database& db, log_settings s = {});
// For tests: records in memory; the riding rows still go to their database, unsynced.
std::unique_ptr<log> make_memory_log(log_settings s = {});

} // namespace alloy::events
