#include "cli/id_resolver.hpp"

#include "cli/terminal.hpp"
#include "core/id.hpp"
#include "core/identifier.hpp"

#include <algorithm>

namespace alloy::cli {
namespace {

namespace json = boost::json;

bool is_id(std::string_view text) {
  return parse_uuid(text).has_value();
}

std::string field_of(json::value const& item, std::string_view name) {
  auto const* const o = item.if_object();
  return o ? text_in(*o, name) : std::string();
}

struct match {
  std::string id, called;
};

// The one of them, or words about why there is not one. Of several that are called alike the one that is written so.
std::string only(std::vector<match> found, std::string_view thing, std::string const& name) {
  auto const exact = [&](match const& m) { return m.called == name; };
  if (std::ranges::count_if(found, exact) == 1) std::erase_if(found, [&](match const& m) { return !exact(m); });
  if (found.size() == 1) return found.front().id;
  if (found.empty())
    throw cli_error(not_found, "there is no " + std::string(thing) + " called " + name,
                    "`alloy " + std::string(thing) + " list` shows those there are");
  std::string several;
  for (auto const& m : found) several += "\n  " + m.id + "  " + plain_text(m.called);
  throw cli_error(usage, "more than one " + std::string(thing) + " is called " + name + ":" + several,
                  "name it by its id");
}

} // namespace

std::string id_resolver::org_named() const {
  return org_.empty() ? session_.kept().org : org_;
}

std::string id_resolver::org_or_default() {
  if (auto named = org_named(); !named.empty()) return named;
  auto const& all = session_.me().at("orgs").as_array();
  auto const& me = text_in(session_.me(), "user_id");
  std::vector<json::value const*> shared; // everybody has one of his own beside
  for (auto const& one : all)
    if (field_of(one, "org_id") != me) shared.push_back(&one);
  if (shared.size() == 1) return field_of(*shared.front(), "org_id");
  if (shared.empty() && all.size() == 1) return field_of(all.front(), "org_id");
  std::string names;
  for (auto const& one : all)
    names += "\n  " + padded(field_of(one, "slug"), 20) + "  " + plain_text(field_of(one, "name"));
  throw cli_error(usage, "which organization? You belong to" + (names.empty() ? std::string(" none") : ":" + names),
                  "--org SLUG, or once and for all: alloy org use SLUG");
}

std::string id_resolver::in_org_named() const {
  auto const named = org_named();
  return named.empty() ? std::string() : "?org_id=" + percent_encoded(named);
}

std::string id_resolver::in_org_id() {
  auto const named = org_named();
  return named.empty() ? std::string() : "?org_id=" + id_of("org", named);
}

std::vector<std::string> id_resolver::orgs() {
  if (auto const named = org_named(); !named.empty()) return {percent_encoded(named)};
  std::vector<std::string> all;
  for (auto const& one : session_.me().at("orgs").as_array()) all.push_back(field_of(one, "org_id"));
  return all;
}

std::string id_resolver::id_of(std::string_view thing, std::string const& name) {
  if (is_id(name)) return name;
  if (thing == "org") return field_of(session_.get("/api/v1/orgs/" + percent_encoded(name)), "id");
  if (thing == "project" || thing == "ticket")
    return field_of(session_.get("/api/v1/" + std::string(thing) + "s/" + percent_encoded(name) + in_org_named()),
                    "id");
  if (thing == "user") return user(name);
  if (thing == "sprint") return sprint(name);
  if (thing == "api-key") return api_key(name);
  if (thing == "webhook") return in_orgs(thing, "webhooks", "url", name);
  if (thing == "invite") return in_orgs(thing, "invites", "email", name);
  return in_orgs(thing, std::string(thing) + "s", "name", name);
}

std::string id_resolver::user(std::string const& name) {
  if (same_name(name, "me")) return text_in(session_.me(), "user_id");
  // Whoever joins chooses their own name, so a name that looks like an address must not answer for it.
  bool const is_email = name.find('@') != std::string::npos;
  std::vector<match> found;
  for (auto const& org : orgs())
    for (auto const& m : session_.all("/api/v1/orgs/" + org + "/members")) {
      auto const email = field_of(m, "email"), called = field_of(m, "display_name"), id = field_of(m, "user_id");
      bool const known = std::any_of(found.begin(), found.end(), [&](match const& f) { return f.id == id; });
      if (!known && same_name(is_email ? email : called, name)) found.push_back({id, called + " <" + email + ">"});
    }
  if (found.empty())
    throw cli_error(not_found, "nobody here is called " + name,
                    "an e-mail or a name as `alloy member list` shows it, or me");
  return only(found, "user", name);
}

std::string id_resolver::in_orgs(std::string_view thing, std::string const& collection, std::string_view field,
                                 std::string const& name) {
  std::vector<match> found;
  for (auto const& org : orgs())
    for (auto const& one : session_.all("/api/v1/orgs/" + org + "/" + collection))
      if (same_name(field_of(one, field), name)) found.push_back({field_of(one, "id"), field_of(one, field)});
  return only(found, thing, name);
}

std::string id_resolver::sprint(std::string const& name) {
  std::vector<std::string> projects;
  if (!project_.empty())
    projects.push_back(percent_encoded(project_));
  else
    for (auto const& p : session_.all("/api/v1/projects" + in_org_id())) projects.push_back(field_of(p, "id"));
  std::vector<match> found;
  for (auto const& p : projects)
    for (auto const& s : session_.all("/api/v1/projects/" + p + "/sprints" + in_org_named()))
      if (same_name(field_of(s, "name"), name) || (same_name(name, "active") && field_of(s, "status") == "Active"))
        found.push_back({field_of(s, "id"), field_of(s, "name") + ", " + field_of(s, "status")});
  return only(found, "sprint", name);
}

std::string id_resolver::api_key(std::string const& name) {
  std::vector<match> found;
  auto const keys = session_.get("/api/v1/api-keys");
  for (auto const& key : keys.as_array())
    if (same_name(field_of(key, "name"), name)) found.push_back({field_of(key, "id"), field_of(key, "name")});
  return only(found, "api-key", name);
}

} // namespace alloy::cli
