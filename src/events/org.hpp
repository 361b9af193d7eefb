#pragma once
// An organization, its members and its invites.
#include "events/change.hpp"
#include "events/values.hpp"

namespace alloy::events {

struct org_created {
  static constexpr std::string_view type = "org.created";
  static constexpr int schema = 1;
  std::string name, slug, time_zone, currency;
  json::changed<weekdays> working_days = {};     // none: Monday to Friday
  json::changed<std::int64_t> minor_digits = {}; // of amounts (ISO 4217); none: 2, as before there were others
};
BOOST_DESCRIBE_STRUCT(org_created, (), (name, slug, time_zone, currency, working_days, minor_digits))

struct org_changes {
  field<std::string> name, slug, time_zone, currency;
  field<weekdays> working_days;
  field<std::int64_t> minor_digits; // goes with the currency, while nothing is priced
};
BOOST_DESCRIBE_STRUCT(org_changes, (), (name, slug, time_zone, currency, working_days, minor_digits))
struct org_updated {
  static constexpr std::string_view type = "org.updated";
  static constexpr int schema = 1;
  org_changes changes;
};
BOOST_DESCRIBE_STRUCT(org_updated, (), (changes))

// Amounts are in the currency's own minor unit from now on. What was stored before is read in the new unit.
struct org_currency_converted {
  static constexpr std::string_view type = "org.currency_converted";
  static constexpr int schema = 1;
  std::int64_t from_digits = 2, to_digits = 2;
};
BOOST_DESCRIBE_STRUCT(org_currency_converted, (), (from_digits, to_digits))

struct org_deleted {
  static constexpr std::string_view type = "org.deleted";
  static constexpr int schema = 1;
  std::string name, slug;
};
BOOST_DESCRIBE_STRUCT(org_deleted, (), (name, slug))

struct member_added {
  static constexpr std::string_view type = "member.added";
  static constexpr int schema = 1;
  uuid user_id;
  alloy::role role{};
  bool can_view_finance = false;
  std::optional<uuid> invite_id = {};
};
BOOST_DESCRIBE_STRUCT(member_added, (), (user_id, role, can_view_finance, invite_id))

struct member_changes {
  field<alloy::role> role;
  field<bool> can_view_finance;
};
BOOST_DESCRIBE_STRUCT(member_changes, (), (role, can_view_finance))
struct member_role_changed {
  static constexpr std::string_view type = "member.role_changed";
  static constexpr int schema = 1;
  uuid user_id;
  member_changes changes;
};
BOOST_DESCRIBE_STRUCT(member_role_changed, (), (user_id, changes))

struct member_removed {
  static constexpr std::string_view type = "member.removed";
  static constexpr int schema = 1;
  uuid user_id;
  alloy::role role{};
};
BOOST_DESCRIBE_STRUCT(member_removed, (), (user_id, role))

struct invite_created {
  static constexpr std::string_view type = "invite.created";
  static constexpr int schema = 1;
  std::string email_sealed; // under the invite's own key
  alloy::role role{};
  uuid created_by;
  std::string code_hash;
  timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(invite_created, (), (email_sealed, role, created_by, code_hash, expires_at))

struct invite_revoked {
  static constexpr std::string_view type = "invite.revoked";
  static constexpr int schema = 1;
};
BOOST_DESCRIBE_STRUCT(invite_revoked, (), ())

struct invite_accepted {
  static constexpr std::string_view type = "invite.accepted";
  static constexpr int schema = 1;
  uuid user_id;
};
BOOST_DESCRIBE_STRUCT(invite_accepted, (), (user_id))

} // namespace alloy::events
