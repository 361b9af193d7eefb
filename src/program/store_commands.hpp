#pragma once
// `alloy verify` and `alloy rebuild`: the state against the log, offline. Answer the exit code; progress on stderr.
#include "core/settings.hpp"

namespace alloy {

int verify_store(settings const& config);
int rebuild_store(settings const& config);

} // namespace alloy
