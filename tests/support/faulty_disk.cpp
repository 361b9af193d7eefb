#include "tests/support/faulty_disk.hpp"

#include <algorithm>

namespace alloy::tests {
namespace {

constexpr std::size_t sector_bytes = 512;

} // namespace

rocksdb::IOStatus faulty_filesystem::state::fail(operation what) {
  if (!injected || injected->what != what) return rocksdb::IOStatus::OK();
  ++seen;
  if (seen < injected->nth || (seen > injected->nth && !injected->persistent)) return rocksdb::IOStatus::OK();
  happened = true;
  return injected->no_space ? rocksdb::IOStatus::NoSpace("injected") : rocksdb::IOStatus::IOError("injected");
}

rocksdb::IOStatus faulty_filesystem::state::readable(std::uint64_t file_generation) {
  return off || file_generation != generation ? dead() : fail(operation::read);
}

void faulty_filesystem::state::rename(name_change const& c, std::map<std::string, node>& in) const {
  if (!c.from.empty()) in.erase(c.from);
  if (!c.to.empty()) in[c.to] = c.file;
}

void faulty_filesystem::state::apply(name_change c) {
  rename(c, names);
  unsynced_names.push_back(std::move(c));
}

void faulty_filesystem::state::sync_names() {
  for (auto const& c : unsynced_names) rename(c, durable_names);
  unsynced_names.clear();
}

void faulty_filesystem::state::lose_power() {
  auto const survivors = roll(unsynced_names.size() + 1);
  unsynced_names.resize(survivors);
  sync_names();
  names = durable_names;
  for (auto& [name, file] : names) {
    if (file->before) {
      for (auto const& [at, bytes] : file->overwrites)
        if (roll(2) == 0) file->before->replace(at, bytes.size(), bytes);
      file->bytes = std::move(*file->before);
    } else if (file->bytes.size() > file->synced) {
      auto const kind = roll(4); // all, nothing, or torn
      auto keep = kind == 0 ? file->bytes.size() : file->synced;
      if (kind > 1) {
        keep += roll(file->bytes.size() - file->synced + 1);
        keep = std::max(file->synced, keep / sector_bytes * sector_bytes);
      }
      file->bytes.resize(keep);
    }
    file->before.reset();
    file->overwrites.clear();
    file->synced = file->bytes.size();
  }
  locked.clear();
}

} // namespace alloy::tests
