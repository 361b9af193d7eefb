#pragma once
// Reads of the API on behalf of a prompt, a resource or a completion. Throws rpc_error where one is refused.
#include "mcp/alloy_tools.hpp"

namespace alloy::mcp {

class api_reader {
 public:
  api_reader(call const& c, std::function<api_answer(api::request)> send) : call_(c), send_(std::move(send)) {}

  json::value get(std::string const& target) const;
  std::optional<json::value> try_get(std::string const& target) const; // nothing where it is refused
  json::array items(std::string const& target) const;

  std::string org_id(std::string const& named) const; // of a slug or an id
  // By key or id, in an organization where one is named. What is read of it afterwards is meant in its organization.
  json::object project(std::string const& named, std::string const& org = {}) const;
  // By name or id; "active" is the one that runs.
  json::object sprint(std::string const& project_id, std::string const& named) const;
  call const& of() const noexcept { return call_; }

 private:
  std::string in_org(std::string const& target) const;

  call const& call_;
  std::function<api_answer(api::request)> send_;
  mutable std::string org_; // of the project that was found
};

json::object prompt_list();
json::object prompt_messages(api_reader const& api, std::string const& name, json::object const& arguments);
json::object resource_list(api_reader const& api);
json::object resource_template_list();
json::object resource_contents(api_reader const& api, std::string const& uri);
json::array completions(api_reader const& api, json::object const& params);

} // namespace alloy::mcp
