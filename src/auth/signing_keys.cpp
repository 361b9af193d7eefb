#include "auth/signing_keys.hpp"

#include "core/base64.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace alloy::auth {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t key_file_bytes_max = 16384;

class descriptor {
 public:
  explicit descriptor(int fd) : fd_(fd) {}
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  descriptor(descriptor const&) = delete;
  descriptor& operator=(descriptor const&) = delete;
  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

error refused(fs::path const& path, std::string const& why) {
  return {errc::internal, path.string() + ": " + why};
}
error failed(fs::path const& path, char const* doing) {
  auto const reason = std::string(std::strerror(errno));
  return refused(path, std::string(doing) + ": " + reason);
}

std::string octal(unsigned mode) {
  std::string text = "0000";
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, mode /= 8) *digit = static_cast<char>('0' + mode % 8);
  return text;
}

// Nothing where there is no file yet.
result<std::optional<std::string>> read_key_file(fs::path const& path) {
  // Opened without following a link and judged by its descriptor, so that no other file can be slipped in between.
  descriptor const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) {
    if (errno == ENOENT) return std::optional<std::string>();
    if (errno == ELOOP) return refused(path, "is a symbolic link; a key must be a plain file");
    return failed(path, "cannot be opened");
  }
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) return failed(path, "cannot be examined");
  if (!S_ISREG(about.st_mode)) return refused(path, "is not a plain file");
  if ((about.st_mode & 077U) != 0)
    return refused(path,
                   "has mode " + octal(about.st_mode & 07777U) + ", so others may use the key; run chmod 600 on it");
  std::string content(key_file_bytes_max + 1, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    auto const got = ::read(file.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(path, "cannot be read");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  content.resize(size);
  if (size > key_file_bytes_max) return refused(path, "is larger than any key");
  return std::optional(std::move(content));
}

result<> sync_folder(fs::path const& folder) {
  descriptor const handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle || ::fsync(handle.get()) != 0) return failed(folder, "cannot be made durable");
  return {};
}

// Durable or not there at all: written beside, synced, linked to its name. A name that is taken meanwhile stays.
result<> write_key_file(fs::path const& path, std::string_view content) {
  auto const beside = path.string() + "." + std::to_string(::getpid()) + ".tmp";
  ::unlink(beside.c_str());
  {
    descriptor const file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return failed(beside, "cannot be made");
    for (auto rest = content; !rest.empty();) {
      auto const put = ::write(file.get(), rest.data(), rest.size());
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) return failed(beside, "cannot be written");
      rest.remove_prefix(static_cast<std::size_t>(put));
    }
    if (::fsync(file.get()) != 0) return failed(beside, "cannot be made durable");
  }
  // link() refuses to replace what rename() would replace without a word.
  bool const linked = ::link(beside.c_str(), path.c_str()) == 0;
  bool const taken = !linked && errno == EEXIST;
  // Some file systems know no links; there the store's own lock keeps a second server out.
  if (!linked && !taken && ::rename(beside.c_str(), path.c_str()) != 0) return failed(path, "cannot be made");
  ::unlink(beside.c_str());
  return sync_folder(path.parent_path());
}

// Of one that is there.
result<> check_folder(fs::path const& folder) {
  struct stat about {};
  if (::stat(folder.c_str(), &about) != 0) return failed(folder, "cannot be examined");
  if (!S_ISDIR(about.st_mode)) return refused(folder, "is not a folder");
  if ((about.st_mode & 077U) != 0)
    return refused(folder, "has mode " + octal(about.st_mode & 07777U) + ", so others may enter; run chmod 700 on it");
  return {};
}

result<> prepare_folder(fs::path const& folder) {
  std::error_code failure;
  fs::create_directories(folder.parent_path(), failure);
  if (failure) return refused(folder.parent_path(), "cannot be made: " + failure.message());
  if (::mkdir(folder.c_str(), 0700) == 0) return sync_folder(folder.parent_path());
  return errno == EEXIST ? check_folder(folder) : failed(folder, "cannot be made");
}

result<std::string> read_or_make(fs::path const& path, std::function<std::string()> const& make) {
  auto found = read_key_file(path);
  if (!found) return found.error();
  if (!found->has_value()) {
    if (auto ready = prepare_folder(path.parent_path()); !ready) return ready.error();
    auto made = make();
    auto written = write_key_file(path, made);
    crypto::wipe(made);
    if (!written) return written.error();
    // Read back, for another start may have been faster.
    found = read_key_file(path);
    if (!found) return found.error();
    if (!found->has_value()) return refused(path, "vanished while it was made");
  }
  return std::move(**found);
}

result<crypto::ed25519_key> load_key_pair(fs::path const& path, std::string_view what_ends) {
  auto pem = read_or_make(path, [] { return crypto::ed25519_key::generate().private_pem(); });
  if (!pem) return pem.error();
  auto key = crypto::ed25519_key::from_private_pem(*pem);
  crypto::wipe(*pem);
  if (!key)
    return refused(path, key.error().detail + "; restore it from a backup, or remove it to have a new one made, " +
                             std::string(what_ends));
  return key;
}

result<crypto::ed25519_key> load_jwt_key(std::string_view private_pem, fs::path const& path) {
  if (private_pem.empty()) return load_key_pair(path, "which ends every session");
  auto key = crypto::ed25519_key::from_private_pem(private_pem);
  if (!key) return error(errc::internal, "jwt_private_key: " + key.error().detail);
  return key;
}

result<std::string> load_sealing_key(fs::path const& path) {
  auto text = read_or_make(path, [] { return encode_hex(crypto::random_bytes(32)) + "\n"; });
  if (!text) return text.error();
  auto key =
      text->size() == 65 && text->back() == '\n' ? decode_hex(std::string_view(*text).substr(0, 64)) : std::nullopt;
  crypto::wipe(*text);
  if (!key)
    return refused(path,
                   "is damaged: it must hold 64 hex digits and a newline; restore it from a backup, for without it "
                   "sealed secrets cannot be read");
  return std::move(*key);
}

} // namespace

signing_keys::signing_keys(crypto::ed25519_key jwt_key, crypto::ed25519_key log_key, std::string sealing_key)
    : jwt_key_(std::move(jwt_key)), log_key_(std::move(log_key)),
      kid_(encode_base64url(crypto::view_of(crypto::sha256(jwt_key_.public_bytes())).substr(0, 8))),
      sealing_key_(std::move(sealing_key)) {}

result<signing_keys> signing_keys::load(std::string_view private_pem, std::string_view public_pem,
                                        fs::path const& data_dir) {
  auto const folder = data_dir / "keys";
  if (!public_pem.empty() && private_pem.empty())
    return error(errc::internal, "jwt_public_key is given without jwt_private_key: Alloy signs the tokens it checks");
  if (std::error_code ignored; fs::exists(folder, ignored))
    if (auto fine = check_folder(folder); !fine) return fine.error();
  auto jwt_key = load_jwt_key(private_pem, folder / "jwt-ed25519.pem");
  if (!jwt_key) return jwt_key.error();
  if (!public_pem.empty()) {
    auto const half = crypto::ed25519_key::from_public_pem(public_pem);
    if (!half) return error(errc::internal, "jwt_public_key: " + half.error().detail);
    if (half->public_bytes() != jwt_key->public_bytes())
      return error(errc::internal, "jwt_public_key is not the public half of jwt_private_key");
  }
  auto sealing_key = load_sealing_key(folder / "server.key");
  if (!sealing_key) return sealing_key.error();
  auto log_key = load_key_pair(folder / "log-ed25519.pem", "which no checkpoint so far will verify with");
  if (!log_key) return log_key.error();
  return signing_keys(std::move(*jwt_key), std::move(*log_key), std::move(*sealing_key));
}

signing_keys signing_keys::ephemeral() {
  return {crypto::ed25519_key::generate(), crypto::ed25519_key::generate(), crypto::random_bytes(32)};
}

} // namespace alloy::auth
