#pragma once
// Teams of an organization, and who is in them.
#include "events/change.hpp"

namespace alloy::events {

struct team_created {
  static constexpr std::string_view type = "team.created";
  static constexpr int schema = 1;
  std::string name;
  json::changed<restored> restores = {};
};
BOOST_DESCRIBE_STRUCT(team_created, (), (name, restores))

struct team_changes {
  field<std::string> name;
};
BOOST_DESCRIBE_STRUCT(team_changes, (), (name))
struct team_updated {
  static constexpr std::string_view type = "team.updated";
  static constexpr int schema = 1;
  team_changes changes;
};
BOOST_DESCRIBE_STRUCT(team_updated, (), (changes))

struct team_deleted {
  static constexpr std::string_view type = "team.deleted";
  static constexpr int schema = 1;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(team_deleted, (), (name))

struct team_member_added {
  static constexpr std::string_view type = "team.member_added";
  static constexpr int schema = 1;
  uuid user_id;
};
BOOST_DESCRIBE_STRUCT(team_member_added, (), (user_id))

struct team_member_removed {
  static constexpr std::string_view type = "team.member_removed";
  static constexpr int schema = 1;
  uuid user_id;
};
BOOST_DESCRIBE_STRUCT(team_member_removed, (), (user_id))

} // namespace alloy::events
