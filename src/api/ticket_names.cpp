#include "api/ticket_names.hpp"

#include "api/access.hpp"
#include "core/identifier.hpp"
#include "core/prefix.hpp"
#include "domain/history.hpp"
#include "domain/names.hpp"
#include "domain/tags.hpp"
#include "domain/workflows.hpp"
#include "projections/history.hpp"
#include "projections/ticket_index.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace alloy::api {
namespace {

using projections::ticket_scope;
constexpr std::size_t faults_max = 20; // more are not told at once
using scopes = std::span<ticket_scope const>;

// A thing of an organization as it is, or was then.
template <class E> std::optional<E> find_then(read_call const& c, uuid const& org, entity kind, uuid const& id) {
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

using status_names = std::vector<std::string>; // of one workflow

// The statuses of the workflows in a scope: those of its projects or, where it is the whole organization, all.
void add_statuses(read_call const& c, ticket_scope const& in, std::vector<status_names>& to) {
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
      for (auto const& s : w->statuses) names.push_back(s.name);
    }
}

// What a name means: in each workflow the status that is written so or, where there is none, those that are called so.
std::set<std::string> meant_in(std::vector<status_names> const& workflows, std::string const& name) {
  std::set<std::string> meant;
  auto const folded = fold_name(name);
  for (auto const& names : workflows)
    if (std::find(names.begin(), names.end(), name) != names.end())
      meant.insert(name);
    else
      std::copy_if(names.begin(), names.end(), std::inserter(meant, meant.end()),
                   [&](std::string const& one) { return fold_name(one) == folded; });
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
  projections::tag_filter f{text.substr(0, colon), {}};
  if (colon != std::string::npos) f.value = text.substr(colon + 1);
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

// A name that nothing has is a fault.
template <class IsKnown>
result<std::vector<std::string>> known_names(given_names const& given, char const* pointer, char const* code,
                                             char const* thing, IsKnown const& is_known) {
  auto names = take_names(given, is_known);
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

std::optional<uuid> find_label(read_call const& c, uuid const& org, std::string_view text) {
  auto const had = [&](uuid const& id, std::optional<std::string_view> name) {
    auto const l = c.then ? find_then<domain::label>(c, org, entity::label, id) : std::nullopt;
    return l && (!name || fold_name(l->name) == fold_name(*name));
  };
  if (auto const id = parse_uuid(text))
    return c.state.has(domain::key_of<domain::label>(org, *id)) || had(*id, {}) ? id : std::nullopt;
  if (text.find('\0') != text.npos) return std::nullopt;
  auto const now = domain::find_named<domain::label>(c.state, org, domain::label_name_key(org, text), text);
  if (!c.then || (now && had(*now, text))) return now;
  for (auto const& id : ever_in(c.state, org, entity::label))
    if (had(id, text)) return id;
  return now;
}

std::optional<uuid> find_project_asked(read_call const& c, uuid const& org, std::string_view text) {
  auto const is_there = [&](uuid const& id) {
    return c.who->may_touch_project(id) &&
           (c.state.has(domain::key_of<domain::project>(org, id)) || (c.then && c.then->row(org, entity::project, id)));
  };
  if (auto const id = find_project(c.state, org, text)) return is_there(*id) ? id : std::nullopt;
  if (c.then) // it may have gone since
    for (auto const& id : c.then->former(org, org, entity::project))
      if (auto const p = find_then<domain::project>(c, org, entity::project, id);
          p && p->key == as_project_key(text) && c.who->may_touch_project(id))
        return id;
  return std::nullopt;
}

result<uuid> project_ever(read_call const& c, uuid const& org, std::string_view text) {
  auto const id = find_project(c.state, org, text);
  if (id && c.who->may_touch_project(*id) && domain::has_history(c.state, org, entity::project, *id)) return *id;
  return error::of_field("/project_id", "not_found", "there is no project " + std::string(text) + " here");
}

result<> check_projects_asked(read_call const& c, std::vector<uuid> const& orgs,
                              std::vector<std::string> const& named) {
  std::vector<fault> faults;
  for (auto const& text : named)
    if (std::none_of(orgs.begin(), orgs.end(), [&](uuid const& org) { return find_project_asked(c, org, text); }))
      faults.push_back({"/project_id", "not_found", "there is no project " + text + " here"});
  if (!faults.empty()) return error(std::move(faults));
  return {};
}

result<std::vector<std::string>> statuses_asked(read_call const& c, scopes all, given_names const& given) {
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

result<> check_sprints_asked(read_call const& c, scopes all, std::vector<uuid> const& ids) {
  for (auto const& id : ids) {
    bool const is_there = std::any_of(all.begin(), all.end(), [&](ticket_scope const& in) {
      auto const s = find_then<domain::sprint>(c, in.tenant, entity::sprint, id);
      return s && std::find(in.projects.begin(), in.projects.end(), s->project_id) != in.projects.end();
    });
    if (!is_there) return error::of_field("/sprint_id", "not_found", "there is no sprint " + to_string(id) + " here");
  }
  return {};
}

result<std::vector<std::string>> labels_asked(read_call const& c, scopes all, given_names const& given) {
  return known_names(given, "/label", "not_found", "label", [&](std::string const& name) {
    return std::any_of(all.begin(), all.end(),
                       [&](auto const& in) { return is_looked_into(in) && find_label(c, in.tenant, name); });
  });
}

std::vector<projections::tag_filter> tags_asked(read_call const& c, scopes all, given_names const& given) {
  std::vector<projections::tag_filter> tags;
  auto const is_known = [&](std::string const& text) {
    return std::any_of(all.begin(), all.end(), [&](auto const& in) {
      return is_looked_into(in) && is_carried(c.state, in.tenant, tag_filter(text));
    });
  };
  for (auto const& text : take_names(given, is_known)) tags.push_back(tag_filter(text));
  return tags;
}

std::vector<uuid> labels_in(read_call const& c, uuid const& org, std::vector<std::string> const& names) {
  std::vector<uuid> ids;
  for (auto const& name : names) ids.push_back(find_label(c, org, name).value_or(uuid{}));
  return ids;
}

} // namespace alloy::api
