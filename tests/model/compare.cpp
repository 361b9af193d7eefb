#include "tests/model/compare.hpp"

#include "core/prefix.hpp"
#include "domain/projects.hpp"
#include "domain/tags.hpp"
#include "domain/teams.hpp"
#include "tests/model/server.hpp"

namespace alloy::model {
namespace {

number number_of(uuid const& id) {
  number n = 0;
  for (std::size_t i = 12; i < 16; ++i) n = n << 8 | id.bytes[i];
  return n % 10'000;
}
std::optional<number> number_of(std::optional<uuid> const& id) {
  return id ? std::optional(number_of(*id)) : std::nullopt;
}

// ------------------------------------------------------------------------------------- the server's as the model's

template <class To, class From> To stamped(From const& e) {
  To to;
  to.created = e.created_at.ms;
  to.updated = e.updated_at.ms;
  to.version = static_cast<unsigned>(e.version);
  return to;
}

ticket plain(domain::ticket const& e) {
  auto t = stamped<ticket>(e);
  t.project = number_of(e.project_id);
  t.ticket_number = static_cast<int>(e.ticket_number);
  t.reference = e.reference;
  t.title = e.title;
  t.description = e.description;
  t.status = e.status;
  t.category = e.category;
  t.priority = e.priority;
  t.assignee = number_of(e.assignee_id);
  t.reporter = number_of(e.reporter_id);
  t.sprint = number_of(e.sprint_id);
  for (auto const& l : e.labels) t.labels.insert(number_of(l));
  if (e.estimate_minutes) t.minutes = static_cast<int>(*e.estimate_minutes);
  if (e.due_date) t.due = e.due_date->days;
  return t;
}
comment plain(domain::comment const& e) {
  auto k = stamped<comment>(e);
  k.ticket = number_of(e.ticket_id);
  k.author = number_of(e.author_id);
  k.body = e.body;
  return k;
}
sprint plain(domain::sprint const& e) {
  auto s = stamped<sprint>(e);
  s.project = number_of(e.project_id);
  s.name = e.name;
  s.status = e.status;
  if (e.started_at) s.started = e.started_at->ms;
  if (e.completed_at) s.completed = e.completed_at->ms;
  return s;
}
template <class E> named plain_named(E const& e) {
  auto n = stamped<named>(e);
  n.name = e.name;
  return n;
}
named plain(domain::label const& e) {
  return plain_named(e);
}
named plain(domain::team const& e) {
  return plain_named(e);
}
project plain(domain::project const& e) {
  auto p = stamped<project>(e);
  p.name = e.name;
  p.description = e.description;
  p.workflow = number_of(e.workflow_id);
  p.counter = static_cast<int>(e.ticket_counter);
  return p;
}
member plain(domain::member const& e) {
  auto m = stamped<member>(e);
  m.role = e.role;
  m.finance = e.can_view_finance;
  return m;
}
invite plain(domain::invite const& e) {
  auto i = stamped<invite>(e);
  i.role = e.role;
  i.sender = number_of(e.created_by);
  i.status = e.status;
  return i;
}
workflow plain(domain::workflow const& e) {
  auto w = stamped<workflow>(e);
  w.name = e.name;
  w.statuses = e.statuses;
  w.transitions = e.transitions;
  w.enforcement = e.enforcement;
  return w;
}

// ---------------------------------------------------------------------------------------------------- differences

// The names of what differs between two stored things.
template <class E> std::string differing(E const& wanted, E const& found) {
  std::string out;
  if (wanted.created != found.created) out += " created";
  if (wanted.updated != found.updated) out += " updated";
  if (wanted.version != found.version)
    out += " version " + std::to_string(found.version) + " instead of " + std::to_string(wanted.version);
  if constexpr (requires { E::fields(); }) {
    std::size_t n = 0;
    std::apply(
        [&](auto... field) { ((++n, out += wanted.*field == found.*field ? "" : " field " + std::to_string(n)), ...); },
        E::fields());
  }
  return out;
}

template <class E>
void compare(faults& out, std::string const& what, E const* wanted, std::optional<E> const& found,
             std::string_view row) {
  if (!wanted && found) out.push_back(what + " should be gone, but is " + std::string(row));
  if (wanted && !found) out.push_back(what + " is missing");
  if (wanted && found && !(*wanted == *found))
    out.push_back(what + " differs:" + differing(*wanted, *found) + " in " + std::string(row));
}

template <class Entity, class Map, class Row>
void compare_all(faults& out, entity kind, Map const& wanted, Row row_of) {
  using mine = typename Map::mapped_type;
  for (number n = 0; n < 5; ++n) { // no pool has more
    std::optional<std::string> const row = row_of(kind, id_of(kind, n));
    auto const at = wanted.find(n);
    std::optional<mine> found;
    if (row) found = plain(json::stored<Entity>(domain::row::json_of(*row)));
    compare(out, std::string(json::name_of(kind)) + " " + std::to_string(n), at == wanted.end() ? nullptr : &at->second,
            found, row ? domain::row::json_of(*row) : std::string_view());
  }
}

template <class Row> faults compare_told(world const& w, Row row_of) {
  faults out;
  compare_all<domain::ticket>(out, entity::ticket, w.tickets, row_of);
  compare_all<domain::comment>(out, entity::comment, w.comments, row_of);
  compare_all<domain::sprint>(out, entity::sprint, w.sprints, row_of);
  compare_all<domain::label>(out, entity::label, w.labels, row_of);
  compare_all<domain::team>(out, entity::team, w.teams, row_of);
  compare_all<domain::project>(out, entity::project, w.projects, row_of);
  compare_all<domain::member>(out, entity::member, w.members, row_of);
  compare_all<domain::workflow>(out, entity::workflow, w.workflows, row_of);
  return out;
}

template <class E>
void compare_memberships(faults& out, char const* what, reader const& state, table rows,
                         std::map<pair, std::int64_t> const& wanted) {
  std::map<pair, std::int64_t> found;
  auto const prefix = key(org_id(), rows).str();
  state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view v) {
    auto const tail = k.substr(prefix.size());
    found[{number_of(uuid::from_view(tail.substr(0, 16))), number_of(uuid::from_view(tail.substr(16)))}] =
        json::stored<E>(domain::row::json_of(v)).added_at.ms;
    return true;
  });
  if (found != wanted) out.push_back(std::string(what) + " differ");
}

std::string text_of(carrier const& of) {
  return std::string(json::name_of(of.kind)) + " " + std::to_string(of.id);
}

} // namespace

faults compare_entities(world const& w, reader const& state) {
  auto const row_of = [&](table rows, uuid const& id) -> std::optional<std::string> {
    std::string row;
    if (!state.get(key(org_id(), rows).add(id), row)) return std::nullopt;
    return row;
  };
  faults out = compare_told(w, [&](entity kind, uuid const& id) {
    constexpr std::pair<entity, table> rows[] = {{entity::ticket, table::ticket}, {entity::comment, table::comment},
                                                 {entity::sprint, table::sprint}, {entity::label, table::label},
                                                 {entity::team, table::team},     {entity::project, table::project},
                                                 {entity::member, table::member}, {entity::workflow, table::workflow}};
    for (auto const& [of, in] : rows)
      if (of == kind) return row_of(in, id);
    throw std::logic_error("a kind without rows");
  });
  compare_all<domain::invite>(out, entity::invite, w.invites,
                              [&](entity, uuid const& id) { return row_of(table::invite, id); });
  compare_memberships<domain::project_member>(out, "project members", state, table::project_member, w.project_members);
  compare_memberships<domain::team_member>(out, "team members", state, table::team_member, w.team_members);
  for (auto const kind : {entity::ticket, entity::project, entity::user, entity::team})
    for (number n = 0; n < tickets; ++n) {
      std::string row;
      bool const there = state.get(domain::tags_key(org_id(), kind, id_of(kind, n)), row);
      auto const at = w.tags.find({kind, n});
      if (there != (at != w.tags.end()))
        out.push_back("tags of " + text_of({kind, n}) + (there ? " should be gone" : " are missing"));
      else if (there && (at->second.version != domain::row::version_of(row) ||
                         at->second.values != domain::tags_of(state, org_id(), {kind, id_of(kind, n)})))
        out.push_back("tags of " + text_of({kind, n}) + " differ: version " +
                      std::to_string(domain::row::version_of(row)) + std::string(domain::row::json_of(row)));
    }
  return out;
}

faults compare_past(world const& w, projections::past const& then) {
  return compare_told(w, [&](entity kind, uuid const& id) { return then.row(org_id(), kind, id); });
}

} // namespace alloy::model
