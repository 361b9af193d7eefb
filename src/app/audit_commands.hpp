#pragma once
// `alloy audit verify`: an export checked offline, with no server and no store. Answers the exit code.
#include <string>

namespace alloy {

// `file` "-": standard input. Without a key the file is held against the one it names itself, which proves that it is
// whole but not whose it is.
int verify_export(std::string const& file, std::string const& key);

} // namespace alloy
