#include "api/access/ticket_names.hpp"

#include "api/access/access.hpp"
#include "core/identifier.hpp"
#include "core/prefix.hpp"
#include "domain/history.hpp"
#include "domain/names.hpp"
#include "domain/tags.hpp"
#include "domain/workflows.hpp"
#include "projections/history.hpp"
#include "projections/ticket_index.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace alloy::api {
namespace {

using projections::ticket_scope;
constexpr std::size_t faults_max = 20; // more are not told at once
using scopes = std::span<ticket_scope const>;

// A thing of an organization as it is, or was then.
template <class E> std::optional<E> find_then(read_context const& c, uuid const& org, entity kind, uuid const& id) {
  if (!c.then) return domain::find<E>(c.state, org, id);
  auto const row = c.then->row(org, kind, id);
  if (!row) return std::nullopt;
  return alloy::json::stored<E>(domain::row::json_of(*row));
}

// Everything of a kind that the organization ever had.
std::vector<uuid> ever_in(reader const& state, uuid const& org, entity kind) {
  auto const prefix = key(org, table::history).add_byte(static_cast<std::uint8_t>(kind)).str();
  auto const end = after_prefix(prefix);
  std::vector<uuid> ids;
  auto const rows = state.cursor(prefix, end, direction::ascending);
  for (rows->seek(prefix); rows->valid();) {
    ids.push_back(uuid::from_view(rows->key().substr(prefix.size(), 16)));
    rows->seek(after_prefix(domain::history_of(org, kind, ids.back()).str()));
  }
  return ids;
}

constexpr std::size_t names_max = 100; // of one filter

// How one workflow writes its statuses, and how each is called.
struct status_names {
  std::set<std::string> written;
  std::multimap<std::string, std::string> by_folded;
};

// The statuses of the workflows in a scope: those of its projects or, where it is the whole organization, all.
void add_statuses(read_context const& c, ticket_scope const& in, std::vector<status_names>& to) {
  std::set<uuid> workflows;
  if (!in.whole_tenant) {
    for (auto const& id : in.projects)
      if (auto const p = find_then<domain::project>(c, in.tenant, entity::project, id))
        workflows.insert(p->workflow_id);
  } else {
    auto const all = c.then ? ever_in(c.state, in.tenant, entity::workflow)
                            : ids_under(c.state, key(in.tenant, table::workflow).str());
    workflows.insert(all.begin(), all.end());
  }
  for (auto const& id : workflows)
    if (auto const w = find_then<domain::workflow>(c, in.tenant, entity::workflow, id)) {
      auto& names = to.emplace_back();
      for (auto const& s : w->statuses) {
        names.written.insert(s.name);
        names.by_folded.emplace(fold_name(s.name), s.name);
      }
    }
}

// What a name means: in each workflow the status that is written so or, where there is none, those that are called so.
std::set<std::string> meant_in(std::vector<status_names> const& workflows, std::string const& name) {
  std::set<std::string> meant;
  auto const folded = fold_name(name);
  for (auto const& names : workflows) {
    if (names.written.contains(name)) {
      meant.insert(name);
      continue;
    }
    auto const [from, to] = names.by_folded.equal_range(folded);
    for (auto one = from; one != to; ++one) meant.insert(one->second);
  }
  return meant;
}

// Whether it is one project, and a ticket of it is in the status: that takes no document to be read, and nearly every
// status that is asked for has one.
bool holds_ticket(reader const& state, scopes all, std::string_view status) {
  if (all.size() != 1 || all.front().projects.size() != 1 || all.front().whole_tenant) return false;
  auto const prefix = projections::status_of(all.front().tenant, all.front().projects.front(), status).str();
  bool found = false;
  state.scan(prefix, after_prefix(prefix), direction::ascending,
             [&](std::string_view, std::string_view) { return found = true, false; });
  return found;
}

projections::tag_filter tag_filter(std::string const& text) {
  auto const colon = text.find(':');
  projections::tag_filter f{fold_name(text.substr(0, colon)), {}};
  if (colon != std::string::npos) f.value = fold_name(text.substr(colon + 1));
  return f;
}

bool is_carried(reader const& state, uuid const& org, projections::tag_filter const& tag) {
  if (tag.key.find('\0') != tag.key.npos) return false;
  auto const prefix = tag.value ? domain::tag_values(org, entity::ticket, tag.key, *tag.value)
                                : domain::tag_values(org, entity::ticket, tag.key);
  bool found = false;
  state.scan(prefix.str(), after_prefix(prefix.str()), direction::ascending,
             [&](std::string_view, std::string_view) { return found = true, false; });
  return found;
}

// Whether there is anything in it to be found.
bool is_looked_into(ticket_scope const& in) {
  return in.whole_tenant || !in.projects.empty();
}

// Each name once. That a name is known is found out once for each, for it may take many rows.
template <class IsKnown> std::vector<std::string> taken_once(given_names const& given, IsKnown const& is_known) {
  given_names once;
  for (auto const& value : given)
    if (std::find(once.begin(), once.end(), value) == once.end() && once.size() <= names_max) once.push_back(value);
  auto names = take_names(once, is_known);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

error too_many_names(char const* pointer) {
  return error::of_field(pointer, "too_many", "it must name " + std::to_string(names_max) + " at most");
}

// A name that nothing has is a fault.
template <class IsKnown>
result<std::vector<std::string>> known_names(given_names const& given, char const* pointer, char const* code,
                                             char const* thing, IsKnown const& is_known) {
  auto const names = taken_once(given, is_known);
  if (names.size() > names_max) return too_many_names(pointer);
  std::vector<fault> faults;
  for (auto const& name : names) {
    if (is_known(name)) continue;
    faults.push_back({pointer, code, "there is no " + std::string(thing) + " " + name + " here"});
    if (faults.size() == faults_max) break;
  }
  if (!faults.empty()) return error(std::move(faults));
  return names;
}

} // namespace

// Of each name those who had it then, the first that was made first.
label_finder::names const& label_finder::then_in(uuid const& org) {
  auto const [at, is_new] = then_.try_emplace(org);
  if (is_new)
    for (auto const& id : ever_in(c_.state, org, entity::label))
      if (auto const l = find_then<domain::label>(c_, org, entity::label, id))
        at->second.emplace(fold_name(l->name), id);
  return at->second;
}

std::optional<uuid> label_finder::find(uuid const& org, std::string_view text) {
  if (auto const id = parse_uuid(text)) {
    bool const is_there = c_.then ? find_then<domain::label>(c_, org, entity::label, *id).has_value()
                                  : c_.state.has(domain::key_of<domain::label>(org, *id));
    return is_there ? id : std::nullopt;
  }
  if (text.find('\0') != text.npos) return std::nullopt;
  auto const now = domain::find_named<domain::label>(c_.state, org, domain::label_name_key(org, text), text);
  if (!c_.then) return now;
  auto const& then = then_in(org);
  auto const [from, to] = then.equal_range(fold_name(text));
  auto const same = std::find_if(from, to, [&](auto const& one) { return one.second == now; });
  return same != to ? now : from != to ? std::optional(from->second) : std::nullopt;
}

std::optional<uuid> project_finder::find(uuid const& org, std::string_view text) {
  auto const is_there = [&](uuid const& id) {
    if (!c_.who->may_touch_project(id)) return false;
    return c_.then ? c_.then->row(org, entity::project, id).has_value()
                   : c_.state.has(domain::key_of<domain::project>(org, id));
  };
  if (auto const id = find_project(c_.state, org, text); id && is_there(*id)) return id;
  if (!c_.then || parse_uuid(text)) return std::nullopt;
  auto const [at, is_new] = former_.try_emplace(org); // it may have gone since
  if (is_new)
    for (auto const& id : c_.then->former(org, org, entity::project))
      if (auto const p = find_then<domain::project>(c_, org, entity::project, id); p && c_.who->may_touch_project(id))
        at->second.emplace(p->key, id);
  auto const found = at->second.find(as_project_key(text));
  return found == at->second.end() ? std::nullopt : std::optional(found->second);
}

result<uuid> project_ever(read_context const& c, uuid const& org, std::string_view text) {
  auto const id = find_project(c.state, org, text);
  if (id && c.who->may_touch_project(*id) && domain::has_history(c.state, org, entity::project, *id)) return *id;
  return error::of_field("/project_id", "not_found", "there is no project " + std::string(text) + " here");
}

result<> project_finder::check(std::vector<uuid> const& orgs, std::vector<std::string> const& named) {
  if (named.size() > names_max) return too_many_names("/project_id");
  std::vector<fault> faults;
  for (auto const& text : named)
    if (std::none_of(orgs.begin(), orgs.end(), [&](uuid const& org) { return find(org, text); }))
      faults.push_back({"/project_id", "not_found", "there is no project " + text + " here"});
  if (!faults.empty()) return error(std::move(faults));
  return {};
}

result<std::vector<std::string>> statuses_asked(read_context const& c, scopes all, given_names const& given) {
  std::optional<std::vector<status_names>> workflows;
  std::set<std::string> meant;
  auto named = known_names(given, "/status", "unknown_status", "status", [&](std::string const& name) {
    if (!c.then && name.find('\0') == name.npos && holds_ticket(c.state, all, name)) {
      meant.insert(name);
      return true;
    }
    if (!workflows) {
      workflows.emplace();
      for (auto const& in : all) add_statuses(c, in, *workflows);
    }
    auto const found = meant_in(*workflows, name);
    meant.insert(found.begin(), found.end());
    return !found.empty();
  });
  if (!named) return named;
  return std::vector<std::string>(meant.begin(), meant.end());
}

result<> check_sprints_asked(read_context const& c, scopes all, std::vector<uuid> const& ids) {
  for (auto const& id : ids) {
    bool const is_there = std::any_of(all.begin(), all.end(), [&](ticket_scope const& in) {
      auto const s = find_then<domain::sprint>(c, in.tenant, entity::sprint, id);
      return s && std::find(in.projects.begin(), in.projects.end(), s->project_id) != in.projects.end();
    });
    if (!is_there) return error::of_field("/sprint_id", "not_found", "there is no sprint " + to_string(id) + " here");
  }
  return {};
}

result<std::vector<std::string>> labels_asked(read_context const& c, scopes all, given_names const& given) {
  label_finder labels(c);
  return known_names(given, "/label", "not_found", "label", [&](std::string const& name) {
    return std::any_of(all.begin(), all.end(),
                       [&](auto const& in) { return is_looked_into(in) && labels.find(in.tenant, name); });
  });
}

result<std::vector<projections::tag_filter>> tags_asked(read_context const& c, scopes all, given_names const& given) {
  std::vector<projections::tag_filter> tags;
  auto const is_known = [&](std::string const& text) {
    return std::any_of(all.begin(), all.end(), [&](auto const& in) {
      return is_looked_into(in) && is_carried(c.state, in.tenant, tag_filter(text));
    });
  };
  auto const names = taken_once(given, is_known);
  if (names.size() > names_max) return too_many_names("/tag");
  for (auto const& text : names) tags.push_back(tag_filter(text));
  return tags;
}

std::vector<uuid> labels_in(read_context const& c, uuid const& org, std::vector<std::string> const& names) {
  label_finder labels(c);
  std::vector<uuid> ids;
  for (auto const& name : names) ids.push_back(labels.find(org, name).value_or(uuid{}));
  return ids;
}

} // namespace alloy::api
