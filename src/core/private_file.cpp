#include "core/private_file.hpp"

#include <sys/stat.h>

namespace alloy {

std::string exposure_of(std::string const& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode) || (about.st_mode & 077U) == 0) return {};
  std::string mode = "0000";
  auto left = about.st_mode & 07777U;
  for (auto digit = mode.rbegin(); digit != mode.rend(); ++digit, left /= 8) *digit = static_cast<char>('0' + left % 8);
  return "has mode " + mode + ", so others may use the secret in it; run chmod 600 on it";
}

} // namespace alloy
