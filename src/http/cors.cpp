#include "http/cors.hpp"

#include <algorithm>

namespace alloy::http {

cors_policy::cors_policy(std::vector<std::string> allowed_origins) : origins_(std::move(allowed_origins)) {
  any_ = std::find(origins_.begin(), origins_.end(), "*") != origins_.end();
}

std::string_view cors_policy::answer_to(std::string_view origin) const noexcept {
  if (origin.empty()) return {};
  if (any_) return "*";
  auto const found = std::find(origins_.begin(), origins_.end(), origin);
  return found == origins_.end() ? std::string_view{} : std::string_view(*found);
}

void cors_policy::append_headers(std::string& head, std::string_view origin) const {
  // Also without an Origin: a cache must not serve this answer to a page it does not say it is for.
  if (!any_) head += "Vary: Origin\r\n";
  auto const allowed = answer_to(origin);
  if (allowed.empty()) return;
  head += "Access-Control-Allow-Origin: ";
  head += allowed;
  head +=
      "\r\nAccess-Control-Expose-Headers: ETag, Location, Alloy-Position, RateLimit, RateLimit-Policy, Retry-After, "
      "X-Request-Id, Idempotency-Replayed, Alloy-Dry-Run, Warning, WWW-Authenticate, Content-Disposition, "
      "Mcp-Session-Id\r\n";
}

bool cors_policy::is_preflight(request const& asked) noexcept {
  return asked.method == "OPTIONS" && !asked.header("origin").empty() &&
         !asked.header("access-control-request-method").empty();
}

response cors_policy::preflight_answer() {
  response out;
  out.status = 204;
  out.route = "preflight";
  out.headers = {{"Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"},
                 {"Access-Control-Allow-Headers", "Authorization, Content-Type, Accept, If-Match, If-None-Match, "
                                                  "Idempotency-Key, Alloy-Min-Position, X-Request-Id, Last-Event-ID, "
                                                  "Mcp-Session-Id, MCP-Protocol-Version, Mcp-Method, Mcp-Name, "
                                                  "traceparent, tracestate"},
                 {"Access-Control-Max-Age", "600"}};
  return out;
}

} // namespace alloy::http
