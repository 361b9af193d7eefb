#pragma once
// Tags: words of an organization's own on its projects, tickets, members, teams and time entries. The subject is what
// carries them; a member's tags are the organization's, not the person's.
#include "events/change.hpp"

namespace alloy::events {

struct tags_changed {
  static constexpr std::string_view type = "tags.changed";
  static constexpr int schema = 1;
  std::map<std::string, change<std::optional<std::string>>> changes; // by key; null: it carries no such tag
};
BOOST_DESCRIBE_STRUCT(tags_changed, (), (changes))

} // namespace alloy::events
