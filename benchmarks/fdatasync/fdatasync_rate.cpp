// How often a second this disk makes one appended block durable: write at the end of a new file, fdatasync, again.
// The ceiling of any log that answers after its own sync, one write at a time.
//   fdatasync_rate --directory DIR [--bytes 4096] [--seconds 3]
// Prints one JSON line. The file has no name while it is written, so nothing is left behind.
#include "../flags.hpp"
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace {

using clock_type = std::chrono::steady_clock;

[[noreturn]] void fail(char const* what) {
  std::fprintf(stderr, "fdatasync_rate: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

int open_nameless(std::string const& directory) {
  auto pattern = directory + "/fdatasync.XXXXXX";
  int const file = ::mkstemp(pattern.data());
  if (file < 0) fail(pattern.c_str());
  if (::unlink(pattern.c_str()) != 0) fail("unlink");
  return file;
}

void measure(std::string const& directory, std::size_t bytes, double seconds) {
  int const file = open_nameless(directory);
  std::string const block(bytes, 'x');
  std::vector<double> took_us;
  auto const start = clock_type::now();
  auto now = start;
  while (std::chrono::duration<double>(now - start).count() < seconds) {
    if (::write(file, block.data(), block.size()) != static_cast<ssize_t>(block.size())) fail("write");
    if (::fdatasync(file) != 0) fail("fdatasync");
    auto const then = std::exchange(now, clock_type::now());
    took_us.push_back(std::chrono::duration<double, std::micro>(now - then).count());
  }
  ::close(file);
  std::sort(took_us.begin(), took_us.end());
  auto const elapsed = std::chrono::duration<double>(now - start).count();
  std::printf("{\"bytes\":%zu,\"syncs\":%zu,\"seconds\":%.3f,\"rate\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f}\n", bytes,
              took_us.size(), elapsed, static_cast<double>(took_us.size()) / elapsed, took_us[took_us.size() / 2],
              took_us[took_us.size() * 99 / 100]);
}

} // namespace

int main(int argc, char** argv) try {
  alloy::bench::flags flags(argc, argv);
  auto const directory = flags.text("directory");
  auto const bytes = flags.number("bytes", 4096, 1, 1 << 20);
  auto const seconds = flags.number("seconds", 3, 1, 600);
  flags.refuse_others();
  measure(directory, bytes, static_cast<double>(seconds));
  return 0;
} catch (alloy::bench::usage_error const& e) {
  std::fprintf(stderr, "fdatasync_rate: %s\n", e.what());
  return 2;
}
