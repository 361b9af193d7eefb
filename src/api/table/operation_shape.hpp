#pragma once
// What an operation takes and gives as one flat list of named parameters, whether they travel in path, query or body:
// for doors that are made from the table, the terminal and MCP. Pure, any thread.
#include "api/table/operation.hpp"

namespace alloy::api {

struct parameter {
  enum class place : std::uint8_t { path, query, body };
  std::string name;
  place in{};
  std::string schema; // JSON Schema; what it refers to stands in `definitions`
  std::string words;
  bool required = false;
};

struct operation_shape {
  std::vector<parameter> parameters; // of the path in its order, then what is required, then the rest
  std::string whole_body;            // schema of a body without named members of its own; empty: there is none
  std::string answer;                // schema; empty where the answer has no body or is no JSON
  std::map<std::string, std::string> definitions; // for "#/components/schemas/NAME"
};

// Of the parameter that every operation takes whose own path or query names no organization (operation::takes_org).
inline constexpr std::string_view org_asked = "org_id",
                                  org_asked_words =
                                      "In which organization it is meant; its slug does as well. Without "
                                      "it: in the one that has it, and 409 `ambiguous` where several have",
                                  org_asked_schema = R"({"type":"string","minLength":1,"maxLength":64})";

// Of parameters that every write, or every read of what was, takes.
inline constexpr std::string_view as_of_words = "How it stood then: a position of the log, or an RFC 3339 timestamp",
                                  as_of_schema = R"({"type":"string","minLength":1,"maxLength":64})",
                                  dry_run_words = "All checks, nothing appended, the answer as it would be";

operation_shape shape_of(operation const& op);

// Whether it may come without a body, which is then {}: a POST in whose body nothing must be there. PATCH and PUT say
// by their body what is to be so; one that got lost must not pass for a wish to change nothing, or to clear everything.
// REQUIRES: op is of the table.
bool may_lack_body(operation const& op);

std::vector<std::string> path_params(std::string_view path);
std::string_view words_for_param(std::string_view name);
std::string_view words_for_query(query_parameter const& q);
std::string description_of(operation const& op);
std::string words_for_bound_keys(operation const& op);

// Noun and verb at the terminal: "ticket create".
std::string command_of(operation const& op);

} // namespace alloy::api
