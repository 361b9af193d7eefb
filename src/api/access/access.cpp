#include "api/access/access.hpp"

#include "domain/history.hpp"
#include "domain/projects.hpp"
#include "domain/tags.hpp"
#include "projections/history.hpp"
#include "projections/ticket_index.hpp"

#include <algorithm>
#include <charconv>

namespace alloy::api {
namespace {

using domain::row;

error absent() {
  return error(errc::not_found, "there is no such thing, or it is not yours to see");
}

std::optional<uuid> id_of(reader const& state, key const& where, std::string_view text) {
  if (auto const id = parse_uuid(text)) return id;
  std::string found;
  if (text.find('\0') == std::string_view::npos && state.get(where.str(), found)) return uuid::from_view(found);
  return std::nullopt;
}

std::optional<uuid> org_named(reader const& state, std::string_view text) {
  if (auto const id = parse_uuid(text)) return id;
  return id_of(state, key(identity_tenant, table::org_by_slug).add(fold_name(text)), text);
}

struct place { // where what a path names is looked up
  std::string_view name;
  table rows;
};
constexpr place places[] = {
    // by the first parameter
    {"org_id", table::org},         {"project_id", table::project},       {"ticket_id", table::ticket},
    {"sprint_id", table::sprint},   {"label_id", table::label},           {"workflow_id", table::workflow},
    {"comment_id", table::comment}, {"webhook_id", table::webhook},       {"invite_id", table::invite},
    {"team_id", table::team},       {"time_entry_id", table::time_entry}, {"delivery_id", table::delivery},
};
// By the path, whose second parameter names a thing in the organization that the first one names.
constexpr place within_org[] = {{"/api/v1/orgs/{org_id}/tickets/{reference}", table::ticket}};
struct part { // by the path, one of whose parameters is the id of something within what is looked up
  std::string_view path;
  table rows;
  std::size_t param = 1;
  bool former = false; // a member who has left is meant, too
};
constexpr part parts[] = {
    {"/api/v1/orgs/{org_id}/members/{user_id}", table::member},
    {"/api/v1/projects/{project_id}/members/{user_id}", table::project_member},
    {"/api/v1/teams/{team_id}/members/{user_id}", table::team_member},
    {"/api/v1/users/{user_id}/orgs/{org_id}/labor-rates", table::member, 0, true},
};

struct target { // what is looked up, and the role that it takes
  table rows{};
  std::string_view text;
  role least{};
  std::optional<domain::tagged> tags_of = {}; // its tags are meant, not the thing itself
  std::string_view in_org = {};               // by id or slug, where the path names it
};

std::string_view first_param(std::string_view path) {
  auto const open = path.find('{');
  if (open == std::string_view::npos) return {};
  return path.substr(open + 1, path.find('}') - open - 1);
}

// Nothing where the path is about the caller himself.
result<std::optional<target>> target_of(operation const& op, std::vector<std::string> const& params) {
  std::optional<target> found;
  if (op.finds_itself) return found;
  auto const name = first_param(op.path);
  for (auto const& p : places)
    if (p.name == name) found = target{p.rows, params.front(), op.least};
  for (auto const& p : within_org)
    if (p.name == op.path) found = target{p.rows, params.at(1), op.least, {}, params.front()};
  if (name == "user_id") found = target{table::org, params.at(1), op.least};
  if (name == "entity_type") {
    auto const what = json::enum_of<domain::tagged>(params.front());
    if (!what) return absent();
    role const least = op.writes() ? std::max(op.least, domain::least_to_tag(*what)) : op.least;
    found = target{domain::rows_of(*what), params.at(1), least, what};
  }
  return found;
}

std::optional<uuid> resolve(reader const& state, uuid const& org, table rows, std::string_view text) {
  if (rows == table::ticket) return find_ticket(state, org, text);
  if (rows == table::project) return find_project(state, org, text);
  return parse_uuid(text);
}

// The value of a member of a stored document that is a UUID, found without a parse.
std::optional<uuid> member_id(std::string_view json, std::string_view quoted_name) {
  auto const at = json.find(quoted_name);
  if (at == std::string_view::npos) return std::nullopt;
  return parse_uuid(json.substr(at + quoted_name.size(), 36));
}

// The stored row of a thing as it is or, with `then`, as it was. A comment is there as long as its ticket is.
std::optional<std::string> row_of(reader const& state, uuid const& org, table rows, uuid const& id,
                                  projections::past const* then) {
  std::optional<std::string> stored;
  if (auto const kind = projections::past::kind_in(rows); then && kind)
    stored = then->row(org, *kind, id);
  else if (!then && !state.get(key(org, rows).add(id), stored.emplace()))
    stored.reset();
  if (stored && rows == table::comment) {
    auto const ticket = member_id(row::json_of(*stored), "\"ticket_id\":\"");
    if (!ticket || !row_of(state, org, table::ticket, *ticket, then)) return std::nullopt;
  }
  return stored;
}

std::optional<uuid> project_of(reader const& state, subject const& s, table rows, projections::past const* then) {
  switch (rows) {
  case table::project: return s.id;
  case table::ticket:
  case table::time_entry:
  case table::sprint: return member_id(s.json(), "\"project_id\":\"");
  case table::comment: {
    auto const ticket = member_id(s.json(), "\"ticket_id\":\"");
    auto const found = ticket ? row_of(state, s.org, table::ticket, *ticket, then) : std::nullopt;
    return found ? member_id(row::json_of(*found), "\"project_id\":\"") : std::nullopt;
  }
  default: return std::nullopt;
  }
}

error too_low(role least, role rank) {
  return error(errc::role_too_low, "this needs the role " + std::string(json::name_of(least)) + "; yours here is " +
                                       std::string(json::name_of(rank)));
}

error lacks(scope needed) {
  return error(errc::scope_missing, "this needs a credential with the scope " + std::string(json::name_of(needed)));
}

} // namespace

bool operation::takes_org() const noexcept {
  auto const declared = [](auto const& q) { return q.name == "org_id"; };
  if (open || finds_itself || path.find("{org_id}") != path.npos || std::any_of(query.begin(), query.end(), declared))
    return false;
  auto const name = first_param(path);
  return names_things || name == "entity_type" ||
         std::any_of(std::begin(places), std::end(places), [&](place const& p) { return p.name == name; });
}

result<> admit(operation const& op, auth::principal const& who) {
  if (who.granted < op.needs) return lacks(op.needs);
  if (op.bound < who.bound_to())
    return error(errc::key_not_allowed, who.only_projects.empty()
                                            ? "a key that is bound to an organization may not do this"
                                            : "a key that is bound to projects may not do this");
  return {};
}

std::string as_project_key(std::string_view text) {
  std::string made(text);
  for (char& c : made)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c + ('A' - 'a'));
  return made;
}

std::optional<uuid> find_project(reader const& state, uuid const& org, std::string_view text) {
  if (auto const id = parse_uuid(text)) return id; // most name it by its id, and no text is folded for those
  return id_of(state, domain::project_by_key(org, text), text);
}

std::optional<uuid> find_ticket(reader const& state, uuid const& org, std::string_view text) {
  if (auto const id = parse_uuid(text)) return id;
  auto const dash = text.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  std::uint64_t number = 0;
  auto const digits = text.substr(dash + 1);
  auto const [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failed != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  auto const project = find_project(state, org, text.substr(0, dash));
  return project ? projections::ticket_by_number(state, org, *project, number) : std::nullopt;
}

result<subject> authorize_org(auth::principal const& who, reader const& state, uuid const& org, role least) {
  if (!who.in(org)) return absent();
  auto const m = domain::find<domain::member>(state, org, who.user_id);
  if (!m) return absent();
  if (m->role < least) return too_low(least, m->role);
  subject s;
  s.org = org;
  s.id = org;
  s.rank = m->role;
  s.can_view_finance = m->can_view_finance || m->role >= role::Admin;
  return s;
}

result<> require_role(auth::principal const& who, subject const& in, role least) {
  if (least >= role::Admin && who.granted < scope::admin) return lacks(scope::admin);
  if (in.rank < least) return too_low(least, in.rank);
  return {};
}

result<> authorize_project(operation const& op, auth::principal const& who, reader const& state, subject const& in,
                           uuid const& project) {
  if (!who.may_touch_project(project)) return error(errc::project_not_allowed, "this key is bound to other projects");
  if (op.writes() && in.rank == role::Reporter && !state.has(domain::project_member_key(in.org, project, who.user_id)))
    return error(errc::project_not_allowed, "a Reporter writes only in projects where he is a member");
  return {};
}

namespace {

// Within the thing that was found: what the second parameter names, or its tags.
result<> find_part(operation const& op, std::vector<std::string> const& params, target const& wanted,
                   reader const& state, subject& s) {
  if (wanted.tags_of) state.get(domain::tags_key(s.org, domain::kind_of(*wanted.tags_of), s.id), s.part.emplace());
  for (auto const& p : parts) {
    if (p.path != op.path) continue;
    auto const id = parse_uuid(params.at(p.param));
    key where(s.org, p.rows);
    if (wanted.rows != table::org) where.add(s.id);
    if (id && state.get(where.add(*id), s.part.emplace())) continue;
    s.part.reset();
    if (!id || !p.former || !domain::has_history(state, s.org, entity::member, *id)) return absent();
  }
  return {};
}

// What is in no project is changed by no key that is bound to projects, and such a key sees tags of its projects only.
result<> check_reach(operation const& op, target const& wanted, auth::principal const& who, reader const& state,
                     subject const& s, projections::past const* then) {
  if (who.only_projects.empty() && s.rank != role::Reporter) return {};
  if (auto const project = project_of(state, s, wanted.rows, then))
    return authorize_project(op, who, state, s, *project);
  if (!who.only_projects.empty() && (op.writes() || wanted.tags_of))
    return error(errc::project_not_allowed, "this key is bound to projects; it touches nothing else");
  return {};
}

result<subject> find_org(target const& wanted, auth::principal const& who, reader const& state,
                         projections::past const* then) {
  auto const id = org_named(state, wanted.text);
  if (!id) return absent();
  auto s = authorize_org(who, state, *id, wanted.least);
  if (!s) return s;
  auto stored = row_of(state, *id, table::org, *id, then);
  if (!stored) return absent();
  s->row = std::move(*stored);
  return s;
}

struct found_thing {
  uuid org, id;
  std::string row;
};

std::vector<found_thing> find_all(std::vector<uuid> const& orgs, target const& wanted, reader const& state,
                                  reader const& things, projections::past const* then) {
  std::vector<found_thing> found;
  for (auto const& org : orgs) {
    auto const id = resolve(state, org, wanted.rows, wanted.text);
    auto stored = id ? row_of(things, org, wanted.rows, *id, then) : std::nullopt;
    if (stored) found.push_back({org, *id, std::move(*stored)});
  }
  return found;
}

// What is left of several things of one name where all but one cannot be meant: a key that is bound to projects means
// what is in them. A member is one and the same person everywhere; what is not said is the organization, so the default
// comes first.
void drop_unmeant(std::vector<found_thing>& found, target const& wanted, auth::principal const& who,
                  projections::past const* then, reader const& state) {
  if (found.size() < 2) return;
  auto const drop = [&](auto const& unmeant) {
    if (!std::all_of(found.begin(), found.end(), unmeant)) std::erase_if(found, unmeant);
  };
  if (wanted.rows == table::member) found.resize(1);
  if (who.only_projects.empty()) return;
  drop([&](found_thing const& f) {
    subject s;
    s.org = f.org;
    s.id = f.id;
    s.row = f.row;
    auto const project = project_of(state, s, wanted.rows, then);
    return project && !who.may_touch_project(*project);
  });
}

result<subject> find_within(std::vector<uuid> const& orgs, target const& wanted, auth::principal const& who,
                            reader const& state, reader const& things, projections::past const* then) {
  auto found = find_all(orgs, wanted, state, things, then);
  drop_unmeant(found, wanted, who, then, state);
  if (found.empty()) return absent();
  if (found.size() > 1) {
    std::vector<candidate> all;
    for (auto const& f : found) {
      all.push_back({f.org, f.id});
      if (wanted.rows == table::ticket)
        all.back().reference = json::stored<domain::ticket>(row::json_of(f.row)).reference;
    }
    return ambiguous(state, wanted.text, all);
  }
  auto s = authorize_org(who, state, found.front().org, wanted.least);
  if (!s) return s;
  s->id = found.front().id;
  s->row = std::move(found.front().row);
  return s;
}

} // namespace

std::vector<uuid> orgs_to_look_in(std::optional<uuid> const& org, auth::principal const& who) {
  std::vector<uuid> orgs;
  for (auto const& m : who.orgs)
    if (!org || m.org_id == *org) orgs.push_back(m.org_id);
  return orgs;
}

// Nil where it is none of the caller's: then nothing is found in it, once everything else of the request is well.
result<uuid> find_org_asked(auth::principal const& who, reader const& state, std::string_view text) {
  if (!parse_uuid(text) && !slug_rule::ok(fold_name(text)))
    return error::of_field("/org_id", "malformed", "it must be a UUID or a slug");
  auto const id = org_named(state, text);
  return id && who.in(*id) ? *id : uuid{};
}

error ambiguous(reader const& state, std::string_view name, std::vector<candidate> const& found) {
  std::string members = "\"candidates\":[";
  for (auto const& one : found) {
    auto const org = domain::find<domain::org>(state, one.org, one.org);
    members += members.back() == '[' ? "{" : ",{";
    members += "\"org_id\":" + json::to_string(one.org) + ",\"slug\":" + json::to_string(org ? org->slug : "") +
               ",\"id\":" + json::to_string(one.id);
    if (!one.reference.empty()) members += ",\"reference\":" + json::to_string(one.reference);
    members += '}';
  }
  return error(errc::ambiguous,
               std::string(name) + " is in " + std::to_string(found.size()) +
                   " of your organizations; say in which one: org_id",
               members + "]");
}

result<subject> resolve_resource(operation const& op, std::vector<std::string> const& params,
                                 std::optional<uuid> const& org, auth::principal const& who, reader const& state,
                                 reader const& deliveries, projections::past const* then) {
  auto const wanted = target_of(op, params);
  if (!wanted) return wanted.error();
  if (org && !who.in(*org)) return absent();
  if (!*wanted) return subject{};
  auto const& in_org = (*wanted)->in_org;
  auto const named = in_org.empty() ? org : org_named(state, in_org);
  if (!in_org.empty() && !named) return absent();
  auto const& things = (*wanted)->rows == table::delivery ? deliveries : state;
  auto s = (*wanted)->rows == table::org ? find_org(**wanted, who, state, then)
                                         : find_within(orgs_to_look_in(named, who), **wanted, who, state, things, then);
  if (!s) return s;
  if ((*wanted)->least > op.least)
    if (auto may = require_role(who, *s, (*wanted)->least); !may) return may.error();
  if (auto reached = check_reach(op, **wanted, who, state, *s, then); !reached) return reached.error();
  if (auto found = find_part(op, params, **wanted, state, *s); !found) return found.error();
  return s;
}

std::optional<uuid> org_meant(operation const& op, std::vector<std::string> const& params,
                              std::optional<uuid> const& org, auth::principal const& who, reader const& state,
                              reader const& deliveries) {
  auto const wanted = target_of(op, params);
  if (!wanted) return std::nullopt;
  auto const own = [&](std::optional<uuid> const& id) { return id && who.in(*id) ? id : std::nullopt; };
  if (!*wanted) return own(org);
  if ((*wanted)->rows == table::org) return own(org_named(state, (*wanted)->text));
  auto const& in_org = (*wanted)->in_org;
  auto const named = in_org.empty() ? org : org_named(state, in_org);
  if (!in_org.empty() && !named) return std::nullopt;
  if (named) return own(named);
  if (who.orgs.size() == 1) return who.orgs.front().org_id; // most have no other, and nothing is looked up for them
  auto const orgs = orgs_to_look_in(named, who);
  auto const& things = (*wanted)->rows == table::delivery ? deliveries : state;
  auto const found = find_all(orgs, **wanted, state, things, nullptr);
  return found.empty() ? std::nullopt : std::optional(found.front().org);
}

result<subject> find_named_subject(operation const& op, table rows, std::string_view text,
                                   std::optional<uuid> const& org, auth::principal const& who, reader const& state) {
  target const wanted{rows, text, op.least};
  auto s = find_within(orgs_to_look_in(org, who), wanted, who, state, state, nullptr);
  if (!s) return s;
  if (auto reached = check_reach(op, wanted, who, state, *s, nullptr); !reached) return reached.error();
  return s;
}

} // namespace alloy::api
