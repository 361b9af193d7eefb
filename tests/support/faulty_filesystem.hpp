#pragma once
// A file system in memory that loses power and fails on demand, for tests of the store. It keeps apart what was written
// and what was synced: when the power is cut, of the bytes appended since a file's last sync a random prefix survives
// (cut at multiples of 512 bytes), of the overwritten ones a random choice, and of the creations, renames and removals
// since the directory's last sync a random prefix. Deterministic for a seed and a sequence of calls. Any thread.
#include <cstdint>
#include <map>
#include <memory>
#include <rocksdb/file_system.h>
#include <string>

namespace rocksdb {
class Env;
}

namespace alloy::tests {

enum class operation : std::uint8_t { append, overwrite, sync, create, rename, remove, sync_directory, read, count };

struct fault {
  operation what = operation::append;
  std::uint64_t nth = 1;   // counted from inject()
  bool persistent = false; // the nth and all after it, else the nth only
  bool no_space = false;   // ENOSPC, else EIO
};

class faulty_filesystem : public rocksdb::FileSystemWrapper {
 public:
  explicit faulty_filesystem(std::uint64_t seed);
  ~faulty_filesystem() override;

  char const* Name() const override { return "faulty_filesystem"; }
  // What rocksdb wants to be given; lives as long as this.
  rocksdb::Env* environment();

  void inject(fault f);
  void clear_faults();
  bool fault_happened() const;
  std::uint64_t changes() const; // appends, overwrites, syncs, creations, renames, removals so far

  // The power goes at the n-th change from now: that change happens or not, and all that follow fail.
  void cut_power_after(std::uint64_t changes);
  void cut_power();
  bool power_is_off() const;
  // What survived is what there is now. Files opened before stay dead.
  void restore_power();

  using image = std::map<std::string, std::string>;
  image copy() const; // what a process that starts now would read
  void load(image const& files, std::string const& folder);

  struct state;

 private:
  using options = rocksdb::IOOptions;
  using status = rocksdb::IOStatus;
  using debug = rocksdb::IODebugContext;

  status NewSequentialFile(std::string const&, rocksdb::FileOptions const&, std::unique_ptr<rocksdb::FSSequentialFile>*,
                           debug*) override;
  status NewRandomAccessFile(std::string const&, rocksdb::FileOptions const&,
                             std::unique_ptr<rocksdb::FSRandomAccessFile>*, debug*) override;
  status NewWritableFile(std::string const&, rocksdb::FileOptions const&, std::unique_ptr<rocksdb::FSWritableFile>*,
                         debug*) override;
  status ReopenWritableFile(std::string const&, rocksdb::FileOptions const&, std::unique_ptr<rocksdb::FSWritableFile>*,
                            debug*) override;
  status ReuseWritableFile(std::string const&, std::string const&, rocksdb::FileOptions const&,
                           std::unique_ptr<rocksdb::FSWritableFile>*, debug*) override;
  status NewRandomRWFile(std::string const&, rocksdb::FileOptions const&, std::unique_ptr<rocksdb::FSRandomRWFile>*,
                         debug*) override;
  status NewDirectory(std::string const&, options const&, std::unique_ptr<rocksdb::FSDirectory>*, debug*) override;
  status NewLogger(std::string const&, options const&, std::shared_ptr<rocksdb::Logger>*, debug*) override;
  status FileExists(std::string const&, options const&, debug*) override;
  status GetChildren(std::string const&, options const&, std::vector<std::string>*, debug*) override;
  status DeleteFile(std::string const&, options const&, debug*) override;
  status CreateDir(std::string const&, options const&, debug*) override;
  status CreateDirIfMissing(std::string const&, options const&, debug*) override;
  status DeleteDir(std::string const&, options const&, debug*) override;
  status GetFileSize(std::string const&, options const&, std::uint64_t*, debug*) override;
  status GetFileModificationTime(std::string const&, options const&, std::uint64_t*, debug*) override;
  status RenameFile(std::string const&, std::string const&, options const&, debug*) override;
  status Truncate(std::string const&, std::size_t, options const&, debug*) override;
  status LockFile(std::string const&, options const&, rocksdb::FileLock**, debug*) override;
  status UnlockFile(rocksdb::FileLock*, options const&, debug*) override;
  status GetAbsolutePath(std::string const&, options const&, std::string*, debug*) override;
  status GetFreeSpace(std::string const&, options const&, std::uint64_t*, debug*) override;
  status IsDirectory(std::string const&, options const&, bool*, debug*) override;

  std::shared_ptr<state> state_;
  std::unique_ptr<rocksdb::Env> environment_;
};

} // namespace alloy::tests
