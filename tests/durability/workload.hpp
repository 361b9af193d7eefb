#pragma once
// A small server without a server: batches of commands become records, rows folded from them and an answer kept for
// retries, in one synced commit; and the check of what a store must hold after a crash. One thread.
#include "events/log.hpp"
#include "tests/support/faulty_filesystem.hpp"

#include <map>
#include <random>
#include <vector>

namespace alloy::tests {

inline constexpr char const* store_folder = "/store";

// Small buffers, so that a short run flushes, compacts and changes logs.
storage::settings small_store(faulty_filesystem& disk);

struct command {
  uuid id;
  std::string bytes; // the record
  std::uint32_t count = 1;
};

class workload {
 public:
  explicit workload(std::uint64_t seed) : rng_(seed) {}

  std::vector<command> make_batch();
  // One synced commit. What was in flight when it throws is remembered as in doubt.
  void commit(storage::database& db, events::log& log, std::vector<command> const& batch);
  // Everything acknowledged is there, once, in its order; behind it stands nothing, or a whole batch that was in
  // doubt; state, answers and log agree. Throws std::logic_error that says what is wrong; else accepts what it found.
  void check(storage::database& db, events::log& log);
  // The batch in doubt once more, with the same ids: afterwards it is there exactly once.
  void retry(storage::database& db, events::log& log);

  std::size_t acknowledged() const noexcept { return acknowledged_.size(); }
  std::size_t found_in_doubt() const noexcept { return found_in_doubt_; }

 private:
  std::mt19937_64 rng_;
  std::vector<command> acknowledged_, in_doubt_;
  std::size_t found_in_doubt_ = 0;
  std::uint64_t made_ = 0;
};

// Every row of every family, for comparing stores.
std::map<std::string, std::string> all_rows(storage::database& db);

} // namespace alloy::tests
