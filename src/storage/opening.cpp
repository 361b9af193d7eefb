#include "storage/opening.hpp"

#include "storage/sync_marker.hpp"
#include "storage/wal_check.hpp"

#include <rocksdb/env.h>

namespace alloy::storage {
namespace {

bool is_wal(std::string_view name) {
  return name.ends_with(".log");
}
bool is_table(std::string_view name) {
  return name.ends_with(".sst");
}

std::string read_whole(rocksdb::Env& env, std::string const& folder, std::string const& name) {
  std::string bytes;
  auto const s = rocksdb::ReadFileToString(&env, folder + "/" + name, &bytes);
  if (!s.ok()) refuse_to_open(folder, name + " cannot be read: " + s.ToString());
  return bytes;
}

void examine_file(rocksdb::Env& env, std::string const& folder, std::string const& name) {
  auto const found = examine_log(read_whole(env, folder, name));
  if (found.end == log_end::altered)
    refuse_to_open(folder, name + " is damaged at byte " + std::to_string(found.offset) +
                               ": what stands there is not what was written");
}

// A folder without CURRENT is an empty store to RocksDB, which would then remove every table it does not know.
void examine_without_current(rocksdb::Env& env, settings const& s, std::vector<std::string> const& names) {
  if (s.read_only) refuse_to_open(s.path, "there is no store (no file CURRENT)");
  bool data = sync_marker::read(env, s.path) > 0;
  for (auto const& name : names) {
    std::uint64_t bytes = 0;
    data = data || is_table(name) || (is_wal(name) && env.GetFileSize(s.path + "/" + name, &bytes).ok() && bytes > 0);
  }
  if (data) refuse_to_open(s.path, "the file CURRENT is missing, but there is data beside it");
}

} // namespace

void refuse_to_open(std::string const& path, std::string const& why) {
  throw open_refused("the store in " + path + " was not opened: " + why +
                     ". Keep a copy of the folder as it is, then restore it from a backup");
}

void examine_folder(rocksdb::Env& env, settings const& s) {
  std::vector<std::string> names;
  auto const listed = env.GetChildren(s.path, &names);
  if (!listed.ok()) refuse_to_open(s.path, "the folder cannot be read: " + listed.ToString());
  auto const current = env.FileExists(s.path + "/CURRENT");
  if (current.IsNotFound()) return examine_without_current(env, s, names);
  if (!current.ok()) refuse_to_open(s.path, "CURRENT cannot be read: " + current.ToString());

  auto manifest = read_whole(env, s.path, "CURRENT");
  if (!manifest.starts_with("MANIFEST-") || !manifest.ends_with('\n'))
    refuse_to_open(s.path, "CURRENT does not name a MANIFEST");
  manifest.pop_back();
  examine_file(env, s.path, manifest);
  for (auto const& name : names)
    if (is_wal(name)) examine_file(env, s.path, name);
}

} // namespace alloy::storage
