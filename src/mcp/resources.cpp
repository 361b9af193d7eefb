// Resources under alloy://, each a read of the API, and the completion of their variables and of prompts' arguments.
#include "api/table/query.hpp"
#include "core/web_url.hpp"
#include "mcp/api_reader.hpp"

#include <algorithm>

namespace alloy::mcp {
namespace {

struct row {
  std::string_view uri, name, title, words;
};

constexpr row templates[] = {
    {"alloy://orgs/{slug}", "org", "Organization", "An organization"},
    {"alloy://orgs/{slug}/members", "members", "Members", "Who belongs to an organization"},
    {"alloy://orgs/{slug}/workflows", "workflows", "Workflows", "Statuses and the ways between them"},
    {"alloy://orgs/{slug}/projects/{key}", "project", "Project", "A project with its counts and active sprints"},
    {"alloy://orgs/{slug}/projects/{key}/board", "board", "Board", "A project's tickets in columns by status"},
    {"alloy://orgs/{slug}/projects/{key}/tickets/{n}", "ticket", "Ticket", "A ticket"},
    {"alloy://orgs/{slug}/projects/{key}/tickets/{n}/comments", "comments", "Comments", "What was said about a ticket"},
    {"alloy://orgs/{slug}/projects/{key}/tickets/{n}/activity", "activity", "Activity", "What happened to a ticket"},
    {"alloy://orgs/{slug}/projects/{key}/sprints", "sprints", "Sprints", "A project's sprints"},
    {"alloy://orgs/{slug}/projects/{key}/sprints/{sprint}", "sprint", "Sprint",
     "A sprint, by name or id, or the active one"},
    {"alloy://orgs/{slug}/projects/{key}/sprints/{sprint}/board", "sprint-board", "Sprint board",
     "A sprint's tickets in columns by status"},
    {"alloy://orgs/{slug}/projects/{key}/sprints/{sprint}/burndown", "burndown", "Burndown",
     "What is left of a sprint, day by day"},
};

constexpr row fixed[] = {
    {"alloy://me", "me", "Me", "Who asks, and where he is what"},
    {"alloy://me/work", "my-work", "My work", "The open tickets assigned to who asks"},
};

json::object listed(row const& r, std::string_view member) {
  return {{member, r.uri},
          {"name", r.name},
          {"title", r.title},
          {"description", r.words},
          {"mimeType", "application/json"}};
}

std::vector<std::string> steps_of(std::string_view uri) {
  constexpr std::string_view scheme = "alloy://";
  std::vector<std::string> steps;
  if (!uri.starts_with(scheme)) return steps;
  uri.remove_prefix(scheme.size());
  while (!uri.empty()) {
    auto const end = uri.find('/');
    auto step = api::percent_decode(uri.substr(0, end), false);
    if (!step) return {};
    steps.push_back(std::move(*step));
    uri.remove_prefix(end == std::string_view::npos ? uri.size() : end + 1);
  }
  return steps;
}

// A ticket is found by its reference in the organization that is named, for its key may be in several.
json::object ticket_of(api_reader const& api, json::object const& project, std::string const& number) {
  auto const reference = percent_encoded(find_text(project, "key") + "-" + number);
  auto const ticket = api.get("/orgs/" + find_text(project, "org_id") + "/tickets/" + reference).as_object();
  if (find_text(ticket, "project_id") != find_text(project, "id"))
    throw rpc_error(code::invalid_params, "there is no such ticket");
  return ticket;
}

std::optional<json::value> read_in_sprints(api_reader const& api, std::string const& project,
                                           std::vector<std::string> const& s) {
  if (s.size() == 5) return api.get("/projects/" + project + "/sprints?limit=100");
  auto const sprint = api.sprint(project, s[5]);
  if (s.size() == 6) return json::value(sprint);
  if (s.size() == 7 && (s[6] == "board" || s[6] == "burndown"))
    return api.get("/sprints/" + find_text(sprint, "id") + "/" + s[6]);
  return std::nullopt;
}

std::optional<json::value> read_in_project(api_reader const& api, std::vector<std::string> const& s) {
  auto const project = api.project(s[3], s[1]);
  auto const id = find_text(project, "id");
  if (s.size() == 4) return api.get("/projects/" + id + "/summary");
  if (s[4] == "board" && s.size() == 5) return api.get("/projects/" + id + "/board");
  if (s[4] == "sprints") return read_in_sprints(api, id, s);
  if (s[4] != "tickets" || s.size() < 6 || s.size() > 7) return std::nullopt;
  auto const ticket = ticket_of(api, project, s[5]);
  if (s.size() == 6) return json::value(ticket);
  if (s[6] == "comments" || s[6] == "activity")
    return api.get("/tickets/" + find_text(ticket, "id") + "/" + s[6] + "?limit=100");
  return std::nullopt;
}

std::optional<json::value> read(api_reader const& api, std::vector<std::string> const& s) {
  if (s.empty()) return std::nullopt;
  if (s[0] == "me" && s.size() == 1) return api.get("/auth/me");
  if (s[0] == "me" && s.size() == 2 && s[1] == "work")
    return api.get("/tickets/mine?category=todo,in_progress&limit=100");
  if (s[0] != "orgs" || s.size() < 2) return std::nullopt;
  auto const org = "/orgs/" + percent_encoded(s[1]);
  if (s.size() == 2) return api.get(org);
  if (s.size() == 3 && (s[2] == "members" || s[2] == "workflows")) return api.get(org + "/" + s[2] + "?limit=100");
  if (s[2] == "projects" && s.size() > 3) return read_in_project(api, s);
  return std::nullopt;
}

json::array beginning_with(std::string const& begun, json::array const& items, std::string_view field) {
  json::array found;
  for (auto const& one : items) {
    auto const* const o = one.if_object();
    auto const* const v = o ? find(*o, field) : nullptr;
    if (!v) continue;
    auto const text = v->is_string() ? std::string(std::string_view(v->as_string())) : json::serialize(*v);
    auto const low = [](char a, char b) {
      return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
    };
    if (text.size() >= begun.size() && std::equal(begun.begin(), begun.end(), text.begin(), low))
      found.emplace_back(text);
  }
  return found;
}

json::array projects_of(api_reader const& api, std::string const& org) {
  return api.items("/projects" + (org.empty() ? "" : "?org_id=" + api.org_id(org)));
}

} // namespace

json::object resource_list(api_reader const& api) {
  json::array all;
  for (auto const& r : fixed) all.push_back(listed(r, "uri"));
  for (auto const& org : api.items("/orgs")) {
    auto const slug = find_text(org.as_object(), "slug"), uri = "alloy://orgs/" + percent_encoded(slug);
    all.push_back(json::object{{"uri", uri},
                               {"name", slug},
                               {"title", slug},
                               {"description", "An organization"},
                               {"mimeType", "application/json"}});
    for (auto const& project : api.items("/projects?org_id=" + find_text(org.as_object(), "id"))) {
      auto const key = find_text(project.as_object(), "key");
      all.push_back(json::object{{"uri", uri + "/projects/" + key},
                                 {"name", key},
                                 {"title", key},
                                 {"description", "A project with its counts and active sprints"},
                                 {"mimeType", "application/json"}});
    }
  }
  return {{"resources", std::move(all)}};
}

json::object resource_template_list() {
  json::array all;
  for (auto const& r : templates) all.push_back(listed(r, "uriTemplate"));
  return {{"resourceTemplates", std::move(all)}};
}

json::object resource_contents(api_reader const& api, std::string const& uri) {
  std::optional<json::value> found;
  try {
    found = read(api, steps_of(uri));
  } catch (rpc_error const& why) { // what is refused is not there, for whoever asks
    if (why.code == code::internal) throw;
  }
  if (!found)
    throw rpc_error(api.of().client.is_modern ? code::invalid_params : code::resource_not_found_legacy,
                    "there is no such resource", json::object{{"uri", uri}});
  return {{"contents", json::array{json::object{
                           {"uri", uri}, {"mimeType", "application/json"}, {"text", json::serialize(*found)}}}}};
}

json::array completions(api_reader const& api, json::object const& params) {
  auto const* const argument = find_object(params, "argument");
  auto const* const context = find_object(params, "context");
  auto const* const known = context ? find_object(*context, "arguments") : nullptr;
  if (!argument || !find_object(params, "ref"))
    throw rpc_error(code::invalid_params, "`ref` and `argument` must be there");
  auto const name = find_text(*argument, "name"), begun = find_text(*argument, "value");
  auto const given = [&](std::string_view which) { return known ? find_text(*known, which) : std::string(); };
  auto const org = given("slug").empty() ? given("org") : given("slug");
  auto const project = given("key").empty() ? given("project") : given("key");
  if (name == "slug" || name == "org") return beginning_with(begun, api.items("/orgs"), "slug");
  if (name == "key" || name == "project") return beginning_with(begun, projects_of(api, org), "key");
  if (name == "n" && !project.empty())
    return beginning_with(
        begun, api.items("/projects/" + find_text(api.project(project, org), "id") + "/tickets?sort=-updated_at"),
        "ticket_number");
  if (name == "sprint" && !project.empty())
    return beginning_with(begun, api.items("/projects/" + find_text(api.project(project, org), "id") + "/sprints"),
                          "name");
  if (name == "team" && !org.empty())
    return beginning_with(begun, api.items("/orgs/" + percent_encoded(org) + "/teams"), "name");
  if (name == "user" && !org.empty())
    return beginning_with(begun, api.items("/orgs/" + percent_encoded(org) + "/members"), "email");
  return {};
}

} // namespace alloy::mcp
