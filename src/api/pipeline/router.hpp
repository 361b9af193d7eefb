#pragma once
// From method and path to a row of the table. Immutable once made.
#include "api/table/operation.hpp"

namespace alloy::api {

struct matched {
  operation const* op = nullptr;
  std::vector<std::string> params; // decoded
  std::string allow;               // methods of the path where it is known but not with this one
  std::string_view path_template;  // of the path, where it is known
};

// 404 where nothing has the path, 405 (as an error with the row unset and `allow` filled) where the method is another.
result<matched> find_route(std::string_view method, std::string_view path);

} // namespace alloy::api
