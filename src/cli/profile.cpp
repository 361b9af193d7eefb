#include "cli/profile.hpp"

#include "cli/cli_error.hpp"
#include "core/json.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace alloy::cli {
namespace {

std::string reason() {
  return std::strerror(errno);
}

} // namespace

std::string profile_path(std::string const& name) {
  if (name.empty() || name.find('/') != std::string::npos || name.front() == '.')
    throw cli_error(usage, "--profile takes a name, not " + name);
  auto const* const xdg = std::getenv("XDG_CONFIG_HOME");
  auto const* const home = std::getenv("HOME");
  if ((!xdg || !*xdg) && (!home || !*home))
    throw cli_error(usage, "there is no home folder to keep a profile in",
                    "set HOME, or ALLOY_API_URL and ALLOY_API_TOKEN");
  return (xdg && *xdg ? std::string(xdg) : std::string(home) + "/.config") + "/alloy/" + name + ".json";
}

profile load_profile(std::string const& name) {
  auto const path = profile_path(name);
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return {};
    throw cli_error(broken, path + " cannot be read: " + reason());
  }
  if (facts.st_mode & 077)
    throw cli_error(no_access, path + " holds a token and may be read by others", "chmod 600 " + path);
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  auto read = json::read<profile>(text.str(), json::unknown_fields::ignore);
  if (!in || !read) throw cli_error(broken, path + " is no profile", "remove it, and log in again: alloy auth login");
  return std::move(*read);
}

void save_profile(std::string const& name, profile const& p) {
  auto const path = profile_path(name);
  std::error_code ec;
  auto const folder = std::filesystem::path(path).parent_path();
  bool const is_new = std::filesystem::create_directories(folder, ec);
  if (is_new) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ec);
  auto const fresh = path + ".new";
  ::unlink(fresh.c_str());
  int const file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  auto const text = json::to_string(p) + "\n";
  bool const written = file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (file >= 0) ::close(file);
  if (!written || ::rename(fresh.c_str(), path.c_str()) != 0)
    throw cli_error(broken, path + " cannot be written: " + reason());
}

} // namespace alloy::cli
