#include "core/local_rows.hpp"

#include "core/base64.hpp"

#include <algorithm>
#include <stdexcept>

namespace alloy {

std::optional<local_row> local_row_of(std::string_view key) noexcept {
  auto const found = std::ranges::find_if(local_kinds, [&](local_kind const& k) { return key.starts_with(k.prefix); });
  return found == local_kinds.end() ? std::nullopt : std::optional(found->row);
}

void copy_local_rows(reader const& from, view& into, carried local_kind::*column) {
  from.scan({}, {}, direction::ascending, [&](std::string_view k, std::string_view v) {
    auto const row = local_row_of(k);
    if (!row)
      throw std::runtime_error(
          "beside the log there is a row of a kind that this version does not know: its key begins "
          "with " +
          encode_hex(k.substr(0, 4)));
    if (kind_of(*row).*column == carried::copied) into.put(k, v);
    return true;
  });
}

} // namespace alloy
