#pragma once
// Reading one setting's text: numbers with their bounds and units, choices, lists, and the rules that hold between two
// settings. The rows themselves are in settings_table.cpp. Pure, any thread.
#include "core/settings.hpp"

namespace alloy {

// What two or more settings together break, one sentence each.
std::vector<std::string> contradictions(settings const& values);

// The known name nearest to a mistyped one, or empty where none is near.
std::string nearest_name(std::string_view mistyped, std::vector<std::string> const& known);

} // namespace alloy
