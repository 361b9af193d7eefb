#include "api/access/identity.hpp"
#include "api/access/operators.hpp"
#include "api/documents/openapi.hpp"
#include "api/operations/resources.hpp"
#include "api/table/answers.hpp"
#include "api/table/server_info.hpp"
#include "core/ip_address.hpp"

#include <algorithm>

namespace alloy::api {
namespace {

struct health_view {
  static constexpr bool answer = true;
  std::string status, service = "alloy", version, database = "rocksdb";
  bool db_healthy = false;
  std::int64_t migration_version = 0, uptime_seconds = 0;
};
BOOST_DESCRIBE_STRUCT(health_view, (),
                      (status, service, version, database, db_healthy, migration_version, uptime_seconds))

struct check_view {
  static constexpr bool answer = true;
  std::string name;
  bool ok = false;
  std::string detail;
};
BOOST_DESCRIBE_STRUCT(check_view, (), (name, ok, detail))
struct ready_view {
  static constexpr bool answer = true;
  std::string status;
  json::changed<std::vector<check_view>> checks;
};
BOOST_DESCRIBE_STRUCT(ready_view, (), (status, checks))
struct ready_query {
  std::optional<std::string> verbose;
};
BOOST_DESCRIBE_STRUCT(ready_query, (), (verbose))

struct status_view {
  static constexpr bool answer = true;
  std::string status;
};
BOOST_DESCRIBE_STRUCT(status_view, (), (status))

result<reply> health(read_context& c) {
  auto const& s = c.with.server;
  health_view v;
  v.db_healthy = s.sequencer.writable();
  v.status = v.db_healthy && !s.draining ? "ok" : "degraded";
  v.version = ALLOY_VERSION;
  v.migration_version = storage::database::schema;
  v.uptime_seconds = (now().ms - s.started_at.ms) / 1000;
  return reply_of(v);
}

bool says_passed_on(std::string_view header) {
  constexpr std::string_view names[] = {
      "forwarded",      "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip", "x-cluster-client-ip",
      "x-original-host"};
  return header.starts_with("x-forwarded") || std::ranges::find(names, header) != std::end(names);
}

// What a stranger could learn of the machine from: for the networks that `details_networks` names and, from anywhere,
// for operators. What came through a proxy has the proxy's address, so that says nothing about who asks.
result<bool> may_see_details(read_context const& c) {
  auto const& asked = c.asked;
  bool const is_passed_on = std::ranges::any_of(asked.headers, [](auto const& h) { return says_passed_on(h.first); });
  if (!is_passed_on && lies_in(asked.peer, c.with.config.details_networks)) return true;
  auto const credential = asked.find_header("authorization");
  if (!credential) return false;
  auto const who = c.with.identity.authenticate(*credential, c.state, now());
  if (!who) return who.error();
  return (*who)->bound_to() == auth::bound_key::none && is_operator(c.state, (*who)->user_id);
}

std::vector<check_view> checks_of(services const& with) {
  auto const& s = with.server;
  auto const waiting = s.sequencer.waiting();
  return {
      {"store", true,
       "open, schema " + std::to_string(storage::database::schema) + ", log head " + std::to_string(s.log.head())},
      {"disk", s.sequencer.writable(),
       std::to_string(s.db.free_bytes()) + " bytes free, " + std::to_string(with.config.free_space_min_bytes) +
           " needed"},
      {"queue", waiting < static_cast<std::size_t>(with.config.queue_max), std::to_string(waiting) + " writes waiting"},
      {"serving", !s.draining, s.draining ? "shutting down" : "accepting requests"},
  };
}

result<reply> ready(read_context& c, ready_query const& q) {
  auto checks = checks_of(c.with);
  bool const ok = std::all_of(checks.begin(), checks.end(), [](auto const& one) { return one.ok; });
  ready_view v;
  v.status = ok ? "ready" : "not ready";
  if (q.verbose) {
    auto const may = may_see_details(c); // a probe of anybody else is answered all the same
    if (may && *may) v.checks.value = std::move(checks);
  }
  auto r = reply_of(v);
  if (!ok) r.status = 503;
  return r;
}

reply text(std::string body, std::string_view type) {
  reply r;
  r.body = std::move(body);
  r.content_type = type;
  return r;
}

result<reply> metrics_page(read_context& c) {
  if (c.with.server.metrics_elsewhere)
    return error(errc::not_found, "the metrics are served by a listener of their own");
  auto const may = may_see_details(c);
  if (!may) return may.error();
  if (!*may) return error(errc::role_too_low, "metrics are for the networks of details_networks and for operators");
  return text(c.with.server.metrics.scrape(), "text/plain; version=0.0.4; charset=utf-8");
}

// Made once: neither table nor settings change while the process lives.
result<reply> document(read_context& c) {
  static std::string const made = openapi_document(operations(), c.with.config);
  return text(made, "application/json");
}

result<reply> docs(read_context&) {
  static std::string const made = docs_page(operations());
  auto r = text(made, "text/html; charset=utf-8");
  static std::string const policy = docs_policy();
  r.headers.emplace_back("Content-Security-Policy", policy);
  return r;
}

} // namespace

std::vector<operation> server_operations() {
  std::vector<operation> rows{
      called("server health", get<health_view>("health", "/health", role::Viewer,
                                               "Whether the service and its database are well", health)),
      called("server livez",
             get<status_view>("livez", "/livez", role::Viewer, "Whether the process lives; touches no disk",
                              [](read_context&) -> result<reply> { return reply_of(status_view{"alive"}); })),
      called("server readyz",
             get<ready_view, ready_query>(
                 "readyz", "/readyz", role::Viewer,
                 "Whether requests should be sent here; ?verbose names every check to whom details are for", ready)),
      called("server metrics",
             get<std::string>("metrics", "/metrics", role::Viewer, "Metrics for Prometheus", metrics_page)),
      called("server openapi", get<json::raw>("openapi", "/openapi.json", role::Viewer, "This document", document)),
      called("server docs", get<std::string>("docs", "/docs", role::Viewer, "This document, to be read", docs)),
  };
  rows[3].answer_type = "text/plain";
  rows[5].answer_type = "text/html";
  for (auto& row : rows) {
    row.tag = "Server";
    row.open = true;
  }
  return rows;
}

} // namespace alloy::api
