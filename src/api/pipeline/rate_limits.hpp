#pragma once
// How many requests one credential, one user, one organization and one address may send: everything but the probes
// (/livez, /readyz, /health) is counted, every counted answer says what is left
// (draft-ietf-httpapi-ratelimit-headers-11), and what is beyond is refused with 429 before it waits for anything. As a
// credential all sessions of a user are one, and an API key is itself; the user is counted over all of them. Any
// thread; never blocks for longer than a look-up.
#include "api/table/call.hpp"
#include "auth/rate_limiter.hpp"
#include "core/metrics.hpp"

namespace alloy::api {

class rate_limits {
 public:
  rate_limits(settings const& s, metrics::registry& meters);

  // What one request has taken; of a limit that is off, or that it did not come to, nothing.
  struct taken {
    std::int64_t at_ns = auth::steady_ns();
    std::optional<auth::usage> credential = {}, user = {}, org = {}, address = {};
  };

  // `requests` at once, as the messages of a batch are; the first one that is too many refuses them all.
  result<> count_address(taken& so_far, std::string_view peer, std::size_t requests = 1);
  result<> count_caller(taken& so_far, auth::principal const& who, std::size_t requests = 1);
  bool counts_orgs() const noexcept { return org_.callers.has_value(); }
  result<> count_org(taken& so_far, uuid const& org);
  void append_headers(pairs& to, taken const& by) const;

 private:
  struct limit {
    limit(std::string const& name, std::int64_t requests, std::int64_t burst, settings const& s,
          metrics::registry& meters);
    result<> count(std::optional<auth::usage>& into, auth::rate_limiter::caller const& who, std::int64_t now_ns,
                   std::size_t requests);
    void append_left(std::string& list, std::optional<auth::usage> const& used) const;

    std::string quoted_name; // as headers have it
    std::optional<auth::rate_limiter> callers;
    metrics::counter refused;
  };

  limit credential_, user_, org_, address_;
  std::string policies_;
};

} // namespace alloy::api
