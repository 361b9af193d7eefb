#include "auth/password.hpp"

#include "auth/common_passwords.hpp"
#include "core/base64.hpp"
#include "core/crypto.hpp"
#include "core/steering.hpp"
#include "domain/identity.hpp"

#include <algorithm>
#include <argon2.h>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace alloy::auth {
namespace {

constexpr std::size_t salt_size = 16, hash_size = 32;
constexpr std::uint32_t memory_kib_max = 1U << 20U, passes_max = 64, lanes_max = 16;

// PHC strings write base64 without padding.
std::string phc_base64(std::string_view bytes) {
  auto text = encode_base64(bytes);
  text.resize(text.find_last_not_of('=') + 1);
  return text;
}

std::string phc_string(password_cost const& cost, std::string_view salt, std::string_view hash) {
  return "$argon2id$v=19$m=" + std::to_string(cost.memory_kib) + ",t=" + std::to_string(cost.passes) +
         ",p=" + std::to_string(cost.lanes) + "$" + phc_base64(salt) + "$" + phc_base64(hash);
}

// The number behind `before` at the front of `text`, which loses both.
std::optional<std::uint32_t> take_number(std::string_view& text, std::string_view before) {
  if (!text.starts_with(before)) return std::nullopt;
  text.remove_prefix(before.size());
  std::uint32_t value = 0;
  auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::optional<password_cost> cost_of(std::string_view phc) {
  auto const memory_kib = take_number(phc, "$argon2id$v=19$m=");
  auto const passes = take_number(phc, ",t=");
  auto const lanes = take_number(phc, ",p=");
  if (!memory_kib || !passes || !lanes || !phc.starts_with('$')) return std::nullopt;
  return password_cost{*memory_kib, *passes, *lanes};
}

error refused(std::string_view pointer, std::string code, std::string detail) {
  return error::of_field(std::string(pointer), std::move(code), std::move(detail));
}

// What shows nothing: Unicode's White_Space and Default_Ignorable_Code_Point, controls, and the empty Braille pattern.
constexpr std::pair<char32_t, char32_t> unseen[] = {
    {0x00, 0x20},     {0x7f, 0xa0},       {0xad, 0xad},       {0x34f, 0x34f},    {0x61c, 0x61c},   {0x115f, 0x1160},
    {0x1680, 0x1680}, {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x2000, 0x200f},  {0x2028, 0x202f}, {0x205f, 0x206f},
    {0x2800, 0x2800}, {0x3000, 0x3000},   {0x3164, 0x3164},   {0xfe00, 0xfe0f},  {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
    {0xfff0, 0xfff8}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};

bool is_unseen(char32_t c) {
  return std::ranges::any_of(unseen, [c](auto const& range) { return c >= range.first && c <= range.second; });
}

bool is_blank(std::string_view t) {
  while (!t.empty()) {
    auto const size = character_size(t);
    if (size == 0 || !is_unseen(decode_point(t.substr(0, size)))) return false;
    t.remove_prefix(size);
  }
  return true;
}

std::string in_lower_case(std::string_view t) {
  std::string lower(t);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

constexpr std::size_t beside_name_min = 6; // characters that are not of the name before the @

bool is_own_address(std::string_view password, std::string_view email) {
  if (email.empty()) return false;
  auto left = in_lower_case(password);
  auto const address = in_lower_case(email), name = address.substr(0, address.rfind('@'));
  if (left.find(address) != std::string::npos) return true;
  if (name.empty() || left.find(name) == std::string::npos) return false;
  for (auto at = left.find(name); at != std::string::npos; at = left.find(name)) left.erase(at, name.size());
  return code_points(left) < beside_name_min;
}

} // namespace

result<> check_new_password(std::string_view password, std::string_view email, std::string_view pointer) {
  if (!json::is_utf8(password)) return refused(pointer, "invalid_encoding", "must be valid UTF-8");
  if (password.find('\0') != std::string_view::npos)
    return refused(pointer, "control_character", "must not hold U+0000");
  if (auto const f = domain::new_password::check(password)) return refused(pointer, f->code, f->detail);
  if (is_blank(password)) return refused(pointer, "blank", "must not be white space alone");
  if (is_common_password(password)) return refused(pointer, "too_common", "is one of the most common passwords");
  if (is_own_address(password, email))
    return refused(pointer, "contains_email", "must be more than your own e-mail address");
  return {};
}

std::string hash_password(std::string_view password, password_cost cost) {
  auto const salt = crypto::random_bytes(salt_size);
  std::string hash(hash_size, '\0');
  auto const code = argon2id_hash_raw(cost.passes, cost.memory_kib, cost.lanes, password.data(), password.size(),
                                      salt.data(), salt.size(), hash.data(), hash.size());
  if (code != ARGON2_OK) throw std::runtime_error(std::string("Argon2: ") + argon2_error_message(code));
  return phc_string(cost, salt, hash);
}

bool verify_password(std::string_view password, std::string_view phc) {
  // The library obeys whatever cost it reads; a damaged record must not take the machine's memory.
  auto const cost = cost_of(phc);
  if (!cost || cost->memory_kib > memory_kib_max || cost->passes > passes_max || cost->lanes > lanes_max) return false;
  auto const code = argon2id_verify(std::string(phc).c_str(), password.data(), password.size());
  if (code == ARGON2_MEMORY_ALLOCATION_ERROR) throw std::runtime_error("Argon2: no memory");
  return code == ARGON2_OK;
}

void verify_nothing(std::string_view password) {
  // Random bytes in the place of a hash: no password fits it, and making it takes no time.
  static std::string const nobody =
      phc_string(password_cost{}, crypto::random_bytes(salt_size), crypto::random_bytes(hash_size));
  verify_password(password, nobody);
}

bool needs_rehash(std::string_view phc, password_cost cost) {
  return cost_of(phc) != cost;
}

} // namespace alloy::auth
