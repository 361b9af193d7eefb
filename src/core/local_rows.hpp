#pragma once
// What a server keeps beside the log, in the family `local`: every kind of row there is, with what becomes of it when a
// backup is restored and when another server joins the same log. Whoever reads or writes such a row makes its key here,
// and a restore copies by this table: a kind that is not in it cannot be written, and one whose column is wrong is
// found by the test that restores a row of each. Stored: a prefix is never changed and never given to something else.
// Values, any thread.
#include "core/json.hpp"
#include "core/key.hpp"
#include "core/view.hpp"

#include <array>
#include <boost/describe.hpp>
#include <functional>
#include <optional>

namespace alloy {

enum class local_row : std::uint8_t {
  kept_answer,
  kept_answer_expiry,
  person_key,
  user_by_email,
  email_rule_version,
  key_last_use,
  known_networks,
  consumer,
  import_under_way,
  used_key,
  log_identity,
  schema
};
BOOST_DESCRIBE_ENUM(local_row, kept_answer, kept_answer_expiry, person_key, user_by_email, email_rule_version,
                    key_last_use, known_networks, consumer, import_under_way, used_key, log_identity, schema)

enum class carried : std::uint8_t {
  copied,  // as it is
  bounded, // as far as the restored log has what it is about: its kind's rule says how far
  remade,  // from the records of the log, while they are copied
  left     // it is of this store alone, or of what happened after the point that is restored
};

// What a restore has come to; it may be an earlier point of the log than the one the rows were written at.
struct restored_log {
  reader const& state;
  std::uint64_t head = 0;
  std::function<bool(uuid const& id)> has_invite = {}; // ever; an organization that is deleted has them still
};

// How far a restore takes a row whose kind is bounded: as long as the log has what it is about, a bookmark to its head.
enum class bound : std::uint8_t { none, person, user, api_key, consumer };

struct local_kind {
  local_row row;
  std::string_view prefix; // of its keys; none begins with another one's
  carried by_backup, by_cluster;
  std::string_view columns; // what stands in its key behind the prefix, and its value
  bound rule = bound::none; // of by_backup
};

// The value of a row of the kind `consumer`.
struct consumer_row {
  static constexpr bool defaults_allowed = true;
  std::string name;
  std::uint64_t position = 0;
  timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(consumer_row, (), (name, position, updated_at))

inline constexpr std::array local_kinds{
    local_kind{local_row::kept_answer, "a", carried::left, carried::copied, "command_id -> sealed answer"},
    local_kind{local_row::kept_answer_expiry, "x", carried::left, carried::copied, "ms u64be, command_id -> nothing"},
    local_kind{local_row::person_key, "p", carried::bounded, carried::copied,
               "person (a user or an invite) -> the person's key, sealed", bound::person},
    // The start makes them anew, from the users there are.
    local_kind{
        local_row::user_by_email, "e", carried::left, carried::copied,
        "HMAC of a folded address -> users, the one who has it first; HMAC of an address -> user who has it beside "
        "another one"},
    local_kind{local_row::email_rule_version, "m", carried::left, carried::copied, "-> version u64be"},
    local_kind{local_row::key_last_use, "u", carried::bounded, carried::copied, "API key -> ms u64be", bound::api_key},
    local_kind{local_row::known_networks, "n", carried::bounded, carried::copied,
               "user -> (HMAC of a network, ms u64be of the latest login)..., the latest first", bound::user},
    local_kind{local_row::consumer, "c", carried::bounded, carried::copied, "organization, name -> JSON",
               bound::consumer},
    local_kind{local_row::import_under_way, "h", carried::remade, carried::copied,
               "organization -> nothing, or `cancelled`"},
    local_kind{local_row::used_key, "k", carried::remade, carried::remade, "command_id -> position u64be"},
    local_kind{local_row::log_identity, "i", carried::left, carried::copied, "-> identity of the log"},
    local_kind{local_row::schema,
               "\xff\xff"
               "alloy.schema",
               carried::left, carried::left, "-> schema u64be"},
};

constexpr local_kind const& kind_of(local_row row) noexcept {
  return local_kinds[static_cast<std::size_t>(row)];
}

namespace detail {
constexpr bool local_kinds_are_whole() noexcept {
  for (std::size_t i = 0; i < local_kinds.size(); ++i) {
    if (local_kinds[i].row != static_cast<local_row>(i) || local_kinds[i].prefix.empty()) return false;
    // A backup may be restored to an earlier point, and a further server joins the log as it is.
    if (local_kinds[i].by_backup == carried::copied || local_kinds[i].by_cluster == carried::bounded) return false;
    if ((local_kinds[i].by_backup == carried::bounded) != (local_kinds[i].rule != bound::none)) return false;
    for (std::size_t j = 0; j < local_kinds.size(); ++j)
      if (i != j && local_kinds[j].prefix.starts_with(local_kinds[i].prefix)) return false;
  }
  return true;
}
} // namespace detail
static_assert(boost::mp11::mp_size<boost::describe::describe_enumerators<local_row>>::value == local_kinds.size(),
              "every kind of local row has its line in the table");
static_assert(detail::local_kinds_are_whole(),
              "in the order of the enumerators, no prefix within another one, and what a restore takes has its rule");

class local_key {
 public:
  explicit local_key(local_row of) : bytes_(kind_of(of).prefix) {}
  local_key& add(uuid const& id) { return add_bytes(id.view()); }
  local_key& add(std::uint64_t n) {
    append_u64(bytes_, n);
    return *this;
  }
  // Of a fixed length, or the last column.
  local_key& add_bytes(std::string_view bytes) {
    bytes_.append(bytes);
    return *this;
  }
  std::string const& str() const& noexcept { return bytes_; }
  std::string str() && noexcept { return std::move(bytes_); }
  operator std::string_view() const noexcept { return bytes_; }

 private:
  std::string bytes_;
};

// What stands behind the prefix of a key of this kind.
constexpr std::string_view columns_of(local_row row, std::string_view key) noexcept {
  return key.substr(kind_of(row).prefix.size());
}

// The kind of a stored row; none: it is no row of this version.
std::optional<local_row> local_row_of(std::string_view key) noexcept;

// Copies what a further server of the same log takes, or a restored backup, as their columns say. Both throw
// std::runtime_error where a row is of no kind of the table: a newer version wrote it, and what it is for is not known
// here.
void copy_local_rows(reader const& from, view& into);
void restore_local_rows(reader const& from, view& into, restored_log const& to);

} // namespace alloy
