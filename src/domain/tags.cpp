#include "domain/tags.hpp"

#include "domain/fold_steps.hpp"

#include <algorithm>
#include <set>

namespace alloy::domain {
namespace {

struct born { // of any entity
  timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(born, (), (created_at))

std::optional<timestamp> birth_of(reader const& state, uuid const& org, events::subject const& carrier) {
  std::string stored;
  for (tagged const what : {tagged::project, tagged::ticket, tagged::user, tagged::team, tagged::time_entry})
    if (kind_of(what) == carrier.kind && state.get(key(org, rows_of(what)).add(carrier.id), stored))
      return json::stored<born>(row::json_of(stored)).created_at;
  return std::nullopt;
}

std::string value_key(uuid const& org, events::subject const& carrier, std::string_view tag, std::string_view value,
                      timestamp created_at) {
  return tag_values(org, carrier.kind, tag, value).add(static_cast<std::uint64_t>(created_at.ms)).add(carrier.id).str();
}

// Tags of one carrier that are written differently and are the same share a row, which tells the first of them.
void put_rows(view& state, uuid const& org, events::subject const& carrier, timestamp created_at, tag_map const& tags) {
  for (auto tag = tags.rbegin(); tag != tags.rend(); ++tag)
    state.put(value_key(org, carrier, tag->first, tag->second, created_at), tag->first + '\0' + tag->second);
}
void erase_rows(view& state, uuid const& org, events::subject const& carrier, timestamp created_at,
                tag_map const& tags) {
  for (auto const& [tag, value] : tags) state.erase(value_key(org, carrier, tag, value, created_at));
}

// Keys that are the same but for their case are one key. A carrier of an older version may go on having both.
result<> check_twins(tag_map const& now, set_tags const& wanted) {
  std::map<std::string, std::string> seen;
  for (auto const& [tag, value] : wanted) {
    auto const [other, is_first] = seen.emplace(fold_name(tag), tag);
    if (is_first || (now.contains(tag) && now.contains(other->second))) continue;
    std::string pointer;
    json::append_pointer(pointer, tag);
    return error::of_field(pointer, "duplicate", "it is the same key as " + other->second);
  }
  return {};
}

tag_map tags_in(std::string_view stored) {
  return stored.empty() ? tag_map{} : json::stored<tag_map>(row::json_of(stored));
}

} // namespace

entity kind_of(tagged what) noexcept {
  constexpr entity kinds[] = {entity::project, entity::ticket, entity::user, entity::team, entity::time_entry};
  return kinds[static_cast<std::size_t>(what)];
}

table rows_of(tagged what) noexcept {
  constexpr table rows[] = {table::project, table::ticket, table::member, table::team, table::time_entry};
  return rows[static_cast<std::size_t>(what)];
}

role least_to_tag(tagged what) noexcept {
  return what == tagged::user || what == tagged::team ? role::Admin : role::Member;
}

bool tag_key_rule::ok(std::string_view t) noexcept {
  return t.size() >= min && t.size() <= max && std::all_of(t.begin(), t.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
                  c == '-';
         });
}

key tags_key(uuid const& org, entity kind, uuid const& id) {
  return key(org, table::tags).add_byte(static_cast<std::uint8_t>(kind)).add(id);
}

bool carrier_exists(reader const& state, uuid const& org, events::subject const& carrier) {
  return birth_of(state, org, carrier).has_value();
}

tag_map tags_of(reader const& state, uuid const& org, events::subject const& carrier) {
  std::string stored;
  state.get(tags_key(org, carrier.kind, carrier.id), stored);
  return tags_in(stored);
}

result<decision> decide(reader const& state, uuid const& org, events::subject const& carrier, set_tags const& wanted) {
  auto const now = tags_of(state, org, carrier);
  if (auto alone = check_twins(now, wanted); !alone) return alone.error();
  events::tags_changed e;
  for (auto const& [tag, value] : now)
    if (!wanted.contains(tag)) e.changes[tag].from = value;
  for (auto const& [tag, value] : wanted) {
    auto const before = now.find(tag);
    if (before != now.end() && before->second == value.value) continue;
    auto& change = e.changes[tag];
    if (before != now.end()) change.from = before->second;
    change.to = value.value;
  }
  decision d;
  if (!e.changes.empty()) record(d.events, org, carrier.kind, carrier.id, std::move(e));
  return d;
}

result<decision> remove_tag(reader const& state, uuid const& org, events::subject const& carrier,
                            std::string_view tag) {
  auto const now = tags_of(state, org, carrier);
  auto there = now.find(std::string(tag));
  if (there == now.end())
    there = std::find_if(now.begin(), now.end(), [&](auto const& one) { return same_name(one.first, tag); });
  if (there == now.end()) return error(errc::not_found, "it carries no such tag");
  decision d;
  record(d.events, org, carrier.kind, carrier.id,
         events::tags_changed{{{there->first, {there->second, std::nullopt}}}});
  return d;
}

void on(view& state, events::tags_changed const& e, events::envelope const& at) {
  auto const where = tags_key(at.tenant, at.subject.kind, at.subject.id);
  auto const born_at = birth_of(state, at.tenant, at.subject);
  if (!born_at) absent(at);
  std::string stored;
  state.get(where, stored);
  auto tags = tags_in(stored);
  std::set<std::string> touched; // folded: what the rows of other spellings are to be looked at for, too
  for (auto const& [tag, change] : e.changes) touched.insert(fold_name(tag));
  auto const rows = [&] {
    tag_map some;
    for (auto const& [tag, value] : tags)
      if (touched.contains(fold_name(tag))) some.emplace(tag, value);
    return some;
  };
  erase_rows(state, at.tenant, at.subject, *born_at, rows());
  for (auto const& [tag, change] : e.changes) {
    if (change.to)
      tags[tag] = *change.to;
    else
      tags.erase(tag);
  }
  put_rows(state, at.tenant, at.subject, *born_at, rows());
  std::string next;
  row::begin(next, row::version_of(stored) + (at.continues && !stored.empty() ? 0 : 1));
  json::write(next, tags);
  state.put(where, next);
}

void drop_tags(view& state, uuid const& org, entity kind, uuid const& id, timestamp created_at) {
  events::subject const carrier{kind, id};
  erase_rows(state, org, carrier, created_at, tags_of(state, org, carrier));
  state.erase(tags_key(org, kind, id));
}

} // namespace alloy::domain
