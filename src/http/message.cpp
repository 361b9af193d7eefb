#include "http/message.hpp"

namespace alloy::http {

std::string_view request::header(std::string_view name) const noexcept {
  for (auto const& [key, value] : headers)
    if (key == name) return value;
  return {};
}

} // namespace alloy::http
