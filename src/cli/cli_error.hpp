#pragma once
// Why a command of the terminal ends, and the code that it ends with. The codes are promised in the README.
#include <stdexcept>
#include <string>

namespace alloy::cli {

enum exit_code : int {
  done = 0,
  broken = 1, // the machine: a file that cannot be written
  usage = 2,
  no_access = 3, // 401, 403
  not_found = 4,
  conflict = 5, // 409, 412
  limited = 6,  // 429
  server_failed = 7,
  no_network = 8,
};

struct cli_error : std::runtime_error {
  cli_error(exit_code c, std::string const& what, std::string next = {})
      : std::runtime_error(what), code(c), hint(std::move(next)) {}
  exit_code code;
  std::string hint; // what to do next; may be empty
};

} // namespace alloy::cli
