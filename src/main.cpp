// The composition root: which command, from which settings, on which parts.
#include "core/log.hpp"
#include "core/settings.hpp"
#include "program/serve.hpp"
#include "program/store_commands.hpp"

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <sys/stat.h>

namespace {

using namespace alloy;

constexpr std::string_view usage = R"(alloy: project management on an append-only log

usage: alloy <command> [flags]

  serve          serve the API
  verify         replay the log into a scratch store and compare it with the state; changes nothing
  rebuild        drop the state and fold it anew from the log; the server must not run
  config show    every setting, its value and where it comes from
  config check   whether the settings are well
  version        the version
  help           this text, and every setting

exit codes: 0 ok, 1 failed or different, 2 wrong usage or settings, 74 the store cannot be written
)";

int print_usage(std::FILE* to, int code) {
  std::fputs(std::string(usage).c_str(), to);
  return code;
}

int complain(std::string const& why) {
  std::fprintf(stderr, "alloy: %s\n", why.c_str());
  return 2;
}

} // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty()) return print_usage(stderr, 2);
  std::string command = words.front();
  words.erase(words.begin());
  if (command == "help" || command == "--help" || command == "-h") {
    print_usage(stdout, 0);
    std::printf("\nsettings, as flags, in the environment or in the config file:\n\n%s", describe_settings().c_str());
    return 0;
  }
  if (command == "version" || command == "--version") {
    std::puts("alloy " ALLOY_VERSION);
    return 0;
  }
  if (command == "config" && !words.empty() && (words.front() == "show" || words.front() == "check")) {
    command += ' ' + words.front();
    words.erase(words.begin());
  }
  for (auto const known : {"serve", "verify", "rebuild", "config show", "config check"}) {
    if (command != known) continue;
    auto loaded = load_settings(words, process_environment());
    if (!loaded) return complain(loaded.error().detail);
    try {
      if (command == "serve") return serve(*loaded);
      if (command == "verify") return verify_store(loaded->values);
      if (command == "rebuild") return rebuild_store(loaded->values);
      if (command == "config show") std::fputs(show_settings(*loaded).c_str(), stdout);
      return 0;
    } catch (std::exception const& failed) {
      log::stop();
      std::fprintf(stderr, "alloy %s: %s\n", command.c_str(), failed.what());
      return 1;
    }
  }
  complain("there is no command " + command);
  return print_usage(stderr, 2);
}
