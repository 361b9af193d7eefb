#pragma once
// `alloy <noun> <verb>`: the table of operations at the terminal. Answers the exit code; errors on standard error, with
// what to do next. One thread.
#include "cli/commands.hpp"

namespace alloy::cli {

// Whether the line is for this door: a noun of the table, or help, man, completion. What is none of these is main's.
bool knows(std::span<std::string const> line);
int run(std::vector<std::string> line, std::span<local_command const> local);
// What may have been meant by a word that is no command.
int report_unknown(std::string const& word, std::span<local_command const> local);

} // namespace alloy::cli
