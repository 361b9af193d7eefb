#pragma once
// `alloy serve`: puts the parts together, runs until a signal, and takes them apart in order. Answers the exit code.
#include "core/settings.hpp"

namespace alloy {

int serve(loaded_settings const& loaded);

} // namespace alloy
