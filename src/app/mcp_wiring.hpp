#pragma once
// MCP at this server (/mcp) and at the terminal (`alloy mcp`): the same catalogue over two ways to the API.
#include "api/pipeline/service.hpp"
#include "mcp/alloy_tools.hpp"
#include "mcp/http_endpoint.hpp"

namespace alloy {

// What a server has of it. The service must outlive it.
class mcp_door {
 public:
  mcp_door(api::service& to, settings const& config, metrics::registry& meters);

  // Whether the path is its own: the endpoint, and what says how to be let in (RFC 9728).
  static bool takes(std::string_view path) noexcept;
  void handle(api::request&& asked, mcp::http_endpoint::responder done);

 private:
  api::service& service_;
  std::string const metadata_;
  mcp::alloy_tools catalogue_;
  mcp::server server_;
  mcp::http_endpoint endpoint_;
};

// `alloy mcp`: over standard input and output, as the profile's user or with the key of ALLOY_API_TOKEN.
struct mcp_options {
  std::string server, profile, toolsets;
  bool read_only = false;
};
int serve_mcp_stdio(mcp_options const& o);

} // namespace alloy
