#include "core/local_rows.hpp"

#include "core/base64.hpp"

#include <algorithm>
#include <stdexcept>

namespace alloy {

std::optional<local_row> local_row_of(std::string_view key) noexcept {
  auto const found = std::ranges::find_if(local_kinds, [&](local_kind const& k) { return key.starts_with(k.prefix); });
  return found == local_kinds.end() ? std::nullopt : std::optional(found->row);
}

namespace {

using row_taker = std::function<void(local_kind const& kind, std::string_view key, std::string_view value)>;

void each_row(reader const& from, row_taker const& take) {
  from.scan({}, {}, direction::ascending, [&](std::string_view k, std::string_view v) {
    auto const row = local_row_of(k);
    if (!row)
      throw std::runtime_error(
          "beside the log there is a row of a kind that this version does not know: its key begins "
          "with " +
          encode_hex(k.substr(0, 4)));
    take(kind_of(*row), k, v);
    return true;
  });
}

// The id that columns begin with; none: they are too short to name anything.
std::optional<uuid> id_in(std::string_view columns) {
  return columns.size() < sizeof(uuid) ? std::nullopt : std::optional(uuid::from_view(columns.substr(0, sizeof(uuid))));
}

bool is_user(restored_log const& to, uuid const& id) {
  return to.state.has(key(identity_tenant, table::user).add(id));
}

std::optional<std::string> value_if(bool there, std::string_view value) {
  return there ? std::optional(std::string(value)) : std::nullopt;
}

// What it had read behind the head never happened here, and others take those positions.
std::optional<std::string> at_most_at_head(std::string_view value, restored_log const& to) {
  auto one = json::stored<consumer_row>(value);
  if (one.position <= to.head) return std::string(value);
  one.position = to.head;
  return json::to_string(one);
}

// What becomes of a row; none: the restored log does not have what it is about.
std::optional<std::string> bounded_value(bound rule, std::string_view columns, std::string_view value,
                                         restored_log const& to) {
  auto const id = id_in(columns);
  if (!id) return std::nullopt;
  switch (rule) {
  case bound::none: break;
  // A key that opens nothing that is in the log would stay for good: no erasure finds whose it is.
  case bound::person: return value_if(is_user(to, *id) || (to.has_invite && to.has_invite(*id)), value);
  case bound::user: return value_if(is_user(to, *id), value);
  case bound::api_key: return value_if(to.state.has(key(identity_tenant, table::api_key).add(*id)), value);
  case bound::consumer: return to.state.has(key(*id, table::org).add(*id)) ? at_most_at_head(value, to) : std::nullopt;
  }
  return std::nullopt;
}

} // namespace

void copy_local_rows(reader const& from, view& into) {
  each_row(from, [&](local_kind const& kind, std::string_view k, std::string_view v) {
    if (kind.by_cluster == carried::copied) into.put(k, v);
  });
}

void restore_local_rows(reader const& from, view& into, restored_log const& to) {
  each_row(from, [&](local_kind const& kind, std::string_view k, std::string_view v) {
    if (kind.by_backup != carried::bounded) return;
    if (auto const kept = bounded_value(kind.rule, columns_of(kind.row, k), v, to)) into.put(k, *kept);
  });
}

} // namespace alloy
