#pragma once
// What faulty_filesystem.cpp's files share: the bytes, what of them is synced, the faults and the power switch.
// Every function expects the mutex to be held.
#include "tests/support/faulty_filesystem.hpp"

#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <vector>

namespace alloy::tests {

struct inode {
  std::string bytes;
  std::size_t synced = 0;            // bytes before it survive
  std::optional<std::string> before; // as of the last sync, once something was overwritten
  std::vector<std::pair<std::size_t, std::string>> overwrites;
};

struct faulty_filesystem::state {
  using node = std::shared_ptr<inode>;
  struct name_change { // a creation has no `from`, a removal no `to`
    std::string from, to;
    node file;
  };

  mutable std::mutex mutex;
  std::mt19937_64 rng;
  std::map<std::string, node> names, durable_names;
  std::vector<name_change> unsynced_names;
  std::set<std::string> folders, locked;

  bool off = false;
  std::uint64_t generation = 0; // of files: raised when the power comes back
  std::uint64_t changes = 0;
  std::optional<std::uint64_t> cut_in;
  std::optional<fault> injected;
  std::uint64_t seen = 0; // operations of the injected kind
  bool happened = false;

  explicit state(std::uint64_t seed) : rng(seed) {}

  std::uint64_t roll(std::uint64_t sides) { return std::uniform_int_distribution<std::uint64_t>(0, sides - 1)(rng); }

  // Runs `act` unless a fault or the power forbids it; `partly` is what a failing operation may leave behind.
  template <class Act, class Partly>
  rocksdb::IOStatus change(operation what, std::uint64_t file_generation, Act act, Partly partly) {
    if (off || file_generation != generation) return dead();
    ++changes;
    if (cut_in && --*cut_in == 0) {
      cut_in.reset();
      off = true;
      if (roll(2) == 0) act();
      return dead();
    }
    if (auto const s = fail(what); !s.ok()) {
      partly();
      return s;
    }
    act();
    return rocksdb::IOStatus::OK();
  }
  template <class Act> rocksdb::IOStatus change(operation what, std::uint64_t file_generation, Act act) {
    return change(what, file_generation, act, [] {});
  }

  static rocksdb::IOStatus dead() { return rocksdb::IOStatus::IOError("the power is off"); }
  rocksdb::IOStatus fail(operation what);
  rocksdb::IOStatus readable(std::uint64_t file_generation);
  void rename(name_change const& c, std::map<std::string, node>& in) const;
  void apply(name_change c); // to the live names, remembered as unsynced
  void sync_names();
  void lose_power();
};

} // namespace alloy::tests
