#include "auth/pii_store.hpp"

#include "core/base64.hpp"
#include "core/crypto.hpp"
#include "core/derived_key.hpp"
#include "core/identifier.hpp"
#include "core/local_rows.hpp"

#include <stdexcept>

namespace alloy::auth {
namespace {

// 0.1.0 made the rows of persons' keys and of addresses with the server's key itself.
std::string person_row(uuid const& person) {
  return local_key(local_row::person_key).add(person).str();
}
constexpr std::string_view as_written = "email\n", as_folded = "folded email\n";
// Raised whenever fold_address gives something else for an address, also by a newer Unicode.
constexpr std::uint64_t address_rule = 2;

std::string email_row(std::string_view index_key, std::string_view use, std::string_view email) {
  auto const sum = crypto::hmac_sha256(index_key, std::string(use) + std::string(email));
  return local_key(local_row::user_by_email).add_bytes(crypto::view_of(sum)).str();
}
crypto::sealer sealer_of(std::string const& server_key) {
  return {server_key, crypto::key_use::person_keys};
}

} // namespace

std::string pii_store::written_key(std::string_view email) const {
  return email_row(crypto::derived_key(sealing_key_, crypto::key_use::email_index), as_written, email);
}
std::string pii_store::folded_key(std::string_view email) const {
  return email_row(crypto::derived_key(sealing_key_, crypto::key_use::email_index), as_folded, fold_address(email));
}

std::optional<std::string> pii_store::key_of(reader const& local, uuid const& person) const {
  std::string row;
  if (!local.get(person_row(person), row)) return std::nullopt;
  auto key = sealer_of(sealing_key_).open(row, person.view());
  if (!key) throw std::runtime_error("a person's key cannot be opened: was the server's key replaced?");
  return key;
}

std::string pii_store::seal(view& local, uuid const& person, std::string_view text) const {
  auto key = key_of(local, person);
  if (!key) {
    key = crypto::random_bytes(32);
    local.put(person_row(person), sealer_of(sealing_key_).seal(*key, person.view()));
  }
  return encode_base64(crypto::seal(*key, text, person.view()));
}

std::optional<std::string> pii_store::open(reader const& local, uuid const& person, std::string_view sealed) const {
  auto const key = key_of(local, person);
  auto const bytes = decode_base64(sealed);
  if (!key || !bytes) return std::nullopt;
  return crypto::open(*key, *bytes, person.view());
}

bool pii_store::knows(reader const& local, uuid const& person) const {
  return local.has(person_row(person));
}

std::optional<uuid> pii_store::find_by_email(reader const& local, std::string_view email) const {
  std::string ids;
  if (!local.get(written_key(email), ids) && !local.get(email_row(sealing_key_, as_written, email), ids) &&
      !local.get(folded_key(email), ids))
    return std::nullopt;
  return uuid::from_view(ids);
}

void pii_store::forget(view& local, uuid const& person) const {
  local.erase(person_row(person));
}

void pii_store::forget_email(view& local, std::string_view email, uuid const& user) const {
  local.erase(written_key(email));
  local.erase(email_row(sealing_key_, as_written, email));
  auto const row = folded_key(email);
  std::string ids, left;
  local.get(row, ids);
  for (std::string_view rest = ids; rest.size() >= user.view().size(); rest.remove_prefix(user.view().size()))
    if (uuid::from_view(rest) != user) left.append(uuid::from_view(rest).view());
  if (left.empty())
    local.erase(row);
  else
    local.put(row, left);
}

void pii_store::remember_email(view& local, std::string_view email, uuid const& user) const {
  local.erase(email_row(sealing_key_, as_written, email));
  auto const row = folded_key(email);
  std::string ids;
  if (local.get(row, ids)) local.put(written_key(email), user.view()); // it is another one's, but for how it is written
  local.put(row, ids + std::string(user.view()));
}

bool pii_store::addresses_are_indexed(reader const& local) {
  std::string version;
  return local.get(local_key(local_row::email_rule_version), version) && version.size() == sizeof address_rule &&
         big_endian_u64(version) == address_rule;
}

void pii_store::drop_addresses(view& local) const {
  std::vector<std::string> rows;
  auto const prefix = local_key(local_row::user_by_email).str();
  local.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view row, std::string_view) {
    rows.emplace_back(row);
    return true;
  });
  for (auto const& row : rows) local.erase(row);
}

void pii_store::note_addresses_indexed(view& local) {
  std::string version;
  append_u64(version, address_rule);
  local.put(local_key(local_row::email_rule_version), version);
}

} // namespace alloy::auth
