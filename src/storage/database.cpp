#include "storage/database.hpp"

#include "core/local_rows.hpp"
#include "storage/low_priority_env.hpp"
#include "storage/opening.hpp"
#include "storage/options.hpp"
#include "storage/rows.hpp"
#include "storage/store.hpp"

#include <rocksdb/env.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

namespace alloy::storage {
namespace {

void lock_or_refuse(rocksdb::Env& env, std::string const& path, rocksdb::FileLock*& lock) {
  auto const s = env.LockFile(path + "/LOCK", &lock);
  if (!s.ok())
    throw open_refused("the store in " + path +
                       " was not opened: its file LOCK cannot be locked, most likely because "
                       "another process has the store open. Stop that one first (" +
                       s.ToString() + ")");
}

void open_families(store& b) {
  rocksdb::LRUCacheOptions cache;
  cache.capacity = b.given.block_cache_bytes;
  cache.num_shard_bits = 2;
  cache.high_pri_pool_ratio = 0.5;
  b.cache = rocksdb::NewLRUCache(cache);
  constexpr std::pair<family, char const*> names[] = {
      {family::state, "default"}, {family::log, "log"}, {family::local, "local"}};
  std::vector<rocksdb::ColumnFamilyDescriptor> wanted;
  for (auto const& [f, name] : names) wanted.emplace_back(name, family_options(b.given, f, b.cache));

  auto options = database_options(b.given);
  if (!b.given.read_only) {
    b.watched = fail_stop_environment(*b.env, b.given.path, b.disk);
    options.env = b.watched.get();
  }
  if (b.given.rebuildable) {
    b.quiet = low_priority_env(*options.env);
    options.env = b.quiet.get();
  }
  std::vector<rocksdb::ColumnFamilyHandle*> opened;
  rocksdb::DB* db = nullptr;
  auto const s = b.given.read_only ? rocksdb::DB::OpenForReadOnly(options, b.given.path, wanted, &opened, &db)
                                   : rocksdb::DB::Open(options, b.given.path, wanted, &opened, &db);
  if (!s.ok()) refuse_to_open(b.given.path, b.disk->failed() ? b.disk->why() : s.ToString());
  b.db.reset(db);
  for (std::size_t f = 0; f < families; ++f) {
    b.handles[f] = opened[f];
    b.latest[f] = std::make_unique<committed_rows>(*b.db, *b.handles[f], *b.disk);
    b.recent[f] = std::make_unique<row_cache>(*b.latest[f], b.given.recent_rows_bytes);
  }
  if (b.disk->failed()) refuse_to_open(b.given.path, b.disk->why());
}

// Looks first: note() is only ever called with what is certain, so a store that ends before it has lost something.
void compare_with_witness(store& b) {
  auto const acknowledged = sync_marker::read(*b.env, b.given.path), reached = b.db->GetLatestSequenceNumber();
  if (reached < acknowledged)
    refuse_to_open(b.given.path, "acknowledged writes are missing: it ends at write " + std::to_string(reached) +
                                     ", but write " + std::to_string(acknowledged) +
                                     " was acknowledged, so a file was "
                                     "cut off or lost (to go on without these writes, remove " +
                                     sync_marker::path_in(b.given.path) + ")");
  if (b.given.read_only) return;
  b.synced.emplace(*b.env, b.given.path);
}

bool is_empty(store const& b) {
  bool empty = true;
  for (auto const& rows : b.latest)
    rows->scan({}, {}, direction::ascending, [&](std::string_view, std::string_view) { return empty = false; });
  return empty;
}

void write_schema(rocksdb::WriteBatch& batch, rocksdb::ColumnFamilyHandle* local) {
  std::string version;
  append_u64(version, database::schema);
  batch.Put(local, local_key(local_row::schema).str(), version);
}

void check_schema(store& b) {
  std::string version;
  if (b.latest[index_of(family::local)]->get(local_key(local_row::schema), version)) {
    auto const found = big_endian_u64(version);
    if (version.size() != 8 || found != database::schema)
      throw open_refused("the store in " + b.given.path + " was not opened: it is of schema " + std::to_string(found) +
                         " and this program knows schema " + std::to_string(database::schema) +
                         " only. Use the release that wrote it, or a newer one that says it takes this schema");
    return;
  }
  if (!is_empty(b)) refuse_to_open(b.given.path, "it has rows but does not say of which schema; is it Alloy's?");
  if (b.given.read_only) return;
  rocksdb::WriteBatch batch;
  write_schema(batch, b.handles[index_of(family::local)]);
  b.write(batch, true);
}

} // namespace

database::database(settings s) : body_(std::make_unique<body>()) {
  store& b = *body_;
  b.given = std::move(s);
  b.env = b.given.environment != nullptr ? b.given.environment : rocksdb::Env::Default();
  try {
    if (!b.given.read_only) {
      auto const made = b.env->CreateDirIfMissing(b.given.path);
      if (!made.ok()) refuse_to_open(b.given.path, "the folder cannot be made: " + made.ToString());
    } else if (b.env->FileExists(b.given.path + "/CURRENT").IsNotFound()) {
      refuse_to_open(b.given.path, "there is no store (no file CURRENT)");
    }
    lock_or_refuse(*b.env, b.given.path, b.lock);
    examine_folder(*b.env, b.given);
    if (!b.given.read_only) b.unlock(); // RocksDB takes it itself; a read-only one would not
    open_families(b);
    compare_with_witness(b);
    check_schema(b);
  } catch (open_refused const& e) {
    b.disk->fail(e.what()); // closes without a change
    throw;
  } catch (std::runtime_error const& e) {
    b.disk->fail(e.what());
    refuse_to_open(b.given.path, e.what());
  }
}

database::~database() = default;

reader const& database::latest(family f) const noexcept {
  return *body_->latest[index_of(f)];
}

std::unique_ptr<reader> database::snapshot(family f) const {
  auto& b = *body_;
  return std::make_unique<snapshot_rows>(*b.db, *b.handles[index_of(f)], *b.disk, b.db->GetSnapshot());
}

bool database::read_only() const noexcept {
  return body_->given.read_only;
}
std::string const& database::path() const noexcept {
  return body_->given.path;
}

void database::drop(family f) {
  auto& b = *body_;
  auto* const handle = b.handles[index_of(f)];
  std::string end;
  b.latest[index_of(f)]->scan({}, {}, direction::descending, [&](std::string_view key, std::string_view) {
    end = key;
    return false;
  });
  if (end.empty()) return;
  end.push_back('\0');
  rocksdb::WriteBatch batch;
  batch.DeleteRange(handle, rocksdb::Slice(), end);
  if (f == family::local) write_schema(batch, handle);
  b.write(batch, true);
  b.recent[index_of(f)]->clear();
  auto const s = b.db->CompactRange(rocksdb::CompactRangeOptions(), handle, nullptr, nullptr);
  if (!s.ok() || b.disk->failed()) throw write_failed("compacting after a drop: " + s.ToString() + b.disk->why());
}

void database::checkpoint(std::string const& folder) const {
  rocksdb::Checkpoint* made = nullptr;
  auto s = rocksdb::Checkpoint::Create(body_->db.get(), &made);
  std::unique_ptr<rocksdb::Checkpoint> const held(made);
  if (s.ok()) s = made->CreateCheckpoint(folder);
  if (!s.ok()) throw std::runtime_error("a checkpoint in " + folder + " was not made: " + s.ToString());
}

std::uint64_t database::free_bytes() const {
  std::uint64_t bytes = 0;
  auto const s = body_->env->GetFreeSpace(body_->given.path, &bytes);
  if (!s.ok()) throw read_failed("asking for the free space of " + body_->given.path + ": " + s.ToString());
  return bytes;
}

} // namespace alloy::storage
