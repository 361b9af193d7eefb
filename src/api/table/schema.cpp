#include "api/table/schema.hpp"

#include <boost/core/demangle.hpp>

namespace alloy::api {

std::string cpp_name(std::type_info const& type) {
  std::string const name = boost::core::demangle(type.name());
  return name.substr(name.rfind(':') + 1);
}

void detail::struct_text::add(std::string_view name, std::string const& schema, bool is_required) {
  if (!properties_.empty()) properties_ += ',';
  json::write(properties_, name);
  properties_ += ':';
  properties_ += schema;
  if (!is_required) return;
  if (!required_.empty()) required_ += ',';
  json::write(required_, name);
}

std::string detail::struct_text::whole() const {
  std::string s = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" + properties_ + "}";
  if (!required_.empty()) s += ",\"required\":[" + required_ + "]";
  return s + "}";
}

} // namespace alloy::api
