#include "api/access.hpp"

#include "domain/projects.hpp"
#include "projections/history.hpp"
#include "projections/ticket_index.hpp"

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

struct place { // where a path's parameter is looked up
  std::string_view param;
  table rows;
  entity kind;
};
constexpr place places[] = {
    {"org_id", table::org, entity::org},
    {"project_id", table::project, entity::project},
    {"ticket_id", table::ticket, entity::ticket},
    {"sprint_id", table::sprint, entity::sprint},
    {"label_id", table::label, entity::label},
    {"workflow_id", table::workflow, entity::workflow},
    {"comment_id", table::comment, entity::comment},
    {"webhook_id", table::webhook, entity::webhook},
    {"invite_id", table::invite, entity::invite},
};
constexpr place const& ticket_place = places[2];

std::string_view first_param(std::string_view path) {
  auto const open = path.find('{');
  if (open == std::string_view::npos) return {};
  return path.substr(open + 1, path.find('}') - open - 1);
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

std::optional<uuid> project_of(reader const& state, subject const& s, table rows) {
  switch (rows) {
  case table::project: return s.id;
  case table::ticket:
  case table::sprint: return member_id(s.json(), "\"project_id\":\"");
  case table::comment: {
    auto const ticket = member_id(s.json(), "\"ticket_id\":\"");
    std::string found;
    if (!ticket || !state.get(domain::key_of<domain::ticket>(s.org, *ticket), found)) return std::nullopt;
    return member_id(row::json_of(found), "\"project_id\":\"");
  }
  default: return std::nullopt;
  }
}

error too_low(role least, role rank) {
  return error(errc::role_too_low, "this needs the role " + std::string(json::name_of(least)) + "; yours here is " +
                                       std::string(json::name_of(rank)));
}

// The stored row of a thing as it is, or as it was. A comment is there as long as its ticket is.
std::optional<std::string> row_of(reader const& state, uuid const& org, place const& in, uuid const& id,
                                  projections::past const* then) {
  if (then) return then->row(org, in.kind, id);
  std::string stored;
  if (!state.get(key(org, in.rows).add(id), stored)) return std::nullopt;
  if (in.rows == table::comment) {
    auto const ticket = member_id(row::json_of(stored), "\"ticket_id\":\"");
    if (!ticket || !state.has(domain::key_of<domain::ticket>(org, *ticket))) return std::nullopt;
  }
  return stored;
}

// Looks in the caller's organizations and nowhere else.
result<subject> find_in_orgs(operation const& op, place const& in, std::string_view text, auth::principal const& who,
                             reader const& state, projections::past const* then) {
  for (auto const& m : who.orgs) {
    auto const id = resolve(state, m.org_id, in.rows, text);
    auto stored = id ? row_of(state, m.org_id, in, *id, then) : std::nullopt;
    if (!stored) continue;
    auto s = enter_org(who, state, m.org_id, op.least);
    if (!s) return s;
    s->id = *id;
    s->row = std::move(*stored);
    if (who.only_projects.empty() && s->rank != role::Reporter) return s;
    auto const project = project_of(state, *s, in.rows);
    if (project) {
      if (auto entered = enter_project(op, who, state, *s, *project); !entered) return entered.error();
    } else if (op.writes() && !who.only_projects.empty())
      return error(errc::project_not_allowed, "this key is bound to projects; it changes nothing else");
    return s;
  }
  return absent();
}

} // namespace

result<> admit(operation const& op, auth::principal const& who) {
  if (who.granted < op.needs)
    return error(errc::scope_missing, "this needs a credential with the scope " + std::string(json::name_of(op.needs)));
  return {};
}

std::optional<uuid> find_project(reader const& state, uuid const& org, std::string_view text) {
  return id_of(state, key(org, table::project_by_key).add(text), text);
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

result<subject> enter_org(auth::principal const& who, reader const& state, uuid const& org, role least) {
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

result<> enter_project(operation const& op, auth::principal const& who, reader const& state, subject const& in,
                       uuid const& project) {
  if (!who.may_touch_project(project)) return error(errc::project_not_allowed, "this key is bound to other projects");
  if (op.writes() && in.rank == role::Reporter && !state.has(domain::project_member_key(in.org, project, who.user_id)))
    return error(errc::project_not_allowed, "a Reporter writes only in projects where he is a member");
  return {};
}

result<subject> find_subject(operation const& op, std::vector<std::string> const& params, auth::principal const& who,
                             reader const& state, projections::past const* then) {
  auto const name = first_param(op.path);
  place const* found = nullptr;
  for (auto const& p : places)
    if (p.param == name) found = &p;
  if (!found) return subject{}; // about the caller himself
  if (found->rows == table::org) {
    auto const id = id_of(state, key(identity_tenant, table::org_by_slug).add(params.front()), params.front());
    if (!id) return absent();
    auto s = enter_org(who, state, *id, op.least);
    if (!s) return s;
    if (!state.get(domain::key_of<domain::org>(*id, *id), s->row)) return absent();
    if (op.writes() && !who.only_projects.empty())
      return error(errc::project_not_allowed, "this key is bound to projects; it changes nothing else");
    return s;
  }
  return find_in_orgs(op, *found, params.front(), who, state, then);
}

result<subject> find_ticket_subject(operation const& op, std::string_view text, auth::principal const& who,
                                    reader const& state) {
  return find_in_orgs(op, ticket_place, text, who, state, nullptr);
}

} // namespace alloy::api
