#pragma once
// The words of the Model Context Protocol (modelcontextprotocol.io): JSON-RPC 2.0, its revisions in two eras, its
// errors. Legacy: 2024-11-05 to 2025-11-25, with `initialize`. Modern: 2026-07-28, where every request says all it
// needs in `_meta`.
#include <boost/json.hpp>

#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace alloy::mcp {

namespace json = boost::json;

inline constexpr std::string_view modern_revision = "2026-07-28";
std::span<std::string_view const> legacy_revisions() noexcept; // the newest first
bool is_legacy_revision(std::string_view revision) noexcept;

namespace code {
inline constexpr int parse_error = -32700, invalid_request = -32600, method_not_found = -32601, invalid_params = -32602,
                     internal = -32603, resource_not_found_legacy = -32002, header_mismatch = -32020,
                     missing_capability = -32021, unsupported_version = -32022;
} // namespace code

namespace meta {
inline constexpr std::string_view version = "io.modelcontextprotocol/protocolVersion",
                                  capabilities = "io.modelcontextprotocol/clientCapabilities",
                                  log_level = "io.modelcontextprotocol/logLevel",
                                  server_info = "io.modelcontextprotocol/serverInfo",
                                  subscription = "io.modelcontextprotocol/subscriptionId";
} // namespace meta

struct rpc_error : std::runtime_error {
  rpc_error(int c, std::string const& message, json::value d = nullptr)
      : std::runtime_error(message), code(c), data(std::move(d)) {}
  int code;
  json::value data;
};
// The credential was not taken; over HTTP it is an answer of its own.
struct unauthenticated : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string error_text(json::value const& id, int code, std::string_view message, json::value const& data = nullptr);
// Members of a result as text, made once and kept: `"tools":[...]`.
using kept_text = std::shared_ptr<std::string const>;
kept_text keep(json::object const& members);
std::string result_text(json::value const& id, json::object result, kept_text const& more = nullptr);
std::string notification_text(std::string_view method, json::object params);

json::object text_content(std::string_view text);
json::value const* find(json::object const& o, std::string_view name) noexcept;
json::object const* find_object(json::object const& o, std::string_view name) noexcept;
std::string find_text(json::object const& o, std::string_view name);     // empty where there is none
json::value parse(std::string_view text, boost::system::error_code& ec); // of bounded depth

} // namespace alloy::mcp
