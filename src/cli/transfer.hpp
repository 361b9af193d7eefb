#pragma once
// The two commands that move whole organizations. Progress on standard error, where somebody sees it. One thread.
#include "cli/session.hpp"
#include "cli/terminal.hpp"

namespace alloy::cli {

// Without a file to standard output.
void write_export(session& s, client::http_request const& r, std::string const& file, terminal const& screen);
// In pieces, each of which the server takes at once; one that was broken off is taken up where it stands. The answer to
// the last.
client::http_answer send_import(session& s, std::string const& file, bool dry_run);

} // namespace alloy::cli
