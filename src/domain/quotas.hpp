#pragma once
// How many of a thing one organization or one user may have, so that nobody fills what all share. Asked at the head of
// the log for each new one; what is there already stays, also above the quota. Counting ends soon behind the quota,
// however many there are. Pure.
#include "domain/context.hpp"
#include "domain/entities.hpp"

#include <optional>
#include <vector>

namespace alloy::domain {

// "An organization may have" 50 "webhooks; it has" 50.
struct quota {
  std::string_view may, things_has;
  std::uint64_t most;
};

struct tally {
  std::uint64_t count = 0;
  bool is_all = true; // else there are more, which nobody counted
};

// The rows under a prefix; it stops soon behind `most`.
tally count_some(reader const& rows, std::string_view prefix, std::uint64_t most);

// quota_exceeded, with the members `limit` and `count`, where `more` of them would be too many.
result<> room_for(quota const& q, tally const& has, std::uint64_t more = 1);

result<> room_for_projects(reader const& state, uuid const& org, std::int64_t most, std::uint64_t more = 1);
result<> room_for_webhooks(reader const& state, uuid const& org, std::int64_t most, std::uint64_t more = 1);

// Whether the user may come to own one more organization. The personal one does not count. Others than the user are not
// told how many there are.
result<> room_for_owned_org(reader const& state, uuid const& user, std::int64_t most, uuid const& asks);

// Whether the user may have one more API key. Those that have expired do not count: the ones that must go so that the
// rows stay as few as the quota are deleted, as `out` says.
result<> room_for_api_key(reader const& state, uuid const& user, std::int64_t most, timestamp at, facts& out);

// Makes room for one more session. Nobody is refused for the sessions that they have, or whoever knows the password
// could shut its owner out: what has ended goes, and then the one that was not refreshed for the longest time.
void make_room_for_session(reader const& state, uuid const& user, std::int64_t most, std::int64_t max_age_ms,
                           timestamp at, facts& out);

} // namespace alloy::domain
