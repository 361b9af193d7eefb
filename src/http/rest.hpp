#pragma once
// The HTTP server's requests become calls, of the table or of MCP, and their replies responses.
#include "api/table/call.hpp"
#include "http/message.hpp"

namespace alloy::http {

using call_handler = std::function<void(api::request&&, std::function<void(api::reply&&)>)>;
handler rest(call_handler to);

} // namespace alloy::http
