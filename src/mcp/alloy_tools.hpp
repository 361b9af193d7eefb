#pragma once
// What Alloy offers over MCP: every operation of the table as a tool, prompts that bring their data along, resources
// under alloy://. It asks the API like any client, as whoever asks it, so no rule is said here again. Any thread.
#include "api/table/operation_shape.hpp"
#include "mcp/server.hpp"

namespace alloy::mcp {

struct api_answer {
  unsigned status = 0;
  std::string content_type = {}, body = {};

  bool is_success() const noexcept { return status >= 200 && status < 300; }
};
// Carries a request out and waits for its whole answer. Throws std::runtime_error where there is none.
using backend = std::function<api_answer(api::request)>;

// Why an operation of the table is no tool; empty where it is one.
std::string_view reason_without_tool(std::string_view operation) noexcept;
// The name of its tool.
std::string_view tool_name(api::operation const& op) noexcept;

class alloy_tools final : public provider {
 public:
  explicit alloy_tools(backend b);
  ~alloy_tools() override;

  json::object info() const override;
  std::string instructions() const override;
  json::object capabilities(peer const& of) const override;
  kept_text list_tools(call const& c) override;
  json::object call_tool(call const& c) override;
  json::object list_resources(call const& c) override;
  kept_text list_resource_templates(call const& c) override;
  json::object read_resource(call const& c) override;
  kept_text list_prompts(call const& c) override;
  json::object get_prompt(call const& c) override;
  json::object complete(call const& c) override;
  void subscribe(call const& c, bool on) override;

 private:
  struct tool;
  api_answer send(call const& c, api::request r) const;
  bool is_loaded(tool const& t, peer const& of) const;

  backend const backend_;
  std::vector<tool> const tools_;
  // Made once: these are the largest answers there are, and the ones that cost least to ask for.
  kept_text const all_tools_, resource_templates_, prompts_;
};

} // namespace alloy::mcp
