#pragma once
// MCP over standard input and output: a line a message, nothing else on standard output. Ends with the input. Requests
// are worked on at the same time, a few at once; what is cancelled is not answered.
#include "mcp/server.hpp"

#include <cstdio>

namespace alloy::mcp {

struct stdio_settings {
  std::size_t line_max_bytes = 10u << 20;
  std::size_t workers = 4;
  std::map<std::string, std::string, std::less<>> options = {};
};

void serve_stdio(server& s, std::FILE* in, std::FILE* out, stdio_settings const& with = {});

} // namespace alloy::mcp
