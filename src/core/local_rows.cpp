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

} // namespace

// A key that opens nothing that is in the log would stay for good: no erasure finds whose it is.
std::optional<std::string> if_person_is_there(std::string_view columns, std::string_view value,
                                              restored_log const& to) {
  auto const id = id_in(columns);
  return value_if(id && (is_user(to, *id) || (to.has_invite && to.has_invite(*id))), value);
}

std::optional<std::string> if_user_is_there(std::string_view columns, std::string_view value, restored_log const& to) {
  auto const id = id_in(columns);
  return value_if(id && is_user(to, *id), value);
}

std::optional<std::string> if_api_key_is_there(std::string_view columns, std::string_view value,
                                               restored_log const& to) {
  auto const id = id_in(columns);
  return value_if(id && to.state.has(key(identity_tenant, table::api_key).add(*id)), value);
}

// What it had read behind the head never happened here, and others take those positions.
std::optional<std::string> consumer_at_most_at_head(std::string_view columns, std::string_view value,
                                                    restored_log const& to) {
  auto const org = id_in(columns);
  if (!org || !to.state.has(key(*org, table::org).add(*org))) return std::nullopt;
  auto one = json::stored<consumer_row>(value);
  if (one.position <= to.head) return std::string(value);
  one.position = to.head;
  return json::to_string(one);
}

void copy_local_rows(reader const& from, view& into) {
  each_row(from, [&](local_kind const& kind, std::string_view k, std::string_view v) {
    if (kind.by_cluster == carried::copied) into.put(k, v);
  });
}

void restore_local_rows(reader const& from, view& into, restored_log const& to) {
  each_row(from, [&](local_kind const& kind, std::string_view k, std::string_view v) {
    if (kind.by_backup != carried::bounded) return;
    if (auto const kept = kind.rule(columns_of(kind.row, k), v, to)) into.put(k, *kept);
  });
}

} // namespace alloy
