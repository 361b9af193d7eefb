#pragma once
// Users, sessions and keys: events of the tenant `identity`, never in an org's feed. Personal text is sealed with the
// person's own key, which lives outside the log; passwords are Argon2id strings, other secrets SHA-256 in hex.
#include "events/change.hpp"
#include "events/values.hpp"

namespace alloy::events {

struct user_registered {
  static constexpr std::string_view type = "user.registered";
  static constexpr int schema = 1;
  std::string email_sealed, display_name_sealed, password_hash;
};
BOOST_DESCRIBE_STRUCT(user_registered, (), (email_sealed, display_name_sealed, password_hash))

struct user_password_changed {
  static constexpr std::string_view type = "user.password_changed";
  static constexpr int schema = 1;
  std::string password_hash;
};
BOOST_DESCRIBE_STRUCT(user_password_changed, (), (password_hash))

// The person's key was destroyed: what is sealed with it can be read by nobody any more.
struct user_erased {
  static constexpr std::string_view type = "user.erased";
  static constexpr int schema = 1;
};
BOOST_DESCRIBE_STRUCT(user_erased, (), ())

struct session_opened {
  static constexpr std::string_view type = "session.opened";
  static constexpr int schema = 1;
  uuid user_id;
  std::string refresh_hash;
  timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(session_opened, (), (user_id, refresh_hash, expires_at))

struct session_refreshed {
  static constexpr std::string_view type = "session.refreshed";
  static constexpr int schema = 1;
  std::string previous_hash, refresh_hash;
  timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(session_refreshed, (), (previous_hash, refresh_hash, expires_at))

// Whose session it is gave their password again: what concerns the person may be done until then.
struct session_confirmed {
  static constexpr std::string_view type = "session.confirmed";
  static constexpr int schema = 1;
  timestamp until;
};
BOOST_DESCRIBE_STRUCT(session_confirmed, (), (until))

struct session_closed {
  static constexpr std::string_view type = "session.closed";
  static constexpr int schema = 1;
};
BOOST_DESCRIBE_STRUCT(session_closed, (), ())

struct session_revoked {
  static constexpr std::string_view type = "session.revoked";
  static constexpr int schema = 1;
  std::string reason; // refresh_reused, password_changed, erased
};
BOOST_DESCRIBE_STRUCT(session_revoked, (), (reason))

struct api_key_created {
  static constexpr std::string_view type = "api_key.created";
  static constexpr int schema = 1;
  uuid user_id;
  std::string name, key_prefix, key_hash;
  std::vector<std::string> scopes;
  std::optional<uuid> org_id = {};
  std::vector<uuid> project_ids;
  std::optional<timestamp> expires_at = {};
};
BOOST_DESCRIBE_STRUCT(api_key_created, (),
                      (user_id, name, key_prefix, key_hash, scopes, org_id, project_ids, expires_at))

struct api_key_deleted {
  static constexpr std::string_view type = "api_key.deleted";
  static constexpr int schema = 1;
};
BOOST_DESCRIBE_STRUCT(api_key_deleted, (), ())

// Who operates the server. Given and taken on its machine, never over the network.
struct operator_added {
  static constexpr std::string_view type = "operator.added";
  static constexpr int schema = 1;
  uuid user_id;
};
BOOST_DESCRIBE_STRUCT(operator_added, (), (user_id))

struct operator_removed {
  static constexpr std::string_view type = "operator.removed";
  static constexpr int schema = 1;
  uuid user_id;
};
BOOST_DESCRIBE_STRUCT(operator_removed, (), (user_id))

} // namespace alloy::events
