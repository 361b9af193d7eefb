#include "core/time_zones.hpp"

#include "core/time.hpp"

#include <algorithm>
#include <array>
#include <date/tz.h>
#include <fstream>
#include <sstream>

namespace alloy {
namespace {

using names = std::set<std::string, std::less<>>;

constexpr std::string_view of_no_place = "Factory";

names listed_here() {
  for (auto const* const folder : {"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/zoneinfo"}) {
    std::ifstream file(std::string(folder) + "/tzdata.zi");
    if (!file) continue;
    if (auto found = zone_names(file); !found.empty()) return found;
  }
  return {};
}

} // namespace

// Lines as "Z Europe/Berlin 0:53:28 - LMT ..." and "L Europe/Berlin Europe/Copenhagen".
names zone_names(std::istream& tzdata) {
  names found;
  for (std::string line; std::getline(tzdata, line);) {
    std::istringstream words(line);
    std::string kind, first, second;
    words >> kind >> first >> second;
    if (kind == "Z" && first != of_no_place) found.insert(first);
    if (kind == "L" && second != of_no_place) found.insert(second);
  }
  return found;
}

bool has_form_of_zone(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 5> files = {of_no_place, "localtime", "posixrules", "leapseconds", "Local"};
  auto const letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  if (name.empty() || name.size() > 64 || name.front() < 'A' || name.front() > 'Z') return false;
  return std::ranges::find(files, name) == files.end() && std::ranges::all_of(name, [&](char c) {
           return letter(c) || (c >= '0' && c <= '9') || c == '/' || c == '_' || c == '-' || c == '+';
         });
}

bool is_time_zone(std::string_view name) {
  static names const listed = listed_here();
  if (!has_form_of_zone(name) || (!listed.empty() && !listed.contains(name))) return false;
  return was_time_zone(name);
}

bool was_time_zone(std::string_view name) {
  if (name.empty() || name.size() > 64) return false;
  try {
    return ::date::locate_zone(std::string(name)) != nullptr;
  } catch (std::exception const&) {
    return false;
  }
}

} // namespace alloy
