#pragma once
// How many requests one credential and one address may send: everything under /api/ is counted, every answer there says
// what is left (draft-ietf-httpapi-ratelimit-headers-11), and what is beyond is refused with 429. A session counts as
// its user, an API key as itself. Any thread; never blocks for longer than a look-up.
#include "api/call.hpp"
#include "auth/rate_limiter.hpp"
#include "core/metrics.hpp"

namespace alloy::api {

class rate_limits {
 public:
  rate_limits(settings const& s, metrics::registry& meters);

  // What one request has taken; of a limit that is off, or that it did not come to, nothing.
  struct taken {
    std::int64_t at_ns = auth::steady_ns();
    std::optional<auth::usage> credential = {}, address = {};
  };

  result<> count_address(taken& so_far, std::string_view peer);
  result<> count_credential(taken& so_far, auth::principal const& who);
  void append_headers(pairs& to, taken const& by) const;

 private:
  struct limit {
    limit(std::string const& name, std::int64_t requests, settings const& s, metrics::registry& meters);
    result<> count(std::optional<auth::usage>& into, auth::rate_limiter::caller const& who, std::int64_t now_ns);
    void append_left(std::string& list, std::optional<auth::usage> const& used) const;

    std::string quoted_name; // as headers have it
    std::optional<auth::rate_limiter> callers;
    metrics::counter refused;
  };

  limit credential_, address_;
  std::string policies_;
};

} // namespace alloy::api
