#include "storage/fail_stop.hpp"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <string_view>

namespace alloy::storage {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;
using disk = std::shared_ptr<disk_state>;

// Absent files and functions a file system does not have are answers, not failures.
bool is_failure(IOStatus const& s) {
  return !s.ok() && !s.IsNotFound() && !s.IsPathNotFound() && !s.IsNotSupported();
}

template <class Change> IOStatus change(disk_state& on, Change act) {
  IOStatus s;
  {
    std::shared_lock const changing(on.changing);
    if (on.failed()) return s;
    s = act();
  }
  if (!is_failure(s)) return s;
  on.fail(s.ToString());
  return IOStatus::OK();
}

class watched_file : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  using below = rocksdb::FSWritableFileOwnerWrapper;
  watched_file(std::unique_ptr<rocksdb::FSWritableFile>&& file, disk on) : below(std::move(file)), on_(std::move(on)) {}

  IOStatus Append(Slice const& data, IOOptions const& o, IODebugContext* d) override {
    return change(*on_, [&] { return below::Append(data, o, d); });
  }
  IOStatus Append(Slice const& data, IOOptions const& o, rocksdb::DataVerificationInfo const& v,
                  IODebugContext* d) override {
    return change(*on_, [&] { return below::Append(data, o, v, d); });
  }
  IOStatus PositionedAppend(Slice const& data, std::uint64_t at, IOOptions const& o, IODebugContext* d) override {
    return change(*on_, [&] { return below::PositionedAppend(data, at, o, d); });
  }
  IOStatus PositionedAppend(Slice const& data, std::uint64_t at, IOOptions const& o,
                            rocksdb::DataVerificationInfo const& v, IODebugContext* d) override {
    return change(*on_, [&] { return below::PositionedAppend(data, at, o, v, d); });
  }
  IOStatus Truncate(std::uint64_t size, IOOptions const& o, IODebugContext* d) override {
    return change(*on_, [&] { return below::Truncate(size, o, d); });
  }
  // The descriptor is closed in any case.
  IOStatus Close(IOOptions const& o, IODebugContext* d) override {
    auto const s = below::Close(o, d);
    return change(*on_, [&] { return s; });
  }
  IOStatus Flush(IOOptions const& o, IODebugContext* d) override {
    return change(*on_, [&] { return below::Flush(o, d); });
  }
  IOStatus Sync(IOOptions const& o, IODebugContext* d) override {
    return change(*on_, [&] { return below::Sync(o, d); });
  }
  IOStatus Fsync(IOOptions const& o, IODebugContext* d) override {
    return change(*on_, [&] { return below::Fsync(o, d); });
  }
  IOStatus RangeSync(std::uint64_t at, std::uint64_t bytes, IOOptions const& o, IODebugContext* d) override {
    return change(*on_, [&] { return below::RangeSync(at, bytes, o, d); });
  }

 private:
  disk on_;
};

// What a file is that could not be made any more.
class sunken_file : public rocksdb::FSWritableFile {
 public:
  using rocksdb::FSWritableFile::Append;
  IOStatus Append(Slice const&, IOOptions const&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Close(IOOptions const&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(IOOptions const&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(IOOptions const&, IODebugContext*) override { return IOStatus::OK(); }
  bool IsSyncThreadSafe() const override { return true; }
};

class watched_folder : public rocksdb::FSDirectoryWrapper {
 public:
  using below = rocksdb::FSDirectoryWrapper;
  watched_folder(std::unique_ptr<rocksdb::FSDirectory>&& folder, disk on)
      : below(std::move(folder)), on_(std::move(on)) {}
  IOStatus Fsync(IOOptions const& o, IODebugContext* d) override {
    return change(*on_, [&] { return below::Fsync(o, d); });
  }
  IOStatus FsyncWithDirOptions(IOOptions const& o, IODebugContext* d, rocksdb::DirFsyncOptions const& how) override {
    return change(*on_, [&] { return below::FsyncWithDirOptions(o, d, how); });
  }

 private:
  disk on_;
};

class watched_disk : public rocksdb::FileSystemWrapper {
 public:
  using below = rocksdb::FileSystemWrapper;
  using file = std::unique_ptr<rocksdb::FSWritableFile>;

  watched_disk(std::shared_ptr<rocksdb::FileSystem> const& files, std::string folder, disk on)
      : below(files), folder_(std::move(folder)), on_(std::move(on)) {}
  char const* Name() const override { return "watched_disk"; }

  IOStatus NewWritableFile(std::string const& name, rocksdb::FileOptions const& o, file* out,
                           IODebugContext* d) override {
    return make(name, out, [&] { return below::NewWritableFile(name, o, out, d); });
  }
  IOStatus ReopenWritableFile(std::string const& name, rocksdb::FileOptions const& o, file* out,
                              IODebugContext* d) override {
    return make(name, out, [&] { return below::ReopenWritableFile(name, o, out, d); });
  }
  IOStatus NewDirectory(std::string const& name, IOOptions const& o, std::unique_ptr<rocksdb::FSDirectory>* out,
                        IODebugContext* d) override {
    auto s = below::NewDirectory(name, o, out, d);
    if (s.ok() && covers(name)) *out = std::make_unique<watched_folder>(std::move(*out), on_);
    return s;
  }
  IOStatus DeleteFile(std::string const& name, IOOptions const& o, IODebugContext* d) override {
    return act(name, [&] { return below::DeleteFile(name, o, d); });
  }
  IOStatus RenameFile(std::string const& from, std::string const& to, IOOptions const& o, IODebugContext* d) override {
    return act(to, [&] { return below::RenameFile(from, to, o, d); });
  }
  IOStatus Truncate(std::string const& name, std::size_t size, IOOptions const& o, IODebugContext* d) override {
    return act(name, [&] { return below::Truncate(name, size, o, d); });
  }

 private:
  // A backup that goes elsewhere may fail without harm to the store.
  bool covers(std::string_view name) const { return name.starts_with(folder_); }

  template <class Act> IOStatus act(std::string const& name, Act how) {
    return covers(name) ? change(*on_, how) : how();
  }

  template <class Open> IOStatus make(std::string const& name, file* out, Open open) {
    if (!covers(name)) return open();
    auto s = change(*on_, open);
    if (on_->failed())
      *out = std::make_unique<sunken_file>();
    else if (s.ok())
      *out = std::make_unique<watched_file>(std::move(*out), on_);
    return s;
  }

  std::string const folder_;
  disk on_;
};

// RocksDB reaches files through the environment's own functions, too, so these must lead to the same place.
class watched_environment : public rocksdb::EnvWrapper {
 public:
  watched_environment(rocksdb::Env& below, std::shared_ptr<rocksdb::FileSystem> const& files)
      : EnvWrapper(std::shared_ptr<rocksdb::Env>(rocksdb::NewCompositeEnv(files))) {
    file_system_ = files;
    system_clock_ = below.GetSystemClock();
  }
  char const* Name() const override { return "watched_environment"; }
};

} // namespace

std::string disk_state::why() const {
  std::lock_guard const held(mutex_);
  return why_;
}

void disk_state::fail(std::string const& why) {
  std::unique_lock const alone(changing);
  std::lock_guard const held(mutex_);
  if (failed_.load(std::memory_order_relaxed)) return;
  why_ = why;
  failed_.store(true, std::memory_order_release);
}

std::unique_ptr<rocksdb::Env> fail_stop_environment(rocksdb::Env& below, std::string const& folder, disk on) {
  return std::make_unique<watched_environment>(
      below, std::make_shared<watched_disk>(below.GetFileSystem(), folder, std::move(on)));
}

} // namespace alloy::storage
