#pragma once
// `alloy verify` and `alloy rebuild`: the state against the log, offline. Answer the exit code; progress on stderr.
// Of a state that another version folded only the log is verified: the next start folds it anew.
#include "core/settings.hpp"
#include "storage/database.hpp"

namespace alloy {

storage::settings store_at(settings const& config, std::string const& path, bool read_only);

// With a position: the digest of the state as it was there, whatever came later.
int verify_store(settings const& config, std::string const& to_position);
int rebuild_store(settings const& config);

} // namespace alloy
