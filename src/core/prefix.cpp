#include "core/prefix.hpp"

#include "core/key.hpp"

namespace alloy {

std::uint64_t count_rows(reader const& rows, std::string_view prefix) {
  std::uint64_t count = 0;
  rows.scan(prefix, after_prefix(prefix), direction::ascending,
            [&](std::string_view, std::string_view) { return ++count, true; });
  return count;
}

std::vector<uuid> ids_under(reader const& rows, std::string_view prefix) {
  std::vector<uuid> ids;
  rows.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
    ids.push_back(uuid::from_view(k.substr(k.size() - 16)));
    return true;
  });
  return ids;
}

} // namespace alloy
