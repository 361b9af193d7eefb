#pragma once
// The rows whose keys begin alike: how many there are, and the ids that their keys end in. One thread, as their reader.
#include "core/id.hpp"
#include "core/view.hpp"

namespace alloy {

std::uint64_t count_rows(reader const& rows, std::string_view prefix);
// REQUIRES: every key under the prefix ends in an id.
std::vector<uuid> ids_under(reader const& rows, std::string_view prefix);

} // namespace alloy
