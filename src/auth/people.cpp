#include "auth/people.hpp"

#include "core/base64.hpp"
#include "core/crypto.hpp"
#include "core/derived_key.hpp"
#include "core/local_rows.hpp"

#include <stdexcept>

namespace alloy::auth {
namespace {

// 0.1.0 made the rows of persons' keys and of addresses with the server's key itself.
std::string person_row(uuid const& person) {
  return local_key(local_row::person_key).add(person).str();
}
std::string email_row(std::string_view index_key, std::string_view normal_email) {
  auto const sum = crypto::hmac_sha256(index_key, "email\n" + std::string(normal_email));
  return local_key(local_row::user_by_email).add_bytes(crypto::view_of(sum)).str();
}
crypto::sealer sealer_of(std::string const& server_key) {
  return {server_key, crypto::key_use::person_keys};
}

} // namespace

std::string people::email_key(std::string_view normal_email) const {
  return email_row(crypto::derived_key(sealing_key_, crypto::key_use::email_index), normal_email);
}

std::optional<std::string> people::key_of(reader const& local, uuid const& person) const {
  std::string row;
  if (!local.get(person_row(person), row)) return std::nullopt;
  auto key = sealer_of(sealing_key_).open(row, person.view());
  if (!key) throw std::runtime_error("a person's key cannot be opened: was the server's key replaced?");
  return key;
}

std::string people::seal(view& local, uuid const& person, std::string_view text) const {
  auto key = key_of(local, person);
  if (!key) {
    key = crypto::random_bytes(32);
    local.put(person_row(person), sealer_of(sealing_key_).seal(*key, person.view()));
  }
  return encode_base64(crypto::seal(*key, text, person.view()));
}

std::optional<std::string> people::open(reader const& local, uuid const& person, std::string_view sealed) const {
  auto const key = key_of(local, person);
  auto const bytes = decode_base64(sealed);
  if (!key || !bytes) return std::nullopt;
  return crypto::open(*key, *bytes, person.view());
}

bool people::knows(reader const& local, uuid const& person) const {
  return local.has(person_row(person));
}

std::optional<uuid> people::find_by_email(reader const& local, std::string_view normal_email) const {
  std::string id;
  if (!local.get(email_key(normal_email), id) && !local.get(email_row(sealing_key_, normal_email), id))
    return std::nullopt;
  return uuid::from_view(id);
}

void people::forget(view& local, uuid const& person) const {
  local.erase(person_row(person));
}

void people::forget_email(view& local, std::string_view normal_email) const {
  local.erase(email_key(normal_email));
  local.erase(email_row(sealing_key_, normal_email));
}

void people::remember_email(view& local, std::string_view normal_email, uuid const& user) const {
  local.put(email_key(normal_email), user.view());
  local.erase(email_row(sealing_key_, normal_email));
}

} // namespace alloy::auth
