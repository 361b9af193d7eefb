#include "domain/quotas.hpp"

#include <algorithm>
#include <tuple>

namespace alloy::domain {
namespace {

// How far a count goes on behind the quota, for stores from before it and for quotas that were lowered.
constexpr std::uint64_t counted_beyond = 1000;
constexpr std::size_t ended_at_once_max = 100;

std::string words_of(tally const& t) {
  return (t.is_all ? "" : "more than ") + std::to_string(t.count);
}

std::vector<uuid> some_ids(reader const& rows, std::string_view prefix, std::uint64_t most) {
  std::vector<uuid> ids;
  rows.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
    ids.push_back(uuid::from_view(k.substr(k.size() - sizeof(uuid))));
    return ids.size() < most + counted_beyond;
  });
  return ids;
}

} // namespace

tally count_some(reader const& rows, std::string_view prefix, std::uint64_t most) {
  tally t;
  rows.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view, std::string_view) {
    t.is_all = t.count < most + counted_beyond;
    t.count += t.is_all;
    return t.is_all;
  });
  return t;
}

result<> room_for(quota const& q, tally const& has, std::uint64_t more) {
  if (has.count + more <= q.most) return {};
  std::string const most = std::to_string(q.most);
  return error(errc::quota_exceeded,
               std::string(q.may) + ' ' + most + ' ' + std::string(q.things_has) + ' ' + words_of(has),
               "\"limit\":" + most + ",\"count\":" + std::to_string(has.count));
}

result<> room_for_projects(reader const& state, uuid const& org, std::int64_t most, std::uint64_t more) {
  quota const q{"an organization may have", "projects; it has", static_cast<std::uint64_t>(most)};
  return room_for(q, count_some(state, key(org, table::project), q.most), more);
}

result<> room_for_webhooks(reader const& state, uuid const& org, std::int64_t most, std::uint64_t more) {
  quota const q{"an organization may have", "webhooks; it has", static_cast<std::uint64_t>(most)};
  return room_for(q, count_some(state, key(org, table::webhook), q.most), more);
}

result<> room_for_owned_org(reader const& state, uuid const& user, std::int64_t most, uuid const& asks) {
  quota const q{"a user may own", "organizations beside the personal one; you own", static_cast<std::uint64_t>(most)};
  auto const prefix = key(identity_tenant, table::membership_by_user).add(user);
  tally owned;
  state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view, std::string_view stored) {
    auto const m = json::stored<member>(stored);
    if (m.role != role::Owner || m.org_id == user) return true;
    owned.is_all = owned.count < q.most + counted_beyond;
    owned.count += owned.is_all;
    return owned.is_all;
  });
  auto room = room_for(q, owned);
  if (room || user == asks) return room;
  return error(errc::quota_exceeded,
               "a user may own " + std::to_string(most) +
                   " organizations beside the personal one; this one can own no more",
               "\"limit\":" + std::to_string(most));
}

result<> room_for_api_key(reader const& state, uuid const& user, std::int64_t most, timestamp at, facts& out) {
  quota const q{"a user may have", "API keys that have not expired; you have", static_cast<std::uint64_t>(most)};
  auto const ids = some_ids(state, key(identity_tenant, table::api_key_by_user).add(user), q.most);
  if (ids.size() < q.most) return {};
  std::vector<std::pair<timestamp, uuid>> expired;
  for (auto const& id : ids)
    if (auto const k = find<api_key>(state, identity_tenant, id); k && k->expires_at && *k->expires_at <= at)
      expired.emplace_back(*k->expires_at, id);
  if (auto room = room_for(q, {ids.size() - expired.size(), ids.size() < q.most + counted_beyond}); !room) return room;
  std::sort(expired.begin(), expired.end()); // those go that expired first
  auto const go = std::min({expired.size(), ids.size() + 1 - static_cast<std::size_t>(q.most), ended_at_once_max});
  for (std::size_t i = 0; i < go; ++i)
    record(out, identity_tenant, entity::api_key, expired[i].second, events::api_key_deleted{});
  return {};
}

void make_room_for_session(reader const& state, uuid const& user, std::int64_t most, std::int64_t max_age_ms,
                           timestamp at, facts& out) {
  auto const limit = static_cast<std::size_t>(most);
  auto const ids = some_ids(state, key(identity_tenant, table::session_by_user).add(user), limit);
  if (ids.size() < limit) return;
  std::vector<std::tuple<bool, timestamp, uuid>> by_age; // those that have ended first
  std::size_t ended = 0;
  for (auto const& id : ids)
    if (auto const s = find<session>(state, identity_tenant, id)) {
      bool const goes_on = s->expires_at > at && s->created_at.ms + max_age_ms > at.ms;
      by_age.emplace_back(goes_on, s->updated_at, id);
      ended += !goes_on;
    }
  std::sort(by_age.begin(), by_age.end());
  auto const end = [&](std::size_t i) {
    record(out, identity_tenant, entity::session, std::get<2>(by_age[i]), events::session_revoked{"too_many_sessions"});
  };
  for (std::size_t i = 0; i < std::min(ended, ended_at_once_max); ++i) end(i);
  if (by_age.size() - ended >= limit) end(ended); // one alone: what was above the quota before it stays
}

} // namespace alloy::domain
