#include "domain/terms.hpp"

#include <algorithm>

namespace alloy::domain {
namespace {

struct stay {
  uuid team_id;
  date since;
  std::optional<date> until = {}; // the day on which he left, which is none of the stay any more
};
BOOST_DESCRIBE_STRUCT(stay, (), (team_id, since, until))

template <class T> std::vector<T> read_list(reader const& state, key const& where) {
  std::string stored;
  return state.get(where, stored) ? json::stored<std::vector<T>>(stored) : std::vector<T>();
}

key terms_key(uuid const& org, uuid const& project) {
  return key(org, table::project_terms).add(project);
}
key stays_key(uuid const& org, uuid const& user) {
  return key(org, table::team_stays).add(user);
}

} // namespace

terms terms_on(reader const& state, uuid const& org, uuid const& project, date day) {
  auto const all = read_list<terms>(state, terms_key(org, project));
  if (all.empty()) return {};
  date const known = std::max(day, all.front().since);
  auto const later = [&](terms const& t) { return t.since > known; };
  return *std::prev(std::find_if(all.begin(), all.end(), later));
}

std::optional<uuid> team_on(reader const& state, uuid const& org, uuid const& user, date day) {
  auto const all = read_list<stay>(state, stays_key(org, user));
  if (all.empty()) return std::nullopt;
  date const known = std::max(day, all.front().since);
  auto const there = [&](stay const& s) { return s.since <= known && (!s.until || *s.until > known); };
  auto const first = std::find_if(all.begin(), all.end(), there);
  return first == all.end() ? std::nullopt : std::optional(first->team_id);
}

date day_of(reader const& state, uuid const& org, timestamp at) {
  auto const o = find<domain::org>(state, org, org);
  return day_in(o ? o->time_zone : "UTC", at); // a thing that is folded by itself to see how it stood has no org around
}

void note_terms(view& state, project const& p, events::envelope const& at) {
  auto const where = terms_key(at.tenant, p.id);
  auto all = read_list<terms>(state, where);
  date const today = day_of(state, at.tenant, at.at);
  if (!all.empty() && all.back().since == today) all.pop_back();
  all.push_back({today, p.capitalization_type, p.development_phase});
  state.put(where, json::to_string(all));
}

void note_joined(view& state, uuid const& team, uuid const& user, events::envelope const& at) {
  auto const where = stays_key(at.tenant, user);
  auto all = read_list<stay>(state, where);
  all.push_back({team, day_of(state, at.tenant, at.at), {}});
  state.put(where, json::to_string(all));
}

void note_left(view& state, uuid const& team, uuid const& user, events::envelope const& at) {
  auto const where = stays_key(at.tenant, user);
  auto all = read_list<stay>(state, where);
  for (auto& s : all)
    if (s.team_id == team && !s.until) s.until = day_of(state, at.tenant, at.at);
  state.put(where, json::to_string(all));
}

} // namespace alloy::domain
