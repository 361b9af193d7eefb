#pragma once
// Whether a list of subscribed types has a type: "*", "ticket.*" or the type itself. Pure.
#include <string>
#include <string_view>
#include <vector>

namespace alloy::webhooks {

inline bool matches(std::string_view pattern, std::string_view type) noexcept {
  if (pattern == "*" || pattern == type) return true;
  return pattern.ends_with(".*") && type.starts_with(pattern.substr(0, pattern.size() - 1));
}

inline bool matches(std::vector<std::string> const& patterns, std::string_view type) noexcept {
  for (auto const& p : patterns)
    if (matches(p, type)) return true;
  return false;
}

} // namespace alloy::webhooks
