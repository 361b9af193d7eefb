#include "auth/people.hpp"

#include "core/base64.hpp"
#include "core/crypto.hpp"
#include "core/local_rows.hpp"

#include <stdexcept>

namespace alloy::auth {
namespace {

std::string person_row(uuid const& person) {
  return local_key(local_row::person_key).add(person).str();
}

} // namespace

std::optional<std::string> people::key_of(reader const& local, uuid const& person) const {
  std::string row;
  if (!local.get(person_row(person), row)) return std::nullopt;
  auto key = crypto::open(sealing_key_, row, person.view());
  if (!key) throw std::runtime_error("a person's key cannot be opened: was the server's key replaced?");
  return key;
}

std::string people::seal(view& local, uuid const& person, std::string_view text) const {
  auto key = key_of(local, person);
  if (!key) {
    key = crypto::random_bytes(32);
    local.put(person_row(person), crypto::seal(sealing_key_, *key, person.view()));
  }
  return encode_base64(crypto::seal(*key, text, person.view()));
}

std::optional<std::string> people::open(reader const& local, uuid const& person, std::string_view sealed) const {
  auto const key = key_of(local, person);
  auto const bytes = decode_base64(sealed);
  if (!key || !bytes) return std::nullopt;
  return crypto::open(*key, *bytes, person.view());
}

std::string people::email_key(std::string_view normal_email) const {
  auto const sum = crypto::hmac_sha256(sealing_key_, "email\n" + std::string(normal_email));
  return local_key(local_row::user_by_email).add_bytes(crypto::view_of(sum)).str();
}

std::optional<uuid> people::find_by_email(reader const& local, std::string_view normal_email) const {
  std::string id;
  if (!local.get(email_key(normal_email), id)) return std::nullopt;
  return uuid::from_view(id);
}

void people::forget(view& local, uuid const& person) const {
  local.erase(person_row(person));
}

void people::forget_email(view& local, std::string_view normal_email) const {
  local.erase(email_key(normal_email));
}

void people::remember_email(view& local, std::string_view normal_email, uuid const& user) const {
  local.put(email_key(normal_email), user.view());
}

} // namespace alloy::auth
