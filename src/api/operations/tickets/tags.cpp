#include "domain/tags.hpp"
#include "api/access/access.hpp"
#include "api/operations/resources.hpp"
#include "api/table/answers.hpp"

namespace alloy::api {
namespace {

using namespace domain;

struct tag_query {
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  tag_key key;
  std::optional<tagged> entity_type;
  std::optional<tag_value> value;
  std::optional<uuid> org_id;
};
BOOST_DESCRIBE_STRUCT(tag_query, (), (limit, cursor, key, entity_type, value, org_id))

struct found_tag {
  static constexpr bool answer = true;
  tagged entity_type{};
  uuid entity_id, org_id;
  std::string key, value;
};
BOOST_DESCRIBE_STRUCT(found_tag, (), (entity_type, entity_id, org_id, key, value))

struct owned { // of a time entry
  uuid user_id;
};
BOOST_DESCRIBE_STRUCT(owned, (), (user_id))

// Access has held the caller against it; a retry is held, too.
result<commands::plan> held_to_kind(write_context const& c, result<commands::plan> plan) {
  if (plan) plan->least = least_to_tag(alloy::json::enum_of<tagged>(c.params.front()).value());
  return plan;
}

// What the path names. Access has found it, and held the role against its kind.
result<events::subject> carrier_of(write_context const& c) {
  auto const what = alloy::json::enum_of<tagged>(c.params.front()).value();
  if (what == tagged::time_entry && alloy::json::stored<owned>(c.subject.json()).user_id != c.who->user_id)
    return error(errc::role_too_low, "time is tagged by the one who logged it");
  return events::subject{kind_of(what), c.subject.id};
}

std::string_view tags_in(std::string_view stored) {
  return stored.empty() ? "{}" : row::json_of(stored);
}

result<commands::plan> set_all(write_context& c, set_tags const& body) {
  auto const carrier = carrier_of(c);
  if (!carrier) return carrier.error();
  auto d = decide(c.state(), c.subject.org, *carrier, body);
  if (!d) return d.error();
  commands::plan p;
  p.events = std::move(d->events);
  p.render = [where = tags_key(c.subject.org, carrier->kind, carrier->id).str()](reader const& state) {
    std::string stored;
    state.get(where, stored);
    commands::answer a;
    a.version = row::version_of(stored);
    a.body = tags_in(stored);
    return a;
  };
  return held_to_kind(c, std::move(p));
}

result<commands::plan> remove_one(write_context& c) {
  auto const carrier = carrier_of(c);
  if (!carrier) return carrier.error();
  return held_to_kind(c, done(remove_tag(c.state(), c.subject.org, *carrier, c.params.at(2))));
}

// A key that is bound to projects finds what they and their tickets carry.
bool may_see(read_context const& c, uuid const& org, tagged what, uuid const& id) {
  if (c.who->only_projects.empty()) return true;
  if (what == tagged::project) return c.who->may_touch_project(id);
  if (what != tagged::ticket) return false;
  auto const t = find<ticket>(c.state, org, id);
  return t && c.who->may_touch_project(t->project_id);
}

// One kind of carrier in one organization.
projections::page search_part(read_context const& c, tag_query const& q, uuid const& org, tagged what,
                              projections::page_request const& ask) {
  auto const prefix = (q.value ? tag_values(org, kind_of(what), q.key.value, q.value->value)
                               : tag_values(org, kind_of(what), q.key.value))
                          .str();
  return projections::read_page(c.state, {prefix}, ask, [&](std::string_view k, std::string_view v, std::string& json) {
    uuid const id = uuid::from_view(k.substr(k.size() - 16));
    if (!may_see(c, org, what, id)) return false;
    auto const nul = v.find('\0');
    json =
        alloy::json::to_string(found_tag{what, id, org, std::string(v.substr(0, nul)), std::string(v.substr(nul + 1))});
    return true;
  });
}

result<reply> search(read_context& c, tag_query const& q) {
  auto ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  if (q.org_id)
    if (auto entered = authorize_org(*c.who, c.state, *q.org_id, c.op.least); !entered) return entered.error();
  std::vector<std::string> parts; // org 16 bytes, kind u8
  for (auto const& m : c.who->orgs)
    for (tagged const what : {tagged::project, tagged::ticket, tagged::user, tagged::team, tagged::time_entry})
      if ((!q.org_id || *q.org_id == m.org_id) && q.entity_type.value_or(what) == what)
        parts.push_back(std::string(m.org_id.view()) + static_cast<char>(what));
  return page_reply(c, read_parts(std::move(parts), *ask,
                                  part_reader([&](std::string_view part, projections::page_request const& within) {
                                    return search_part(c, q, uuid::from_view(part), static_cast<tagged>(part.back()),
                                                       within);
                                  })));
}

} // namespace

std::vector<operation> tag_operations() {
  std::vector<operation> rows{
      change<set_tags, tag_map>(verb::put, "set_tags", "/api/v1/tags/{entity_type}/{entity_id}", role::Member,
                                "Replace the tags of a project, ticket, user, team or time entry", 200, set_all),
      get<tag_map>("get_tags", "/api/v1/tags/{entity_type}/{entity_id}", role::Viewer, "Get the tags of something",
                   [](read_context& c) -> result<reply> {
                     return json_reply(std::string(tags_in(*c.subject.part)), c.subject.version());
                   }),
      del("delete_tag", "/api/v1/tags/{entity_type}/{entity_id}/{key}", role::Member, "Take one tag off something",
          remove_one),
      called("tag search",
             get_list<found_tag, tag_query>("search_by_tag", "/api/v1/tags", role::Viewer,
                                            "Find what carries a tag, by its key and perhaps its value", search)),
  };
  for (auto* const row : {&rows[0], &rows[2]})
    row->notes =
        "Tags of users and teams take the role Admin; a time entry is tagged by the one who logged it. A user has "
        "tags in each organization; without `org_id` those of the one among them that the caller joined first are "
        "meant.";
  rows[3].notes = "By kind, value, and the time when the carrier was made. Without `org_id`: in every organization of "
                  "the caller.";
  bound_keys_may(rows, auth::bound_key::project, {"set_tags", "get_tags", "delete_tag", "search_by_tag"});
  for (auto& row : rows) row.tag = "Tags";
  return rows;
}

} // namespace alloy::api
