#include "tests/support/faulty_filesystem.hpp"

#include "tests/support/faulty_disk.hpp"

#include <algorithm>
#include <cstring>
#include <rocksdb/env.h>
#include <rocksdb/system_clock.h>

namespace alloy::tests {
namespace {

using disk = std::shared_ptr<faulty_filesystem::state>;
using node = std::shared_ptr<inode>;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

struct open_file {
  disk on;
  node file;
  std::uint64_t generation = on->generation;

  IOStatus read(std::uint64_t at, std::size_t n, Slice* result, char* scratch) const {
    std::lock_guard const held(on->mutex);
    if (auto s = on->readable(generation); !s.ok()) return s;
    auto const size = file->bytes.size();
    auto const begin = std::min<std::size_t>(at, size), bytes = std::min(n, size - begin);
    std::memcpy(scratch, file->bytes.data() + begin, bytes);
    *result = Slice(scratch, bytes);
    return IOStatus::OK();
  }
  IOStatus sync() const {
    std::lock_guard const held(on->mutex);
    return on->change(operation::sync, generation, [this] {
      file->synced = file->bytes.size();
      file->before.reset();
      file->overwrites.clear();
    });
  }
};

class sequential_file : public rocksdb::FSSequentialFile {
 public:
  explicit sequential_file(open_file f) : file_(std::move(f)) {}
  IOStatus Read(std::size_t n, IOOptions const&, Slice* result, char* scratch, IODebugContext*) override {
    auto const s = file_.read(at_, n, result, scratch);
    if (s.ok()) at_ += result->size();
    return s;
  }
  IOStatus Skip(std::uint64_t n) override {
    at_ += n;
    return IOStatus::OK();
  }

 private:
  open_file file_;
  std::uint64_t at_ = 0;
};

class random_file : public rocksdb::FSRandomAccessFile {
 public:
  explicit random_file(open_file f) : file_(std::move(f)) {}
  IOStatus Read(std::uint64_t at, std::size_t n, IOOptions const&, Slice* result, char* scratch,
                IODebugContext*) const override {
    return file_.read(at, n, result, scratch);
  }

 private:
  open_file file_;
};

class appended_file : public rocksdb::FSWritableFile {
 public:
  using rocksdb::FSWritableFile::Append;
  explicit appended_file(open_file f) : file_(std::move(f)) {}
  IOStatus Append(Slice const& data, IOOptions const&, IODebugContext*) override {
    std::lock_guard const held(file_.on->mutex);
    auto& bytes = file_.file->bytes;
    return file_.on->change(
        operation::append, file_.generation, [&] { bytes.append(data.data(), data.size()); },
        [&] { bytes.append(data.data(), data.size() / 2); });
  }
  IOStatus Truncate(std::uint64_t size, IOOptions const&, IODebugContext*) override {
    std::lock_guard const held(file_.on->mutex);
    return file_.on->change(operation::append, file_.generation, [&] {
      file_.file->bytes.resize(size);
      file_.file->synced = std::min<std::size_t>(file_.file->synced, size);
    });
  }
  IOStatus Close(IOOptions const&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(IOOptions const&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(IOOptions const&, IODebugContext*) override { return file_.sync(); }
  bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(IOOptions const&, IODebugContext*) override {
    std::lock_guard const held(file_.on->mutex);
    return file_.file->bytes.size();
  }

 private:
  open_file file_;
};

class overwritten_file : public rocksdb::FSRandomRWFile {
 public:
  explicit overwritten_file(open_file f) : file_(std::move(f)) {}
  IOStatus Write(std::uint64_t at, Slice const& data, IOOptions const&, IODebugContext*) override {
    std::lock_guard const held(file_.on->mutex);
    return file_.on->change(operation::overwrite, file_.generation, [&] {
      auto& f = *file_.file;
      if (!f.before) f.before = f.bytes;
      f.overwrites.emplace_back(at, data.ToString());
      f.bytes.replace(at, data.size(), data.data(), data.size());
    });
  }
  IOStatus Read(std::uint64_t at, std::size_t n, IOOptions const&, Slice* result, char* scratch,
                IODebugContext*) const override {
    return file_.read(at, n, result, scratch);
  }
  IOStatus Flush(IOOptions const&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(IOOptions const&, IODebugContext*) override { return file_.sync(); }
  IOStatus Close(IOOptions const&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  open_file file_;
};

class folder : public rocksdb::FSDirectory {
 public:
  explicit folder(disk on) : on_(std::move(on)), generation_(on_->generation) {}
  IOStatus Fsync(IOOptions const&, IODebugContext*) override {
    std::lock_guard const held(on_->mutex);
    return on_->change(operation::sync_directory, generation_, [this] { on_->sync_names(); });
  }
  IOStatus Close(IOOptions const&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  disk on_;
  std::uint64_t generation_;
};

class held_lock : public rocksdb::FileLock {
 public:
  explicit held_lock(std::string n) : name(std::move(n)) {}
  std::string const name;
};

class silent_logger : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(char const*, va_list) override {}
  std::size_t GetLogFileSize() const override { return 0; }
};

// RocksDB sleeps a second after each background failure; a test has hundreds of them.
class hurried_clock : public rocksdb::SystemClockWrapper {
 public:
  hurried_clock() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}
  char const* Name() const override { return "hurried_clock"; }
  void SleepForMicroseconds(int us) override { target_->SleepForMicroseconds(std::min(us, 1000)); }
};

class surroundings : public rocksdb::EnvWrapper {
 public:
  explicit surroundings(std::shared_ptr<rocksdb::FileSystem> const& files)
      : EnvWrapper(std::shared_ptr<rocksdb::Env>(rocksdb::NewCompositeEnv(files))) {
    file_system_ = files;
    system_clock_ = std::make_shared<hurried_clock>();
  }
  char const* Name() const override { return "surroundings"; }
  void SleepForMicroseconds(int us) override { system_clock_->SleepForMicroseconds(us); }
};

std::string plain(std::string path) {
  for (auto at = path.find("//"); at != std::string::npos; at = path.find("//")) path.erase(at, 1);
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

IOStatus absent(std::string const& path) {
  return IOStatus::PathNotFound(path);
}

} // namespace

faulty_filesystem::faulty_filesystem(std::uint64_t seed)
    : FileSystemWrapper(rocksdb::FileSystem::Default()), state_(std::make_shared<state>(seed)) {
  state_->folders.insert("/");
  // Not owned by the environment: it would keep its owner alive.
  environment_ =
      std::make_unique<surroundings>(std::shared_ptr<rocksdb::FileSystem>(this, [](rocksdb::FileSystem*) {}));
}

faulty_filesystem::~faulty_filesystem() = default;

rocksdb::Env* faulty_filesystem::environment() {
  return environment_.get();
}

void faulty_filesystem::inject(fault f) {
  std::lock_guard const held(state_->mutex);
  state_->injected = f;
  state_->seen = 0;
  state_->happened = false;
}

void faulty_filesystem::clear_faults() {
  std::lock_guard const held(state_->mutex);
  state_->injected.reset();
}

bool faulty_filesystem::fault_happened() const {
  std::lock_guard const held(state_->mutex);
  return state_->happened;
}

std::uint64_t faulty_filesystem::changes() const {
  std::lock_guard const held(state_->mutex);
  return state_->changes;
}

void faulty_filesystem::cut_power_after(std::uint64_t changes) {
  std::lock_guard const held(state_->mutex);
  state_->cut_in = changes;
}

void faulty_filesystem::cut_power() {
  std::lock_guard const held(state_->mutex);
  state_->off = true;
}

bool faulty_filesystem::power_is_off() const {
  std::lock_guard const held(state_->mutex);
  return state_->off;
}

void faulty_filesystem::restore_power() {
  std::lock_guard const held(state_->mutex);
  state_->cut_in.reset();
  state_->lose_power();
  ++state_->generation;
  state_->off = false;
}

faulty_filesystem::image faulty_filesystem::copy() const {
  std::lock_guard const held(state_->mutex);
  image files;
  for (auto const& [name, file] : state_->names) files.emplace(name, file->bytes);
  return files;
}

void faulty_filesystem::load(image const& files, std::string const& in) {
  std::lock_guard const held(state_->mutex);
  state_->folders.insert(in);
  for (auto const& [name, bytes] : files)
    state_->names[name] = std::make_shared<inode>(inode{bytes, bytes.size(), {}, {}});
  state_->durable_names = state_->names;
}

IOStatus faulty_filesystem::NewSequentialFile(std::string const& name, rocksdb::FileOptions const&,
                                              std::unique_ptr<rocksdb::FSSequentialFile>* out, IODebugContext*) {
  std::lock_guard const held(state_->mutex);
  auto const it = state_->names.find(plain(name));
  if (it == state_->names.end()) return absent(name);
  *out = std::make_unique<sequential_file>(open_file{state_, it->second});
  return IOStatus::OK();
}

IOStatus faulty_filesystem::NewRandomAccessFile(std::string const& name, rocksdb::FileOptions const&,
                                                std::unique_ptr<rocksdb::FSRandomAccessFile>* out, IODebugContext*) {
  std::lock_guard const held(state_->mutex);
  auto const it = state_->names.find(plain(name));
  if (it == state_->names.end()) return absent(name);
  *out = std::make_unique<random_file>(open_file{state_, it->second});
  return IOStatus::OK();
}

IOStatus faulty_filesystem::NewWritableFile(std::string const& name, rocksdb::FileOptions const&,
                                            std::unique_ptr<rocksdb::FSWritableFile>* out, IODebugContext*) {
  std::lock_guard const held(state_->mutex);
  auto file = std::make_shared<inode>();
  auto s = state_->change(operation::create, state_->generation, [&] { state_->apply({{}, plain(name), file}); });
  if (s.ok()) *out = std::make_unique<appended_file>(open_file{state_, file});
  return s;
}

IOStatus faulty_filesystem::ReopenWritableFile(std::string const& name, rocksdb::FileOptions const& o,
                                               std::unique_ptr<rocksdb::FSWritableFile>* out, IODebugContext* d) {
  {
    std::lock_guard const held(state_->mutex);
    if (auto const it = state_->names.find(plain(name)); it != state_->names.end()) {
      *out = std::make_unique<appended_file>(open_file{state_, it->second});
      return IOStatus::OK();
    }
  }
  return NewWritableFile(name, o, out, d);
}

IOStatus faulty_filesystem::ReuseWritableFile(std::string const& name, std::string const&, rocksdb::FileOptions const&,
                                              std::unique_ptr<rocksdb::FSWritableFile>*, IODebugContext*) {
  return IOStatus::NotSupported("no log is ever recycled: " + name);
}

IOStatus faulty_filesystem::NewRandomRWFile(std::string const& name, rocksdb::FileOptions const&,
                                            std::unique_ptr<rocksdb::FSRandomRWFile>* out, IODebugContext*) {
  std::lock_guard const held(state_->mutex);
  auto const it = state_->names.find(plain(name));
  if (it == state_->names.end()) return absent(name);
  *out = std::make_unique<overwritten_file>(open_file{state_, it->second});
  return IOStatus::OK();
}

IOStatus faulty_filesystem::NewDirectory(std::string const& name, IOOptions const&,
                                         std::unique_ptr<rocksdb::FSDirectory>* out, IODebugContext*) {
  std::lock_guard const held(state_->mutex);
  if (!state_->folders.contains(plain(name))) return absent(name);
  *out = std::make_unique<folder>(state_);
  return IOStatus::OK();
}

IOStatus faulty_filesystem::NewLogger(std::string const&, IOOptions const&, std::shared_ptr<rocksdb::Logger>* out,
                                      IODebugContext*) {
  *out = std::make_shared<silent_logger>();
  return IOStatus::OK();
}

IOStatus faulty_filesystem::FileExists(std::string const& name, IOOptions const&, IODebugContext*) {
  std::lock_guard const held(state_->mutex);
  if (state_->off) return state::dead();
  bool const there = state_->names.contains(plain(name)) || state_->folders.contains(plain(name));
  return there ? IOStatus::OK() : IOStatus::NotFound(name);
}

IOStatus faulty_filesystem::GetChildren(std::string const& name, IOOptions const&, std::vector<std::string>* out,
                                        IODebugContext*) {
  std::lock_guard const held(state_->mutex);
  if (state_->off) return state::dead();
  out->clear();
  auto const prefix = plain(name) + "/";
  if (!state_->folders.contains(plain(name))) return absent(name);
  auto const add = [&](std::string const& path) {
    if (path.starts_with(prefix) && path.find('/', prefix.size()) == std::string::npos)
      out->push_back(path.substr(prefix.size()));
  };
  for (auto const& [path, file] : state_->names) add(path);
  for (auto const& path : state_->folders) add(path);
  return IOStatus::OK();
}

IOStatus faulty_filesystem::DeleteFile(std::string const& name, IOOptions const&, IODebugContext*) {
  std::lock_guard const held(state_->mutex);
  auto const it = state_->names.find(plain(name));
  if (it == state_->names.end()) return absent(name);
  auto const file = it->second;
  return state_->change(operation::remove, state_->generation, [&] { state_->apply({plain(name), {}, file}); });
}

IOStatus faulty_filesystem::CreateDir(std::string const& name, IOOptions const&, IODebugContext*) {
  std::lock_guard const held(state_->mutex);
  if (state_->off) return state::dead();
  return state_->folders.insert(plain(name)).second ? IOStatus::OK() : IOStatus::IOError("exists: " + name);
}

IOStatus faulty_filesystem::CreateDirIfMissing(std::string const& name, IOOptions const&, IODebugContext*) {
  std::lock_guard const held(state_->mutex);
  if (state_->off) return state::dead();
  state_->folders.insert(plain(name));
  return IOStatus::OK();
}

IOStatus faulty_filesystem::DeleteDir(std::string const& name, IOOptions const&, IODebugContext*) {
  std::lock_guard const held(state_->mutex);
  return state_->folders.erase(plain(name)) > 0 ? IOStatus::OK() : absent(name);
}

IOStatus faulty_filesystem::GetFileSize(std::string const& name, IOOptions const&, std::uint64_t* out,
                                        IODebugContext*) {
  std::lock_guard const held(state_->mutex);
  auto const it = state_->names.find(plain(name));
  if (it == state_->names.end()) return absent(name);
  *out = it->second->bytes.size();
  return IOStatus::OK();
}

IOStatus faulty_filesystem::GetFileModificationTime(std::string const&, IOOptions const&, std::uint64_t* out,
                                                    IODebugContext*) {
  *out = 0;
  return IOStatus::OK();
}

IOStatus faulty_filesystem::RenameFile(std::string const& from, std::string const& to, IOOptions const&,
                                       IODebugContext*) {
  std::lock_guard const held(state_->mutex);
  auto const it = state_->names.find(plain(from));
  if (it == state_->names.end()) return absent(from);
  auto const file = it->second;
  return state_->change(operation::rename, state_->generation, [&] { state_->apply({plain(from), plain(to), file}); });
}

IOStatus faulty_filesystem::Truncate(std::string const& name, std::size_t size, IOOptions const&, IODebugContext*) {
  std::lock_guard const held(state_->mutex);
  auto const it = state_->names.find(plain(name));
  if (it == state_->names.end()) return absent(name);
  it->second->bytes.resize(size);
  it->second->synced = std::min(it->second->synced, size);
  return IOStatus::OK();
}

IOStatus faulty_filesystem::LockFile(std::string const& name, IOOptions const&, rocksdb::FileLock** out,
                                     IODebugContext*) {
  std::lock_guard const held(state_->mutex);
  if (state_->off) return state::dead();
  if (!state_->locked.insert(plain(name)).second) return IOStatus::IOError("locked: " + name);
  *out = new held_lock(plain(name));
  return IOStatus::OK();
}

IOStatus faulty_filesystem::UnlockFile(rocksdb::FileLock* lock, IOOptions const&, IODebugContext*) {
  std::lock_guard const held(state_->mutex);
  std::unique_ptr<held_lock> const owned(static_cast<held_lock*>(lock));
  state_->locked.erase(owned->name);
  return IOStatus::OK();
}

IOStatus faulty_filesystem::GetAbsolutePath(std::string const& name, IOOptions const&, std::string* out,
                                            IODebugContext*) {
  *out = name;
  return IOStatus::OK();
}

IOStatus faulty_filesystem::GetFreeSpace(std::string const&, IOOptions const&, std::uint64_t* out, IODebugContext*) {
  *out = std::uint64_t{1} << 40;
  return IOStatus::OK();
}

IOStatus faulty_filesystem::IsDirectory(std::string const& name, IOOptions const&, bool* out, IODebugContext*) {
  std::lock_guard const held(state_->mutex);
  *out = state_->folders.contains(plain(name));
  return IOStatus::OK();
}

} // namespace alloy::tests
