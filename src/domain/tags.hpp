#pragma once
// The rules of tags and where they are kept. One set of tags a carrier, with a version of its own: a tag is no change
// of the carrier. Rows:
//   tags          kind u8, id -> version, JSON of the set
//   tag_by_value  kind u8, folded key, folded value, carrier's created_ms u64, id -> key, NUL, value
// Pure.
#include "core/identifier.hpp"
#include "domain/context.hpp"
#include "domain/entities.hpp"

namespace alloy::domain {

enum class tagged : std::uint8_t { project, ticket, user, team, time_entry };
BOOST_DESCRIBE_ENUM(tagged, project, ticket, user, team, time_entry)

entity kind_of(tagged what) noexcept;
table rows_of(tagged what) noexcept; // where the carrier itself is kept: a user's tags are his membership's
role least_to_tag(tagged what) noexcept;

struct tag_key_rule {
  static constexpr std::string_view pattern = "^[A-Za-z0-9_.-]{1,64}$",
                                    words = "the key of a tag must be 1 to 64 of A-Z, a-z, 0-9, _, . and -";
  static constexpr std::size_t min = 1, max = 64;
  static bool ok(std::string_view t) noexcept;
};
using tag_key = formed<tag_key_rule>;
using tag_value = identifier<0, 256>;
using set_tags = dictionary<tag_key, tag_value, 50>;

using tag_map = std::map<std::string, std::string>;

key tags_key(uuid const& org, entity kind, uuid const& id);
inline key tag_values(uuid const& org, entity kind, std::string_view tag) {
  return key(org, table::tag_by_value).add_byte(static_cast<std::uint8_t>(kind)).add(fold_name(tag));
}

inline key tag_values(uuid const& org, entity kind, std::string_view tag, std::string_view value) {
  return tag_values(org, kind, tag).add(fold_name(value));
}

bool carrier_exists(reader const& state, uuid const& org, events::subject const& carrier);
tag_map tags_of(reader const& state, uuid const& org, events::subject const& carrier);
// The carrier has these tags and no others afterwards.
result<decision> decide(reader const& state, uuid const& org, events::subject const& carrier, set_tags const& wanted);
result<decision> remove_tag(reader const& state, uuid const& org, events::subject const& carrier, std::string_view tag);

// Part of the fold of whatever deletes a carrier: its tags are neither read nor found any more.
void drop_tags(view& state, uuid const& org, entity kind, uuid const& id, timestamp created_at);

} // namespace alloy::domain
