#pragma once
// Which names are time zones: those that the IANA database lists (its zones and its links, read once from the tzdata.zi
// beside the zones of this machine), whatever other files lie there: localtime, posixrules, right/ and posix/ are one
// machine's own, and Factory is none of any place. Any thread.
#include <istream>
#include <set>
#include <string>
#include <string_view>

namespace alloy {

// What older versions took: whatever this machine has rules for. is_time_zone of core/time.hpp, which new organizations
// are held to, also wants the name to be listed or, where there is no list, to have the form of one.
bool was_time_zone(std::string_view name);

// The zones and links of a tzdata.zi.
std::set<std::string, std::less<>> zone_names(std::istream& tzdata);
bool has_form_of_zone(std::string_view name) noexcept;

} // namespace alloy
