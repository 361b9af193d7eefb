#pragma once
// Bodies of what users do with their own accounts, sessions and keys. Passwords, hashes and sealed text are made by the
// caller; the rules that need the state stand beside the operations (api/operations/accounts/session.cpp), which hold
// the secrets.
#include "core/identifier.hpp"
#include "core/json.hpp"
#include "events/values.hpp"

namespace alloy::domain {

using display_name = identifier<1, 100>;

// Any text of this length, in characters; whether it is a common one, auth finds out (check_new_password).
struct new_password {
  static constexpr std::size_t min = 8, max = 128;
  std::string value;
  static std::optional<text_fault> check(std::string_view t);
  static std::string normal(std::string_view t) { return std::string(t); }
};

inline std::optional<text_fault> new_password::check(std::string_view t) {
  std::size_t const length = code_points(t);
  if (length < min) return text_fault{"too_short", "must have at least " + std::to_string(min) + " characters"};
  if (length > max) return text_fault{"too_long", "must have at most " + std::to_string(max) + " characters"};
  return std::nullopt;
}

struct register_user {
  alloy::email email;
  new_password password;
  domain::display_name display_name;
  std::optional<std::string> invite_code;
};
BOOST_DESCRIBE_STRUCT(register_user, (), (email, password, display_name, invite_code))

struct login {
  known_address email;
  std::string password;
};
BOOST_DESCRIBE_STRUCT(login, (), (email, password))

struct refresh {
  std::string refresh_token;
};
BOOST_DESCRIBE_STRUCT(refresh, (), (refresh_token))

struct logout {
  std::optional<std::string> refresh_token;
};
BOOST_DESCRIBE_STRUCT(logout, (), (refresh_token))

struct change_password {
  std::string current_password;
  domain::new_password new_password;
};
BOOST_DESCRIBE_STRUCT(change_password, (), (current_password, new_password))

struct confirm_session {
  std::string password;
};
BOOST_DESCRIBE_STRUCT(confirm_session, (), (password))

struct scope_rule {
  static constexpr std::string_view pattern = "^(read|write|admin|\\*)$", words = "it must be read, write, admin or *";
  static constexpr std::size_t min = 1, max = 5;
  static bool ok(std::string_view t) noexcept { return t == "read" || t == "write" || t == "admin" || t == "*"; }
};

struct create_api_key {
  identifier<1, 100> name;
  list<formed<scope_rule>, 1, 4> scopes;
  std::optional<uuid> org_id;
  std::optional<list<uuid, 0, 100>> project_ids;
  std::optional<timestamp> expires_at;
};
BOOST_DESCRIBE_STRUCT(create_api_key, (), (name, scopes, org_id, project_ids, expires_at))

} // namespace alloy::domain
