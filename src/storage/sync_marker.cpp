#include "storage/sync_marker.hpp"

#include "core/crc.hpp"
#include "core/key.hpp"

#include <algorithm>
#include <rocksdb/env.h>
#include <stdexcept>

namespace alloy::storage {
namespace {

constexpr std::size_t sector_bytes = 512, slots = 2, line_bytes = 20;
constexpr std::string_view magic = "alloysyn";
constexpr auto sync_every = std::chrono::seconds(1);

void need(rocksdb::Status const& s, char const* what) {
  if (!s.ok()) throw std::runtime_error(std::string(what) + " alloy.synced: " + s.ToString());
}

std::string line_of(std::uint64_t sequence) {
  std::string line(magic);
  append_u64(line, sequence);
  std::uint32_t const crc = crc32c(line);
  for (int shift = 24; shift >= 0; shift -= 8) line.push_back(static_cast<char>(crc >> shift));
  return line;
}

} // namespace

std::uint64_t sync_marker::read(rocksdb::Env& env, std::string const& folder) {
  std::string bytes;
  if (!rocksdb::ReadFileToString(&env, path_in(folder), &bytes).ok()) return 0;
  std::uint64_t highest = 0;
  for (std::size_t at = 0; at + line_bytes <= bytes.size() && at < slots * sector_bytes; at += sector_bytes) {
    auto const line = std::string_view(bytes).substr(at, line_bytes);
    std::uint64_t const sequence = big_endian_u64(line.substr(magic.size(), 8));
    if (line == line_of(sequence)) highest = std::max(highest, sequence);
  }
  return highest;
}

sync_marker::sync_marker(rocksdb::Env& env, std::string const& folder) : synced_(std::chrono::steady_clock::now()) {
  rocksdb::EnvOptions const options;
  std::uint64_t size = 0;
  if (!env.GetFileSize(path_in(folder), &size).ok() || size != slots * sector_bytes) {
    std::unique_ptr<rocksdb::WritableFile> fresh;
    need(env.NewWritableFile(path_in(folder), &fresh, options), "creating");
    need(fresh->Append(std::string(slots * sector_bytes, '\0')), "writing");
    need(fresh->Sync(), "syncing");
    need(fresh->Close(), "closing");
  }
  need(env.NewRandomRWFile(path_in(folder), &file_, options), "opening");
}

sync_marker::~sync_marker() = default;

void sync_marker::note(std::uint64_t sequence) {
  need(file_->Write(slot_ * sector_bytes, line_of(sequence)), "writing");
  slot_ = (slot_ + 1) % slots;
  if (std::chrono::steady_clock::now() - synced_ >= sync_every) sync();
}

void sync_marker::sync() {
  need(file_->Sync(), "syncing");
  synced_ = std::chrono::steady_clock::now();
}

} // namespace alloy::storage
