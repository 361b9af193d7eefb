#include "mcp/api_reader.hpp"

#include "core/identifier.hpp"
#include "core/web_url.hpp"

#include <algorithm>

namespace alloy::mcp {

namespace {

api_answer read(std::function<api_answer(api::request)> const& send, std::string const& target) {
  api::request r;
  r.method = "GET";
  auto const split = target.find('?');
  r.path = "/api/v1" + target.substr(0, split);
  if (split != std::string::npos) r.query = target.substr(split + 1);
  return send(std::move(r));
}

} // namespace

// The same id, too, may be in two organizations.
std::string api_reader::in_org(std::string const& target) const {
  bool const names_thing =
      (target.starts_with("/projects/") || target.starts_with("/sprints/") || target.starts_with("/tickets/")) &&
      !target.starts_with("/tickets/mine");
  if (org_.empty() || !names_thing) return target;
  return target + (target.find('?') == std::string::npos ? "?" : "&") + "org_id=" + org_;
}

json::value api_reader::get(std::string const& target) const {
  auto const a = read(send_, in_org(target));
  if (a.is_success()) return json::parse(a.body);
  boost::system::error_code ec;
  auto const problem = parse(a.body, ec);
  auto const* const o = ec ? nullptr : problem.if_object();
  throw rpc_error(code::invalid_params,
                  o ? find_text(*o, "title") + ": " + find_text(*o, "detail") : "the server refused it", problem);
}

std::optional<json::value> api_reader::try_get(std::string const& target) const {
  auto const a = read(send_, in_org(target));
  if (!a.is_success()) return std::nullopt;
  return json::parse(a.body);
}

json::array api_reader::items(std::string const& target) const {
  auto const page = get(target + (target.find('?') == std::string::npos ? "?" : "&") + "limit=100");
  return page.at("items").as_array();
}

std::string api_reader::org_id(std::string const& named) const {
  return find_text(get("/orgs/" + percent_encoded(named)).as_object(), "id");
}

json::object api_reader::project(std::string const& named, std::string const& org) const {
  org_.clear();
  if (org.empty()) {
    auto const found = get("/projects/" + percent_encoded(named)).as_object();
    org_ = find_text(found, "org_id");
    return found;
  }
  for (auto const& one : items("/projects?org_id=" + org_id(org)))
    if (auto const& o = one.as_object(); same_name(find_text(o, "key"), named) || find_text(o, "id") == named) {
      org_ = find_text(o, "org_id");
      return o;
    }
  throw rpc_error(code::invalid_params, "there is no project " + named + " in " + org);
}

json::object api_reader::sprint(std::string const& project_id, std::string const& named) const {
  for (auto const& one : items("/projects/" + project_id + "/sprints"))
    if (auto const& o = one.as_object(); same_name(find_text(o, "name"), named) || find_text(o, "id") == named ||
                                         (same_name(named, "active") && find_text(o, "status") == "Active"))
      return o;
  throw rpc_error(code::invalid_params, "there is no sprint " + named + " in this project");
}

} // namespace alloy::mcp
