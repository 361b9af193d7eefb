#include "api/pipeline/rate_limits.hpp"

#include "auth/ip_prefix.hpp"

#include <charconv>

namespace alloy::api {
namespace {

// The lists of both headers (RFC 9651): `"name";q=100;w=60, "name";q=200;w=60`.
void append_item(std::string& list, std::string_view quoted_name) {
  if (!list.empty()) list += ", ";
  list += quoted_name;
}

void append_parameter(std::string& list, std::string_view name, std::int64_t value) {
  char digits[24];
  list += name;
  list.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

// What many share at once may come in larger bursts, as much as its limit is higher than that of one credential.
std::int64_t shared_burst(settings const& s, std::int64_t requests) {
  auto const of_one = s.rate_limit_credential_requests;
  return of_one > 0 && requests > of_one ? s.rate_limit_burst * requests / of_one : s.rate_limit_burst;
}

} // namespace

rate_limits::limit::limit(std::string const& name, std::int64_t requests, std::int64_t burst, settings const& s,
                          metrics::registry& meters)
    : quoted_name('"' + name + '"'),
      refused(meters.make_counter("alloy_http_rate_limited_total",
                                  "Requests refused because their sender had sent too many.", {{"by", name}})) {
  if (requests > 0)
    callers.emplace(auth::quota(requests, s.rate_limit_window_seconds, burst),
                    static_cast<std::size_t>(s.rate_limit_keys_max));
}

result<> rate_limits::limit::count(std::optional<auth::usage>& into, auth::rate_limiter::caller const& who,
                                   std::int64_t now_ns, std::size_t requests) {
  if (!callers) return {};
  for (std::size_t n = 0; n < requests; ++n) {
    into = callers->take(who, now_ns);
    if (!into->admitted) break;
  }
  if (!into || into->admitted) return {};
  refused.add();
  return auth::too_many(*into, "more requests than the limit " + quoted_name + " allows; RateLimit-Policy has it");
}

void rate_limits::limit::append_left(std::string& list, std::optional<auth::usage> const& used) const {
  if (!used) return;
  append_item(list, quoted_name);
  append_parameter(list, ";r=", used->left);
  append_parameter(list, ";t=", used->more_s());
}

rate_limits::rate_limits(settings const& s, metrics::registry& meters)
    : credential_("credential", s.rate_limit_credential_requests, s.rate_limit_burst, s, meters),
      user_("user", s.rate_limit_user_requests, s.rate_limit_burst, s, meters),
      org_("org", s.rate_limit_org_requests, shared_burst(s, s.rate_limit_org_requests), s, meters),
      address_("address", s.rate_limit_address_requests, shared_burst(s, s.rate_limit_address_requests), s, meters) {
  auto const tell = [&](limit const& one, std::int64_t requests) {
    if (!one.callers) return;
    append_item(policies_, one.quoted_name);
    append_parameter(policies_, ";q=", requests);
    append_parameter(policies_, ";w=", s.rate_limit_window_seconds);
  };
  tell(credential_, s.rate_limit_credential_requests);
  tell(user_, s.rate_limit_user_requests);
  tell(org_, s.rate_limit_org_requests);
  tell(address_, s.rate_limit_address_requests);
}

result<> rate_limits::count_address(taken& so_far, std::string_view peer, std::size_t requests) {
  if (!address_.callers) return {};
  return address_.count(so_far.address, auth::network_of(peer), so_far.at_ns, requests);
}

result<> rate_limits::count_caller(taken& so_far, auth::principal const& who, std::size_t requests) {
  auto const& id = who.kind == credential::session ? who.user_id : who.credential_id;
  if (auto counted = credential_.count(so_far.credential, id.bytes, so_far.at_ns, requests); !counted) return counted;
  return user_.count(so_far.user, who.user_id.bytes, so_far.at_ns, requests);
}

result<> rate_limits::count_org(taken& so_far, uuid const& org) {
  return org_.count(so_far.org, org.bytes, so_far.at_ns, 1);
}

void rate_limits::append_headers(pairs& to, taken const& by) const {
  if (policies_.empty()) return;
  to.reserve(to.size() + 3); // these two, and the ETag behind them
  to.emplace_back("RateLimit-Policy", policies_);
  std::string left;
  left.reserve(policies_.size() + 8);
  credential_.append_left(left, by.credential);
  user_.append_left(left, by.user);
  org_.append_left(left, by.org);
  address_.append_left(left, by.address);
  if (!left.empty()) to.emplace_back("RateLimit", std::move(left));
}

} // namespace alloy::api
