#pragma once
// What the terminal says about itself, all of it from the table: overview, help, man page, completion. Any thread.
#include "cli/arguments.hpp"

namespace alloy::cli {

std::string overview(std::span<local_command const> local);
std::string help_for_noun(std::string const& noun);
std::string help_for(command const& c, api::operation_shape const& shape, std::vector<flag> const& flags);
std::string man_page(std::span<local_command const> local); // mdoc(7)

// The script that a shell reads: bash, zsh or fish. It asks `alloy __complete` for candidates.
std::string completion_script(std::string const& shell);
// Candidates for the last word of the line, each with a tab and what it is; some are asked of the server.
std::string candidates(std::span<std::string const> line, std::span<local_command const> local);

} // namespace alloy::cli
