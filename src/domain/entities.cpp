#include "domain/entities.hpp"

#include <algorithm>

#define ALLOY_DEFINE(E)                                                                                                \
  template void alloy::json::detail::write_object(std::string&, alloy::domain::E const&);                              \
  template void alloy::json::detail::read_object(alloy::json::node const&, alloy::domain::E&, alloy::json::reading&);
ALLOY_ENTITIES(ALLOY_DEFINE)
#undef ALLOY_DEFINE

namespace alloy::domain {

workflow_status const* workflow::find(std::string_view status) const noexcept {
  auto const at = std::find_if(statuses.begin(), statuses.end(), [&](auto const& s) { return s.name == status; });
  return at == statuses.end() ? nullptr : &*at;
}

bool workflow::allows(std::string_view from, std::string_view to) const noexcept {
  if (transitions.empty() || from == to) return true;
  return std::any_of(transitions.begin(), transitions.end(),
                     [&](auto const& t) { return t.from == from && t.to == to; });
}

std::vector<std::string> workflow::allowed_from(std::string_view from) const {
  std::vector<std::string> names;
  for (auto const& s : statuses)
    if (s.name != from && allows(from, s.name)) names.push_back(s.name);
  return names;
}

std::uint64_t row::version_of(std::string_view stored) noexcept {
  std::uint64_t version = 0;
  for (std::size_t i = 0; i < 4 && i < stored.size(); ++i)
    version = version << 8 | static_cast<unsigned char>(stored[i]);
  return version;
}

void row::begin(std::string& stored, std::uint64_t version) {
  for (int shift = 24; shift >= 0; shift -= 8) stored.push_back(static_cast<char>(version >> shift));
}

} // namespace alloy::domain
