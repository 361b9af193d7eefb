#include "app/name_twins.hpp"

#include "auth/address_index.hpp"
#include "domain/names.hpp"
#include "domain/tags.hpp"

#include <map>

namespace alloy {
namespace {

template <class F> void each_row(reader const& state, key const& of, F f) {
  auto const prefix = of.str();
  std::vector<std::pair<std::string, std::string>> rows; // read after the scan: one parse at a time
  state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view v) {
    rows.emplace_back(k.substr(prefix.size()), v);
    return true;
  });
  for (auto const& [k, v] : rows) f(k, v);
}

std::vector<uuid> orgs_of(reader const& state) {
  std::vector<uuid> ids;
  each_row(state, key(identity_tenant, table::org_by_slug),
           [&](std::string_view, std::string_view id) { ids.push_back(uuid::from_view(id)); });
  return ids;
}

template <class E>
void of_index(reader const& state, uuid const& org, table index, std::string const& kind,
              std::vector<name_twins>& out) {
  auto const prefix = key(org, index).str();
  each_row(state, key(org, index), [&](std::string_view k, std::string_view) {
    name_twins alike;
    for (auto const& id : domain::holders_of(state, prefix + std::string(k)))
      if (auto const e = domain::find<E>(state, org, id)) alike.push_back({org, kind, id, e->name});
    if (alike.size() > 1) out.push_back(std::move(alike));
  });
}

void add_alike(uuid const& org, std::string const& kind, uuid const& id, std::vector<std::string> const& names,
               std::vector<name_twins>& out) {
  std::map<std::string, name_twins> by_name;
  for (auto const& name : names) by_name[fold_name(name)].push_back({org, kind, id, name});
  for (auto& [folded, alike] : by_name)
    if (alike.size() > 1) out.push_back(std::move(alike));
}

void of_statuses(reader const& state, uuid const& org, std::vector<name_twins>& out) {
  each_row(state, key(org, table::workflow), [&](std::string_view, std::string_view stored) {
    auto const w = json::stored<domain::workflow>(domain::row::json_of(stored));
    std::vector<std::string> names;
    for (auto const& s : w.statuses) names.push_back(s.name);
    add_alike(org, "status", w.id, names, out);
  });
}

void of_tags(reader const& state, uuid const& org, std::vector<name_twins>& out) {
  each_row(state, key(org, table::tags), [&](std::string_view k, std::string_view stored) {
    auto const tags = json::stored<domain::tag_map>(domain::row::json_of(stored));
    std::vector<std::string> names;
    for (auto const& [tag, value] : tags) names.push_back(tag);
    add_alike(org, "tag", uuid::from_view(k.substr(1)), names, out);
  });
}

} // namespace

std::vector<name_twins> find_twins(reader const& state, reader const& local, auth::pii_store const& people) {
  std::vector<name_twins> all;
  for (auto const& org : orgs_of(state)) {
    of_index<domain::label>(state, org, table::label_by_name, "label", all);
    of_index<domain::team>(state, org, table::team_by_name, "team", all);
    of_index<domain::workflow>(state, org, table::workflow_by_name, "workflow", all);
    of_statuses(state, org, all);
    of_tags(state, org, all);
  }
  for (auto const& shared : auth::shared_addresses(people, state, local)) {
    auto& alike = all.emplace_back();
    for (auto const& user : shared.users) alike.push_back({identity_tenant, "user", user, {}});
  }
  return all;
}

std::string twin_lines(std::vector<name_twins> const& all) {
  std::string lines;
  for (auto const& alike : all) {
    bool first = true;
    for (auto const& one : alike) {
      if (!lines.empty()) lines += '\n';
      lines += (one.org.is_nil() ? "server" : "organization " + to_string(one.org)) + "  " + one.kind + "  " +
               to_string(one.id) + "  " +
               (one.kind == "user" ? std::string("an e-mail address") : quoted_name(one.name)) +
               (first ? "  has the name" : "  is called alike");
      first = false;
    }
  }
  return lines;
}

} // namespace alloy
