#include "core/settings_table.hpp"

#include "core/ip_address.hpp"
#include "core/text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>

namespace alloy {
namespace {

constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t year_s = 31'536'000;
constexpr std::int64_t kib = 1024, mib = 1024 * kib, gib = 1024 * mib;
constexpr std::int64_t path_bytes = 4096;

std::string no_web_url(std::string_view text) {
  auto rest = text;
  if (rest.starts_with("https://"))
    rest.remove_prefix(8);
  else if (rest.starts_with("http://"))
    rest.remove_prefix(7);
  else if (!text.empty())
    return "must begin with http:// or https://";
  if (text.empty()) return "";
  if (rest.empty() || rest.starts_with('/') || rest.ends_with('/')) return "must name a host and not end with a slash";
  return rest.find_first_of("?#@ \"") == rest.npos ? "" : "must have no query, fragment, user name or space";
}

std::string no_origin(std::string_view text) {
  if (text == "*") return "";
  auto complaint = text.empty() ? std::string("must not be empty") : no_web_url(text);
  if (complaint.empty() && std::count(text.begin(), text.end(), '/') != 2) complaint = "must have no path";
  return complaint.empty() ? complaint : "every origin " + complaint + ", or be *";
}

std::string no_email(std::string_view text) {
  return email_rule::ok(text) ? "" : std::string(email_rule::words);
}

std::string no_scheme(std::string_view text) {
  return text == "https" || text == "http" ? "" : "must be https or http";
}

std::string no_number_below(std::string_view text, std::int64_t least, std::int64_t greatest) {
  std::int64_t n = 0;
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
  bool const good = failed == std::errc() && end == text.data() + text.size() && n >= least && n <= greatest;
  return good ? "" : "must be whole numbers of " + std::to_string(least) + " to " + std::to_string(greatest);
}
// A port or a range of ports: 443, 1024-65535.
std::string no_ports(std::string_view text) {
  auto const dash = text.find('-');
  auto complaint = no_number_below(text.substr(0, dash), 1, 65535);
  if (complaint.empty() && dash != text.npos) complaint = no_number_below(text.substr(dash + 1), 1, 65535);
  return complaint.empty() ? complaint : "must be ports or ranges of ports, as 443, 1024-65535";
}
std::string no_wait(std::string_view text) {
  return no_number_below(text, 0, year_s);
}

using s = settings;
constexpr auto secret = setting_trait::secret;
constexpr auto hidden = setting_trait::hidden;
constexpr auto plain = setting_trait::plain;

setting_row const table[] = {
    {"port", &s::port, "3000", 0, 65535, "TCP port to listen on; 0 takes a free one", plain, nullptr, {}, "PORT"},
    {"bind", &s::bind, "127.0.0.1", 1, 64, "address to listen on; 0.0.0.0 or :: for every interface", plain,
     complaint_of_address},
    {"data_dir", &s::data_dir, "./alloy-data", 1, path_bytes, "folder of the store, the keys and alloy.conf"},
    {"public_url", &s::public_url, "", 0, 1024, "where clients reach this server; empty: http://localhost:<port>",
     plain, no_web_url},
    {"registration", &s::registration, "open", 0, 0, "who may register", plain, nullptr, "open|invite_only|disabled"},
    {"jwt_private_key", &s::jwt_private_key, "", 0, 16 * kib,
     "Ed25519 key (PEM) that signs access tokens; empty: made at first start", secret},
    {"jwt_public_key", &s::jwt_public_key, "", 0, 16 * kib, "its public half (PEM), checked against it", secret},
    {"jwt_issuer", &s::jwt_issuer, "alloy", 1, 256, "iss of access tokens"},
    {"jwt_audience", &s::jwt_audience, "alloy", 1, 256, "aud of access tokens"},
    {"jwt_ttl_seconds", &s::jwt_ttl_seconds, "3600", 1, year_s, "life of an access token"},
    {"refresh_ttl_seconds", &s::refresh_ttl_seconds, "2592000", 1, 10 * year_s, "life of a refresh token"},
    {"session_max_age_seconds", &s::session_max_age_seconds, "7776000", 1, 10 * year_s,
     "a session ends at this age, however often it is refreshed"},
    {"confirm_seconds", &s::confirm_seconds, "600", 1, 86400,
     "how long a password that was given allows what concerns the person: keys, erasure"},
    {"tls_certificate_file", &s::tls_certificate_file, "", 0, path_bytes,
     "PEM chain; with tls_key_file the server speaks TLS"},
    {"tls_key_file", &s::tls_key_file, "", 0, path_bytes, "PEM private key of the certificate"},
    {"cors_allowed_origins", &s::cors_allowed_origins, "", 0, 8 * kib, "comma-separated origins of browsers, or *",
     plain, no_origin},
    {"metrics_port", &s::metrics_port, "0", 0, 65535, "port of /metrics alone; 0: on the main port"},
    {"details_networks", &s::details_networks, "127.0.0.0/8,::1", 0, 8 * kib,
     "comma-separated networks that see the details of /readyz?verbose and /metrics, as operators do", plain,
     complaint_of_network},
    {"trusted_proxies", &s::trusted_proxies, "", 0, 8 * kib,
     "comma-separated networks of proxies whose Forwarded and X-Forwarded-For name the client", plain,
     complaint_of_network},
    {"proxy_protocol", &s::proxy_protocol, "false", 0, 0,
     "whether connections begin with a header of the PROXY protocol, version 2; those not of trusted_proxies are "
     "refused"},
    {"log_level", &s::log_level, "info", 0, 0, "least level that is logged; debug has a line per request", plain,
     nullptr, "debug|info|warn|error|off"},
    {"io_threads", &s::io_threads, "0", 0, 256,
     "threads that serve connections; 0: one less than the cores, at least 1"},
    {"connections_max", &s::connections_max, "10000", 1, 1'000'000, "open connections"},
    {"connections_per_peer_max", &s::connections_per_peer_max, "1024", 1, 1'000'000, "open connections of one address"},
    {"request_line_max_bytes", &s::request_line_max_bytes, "8192", 256, mib, "longest request line"},
    {"header_max_bytes", &s::header_max_bytes, "16384", 512, mib, "largest header"},
    {"header_fields_max", &s::header_fields_max, "100", 8, 10'000, "header fields of a request"},
    {"body_max_bytes", &s::body_max_bytes, "1048576", kib, gib, "largest request body"},
    {"json_depth_max", &s::json_depth_max, "32", 4, 1024, "deepest nesting of a JSON body"},
    {"head_timeout_ms", &s::head_timeout_ms, "10000", 1, hour_ms, "time for a request's header to arrive"},
    {"idle_timeout_ms", &s::idle_timeout_ms, "60000", 1, hour_ms, "time between two requests of a connection"},
    {"body_timeout_ms", &s::body_timeout_ms, "30000", 1, hour_ms, "time for a request's body to arrive"},
    {"write_timeout_ms", &s::write_timeout_ms, "30000", 1, hour_ms, "time in which some of an answer must be taken"},
    {"answer_bytes_per_second_min", &s::answer_bytes_per_second_min, "1024", 0, gib,
     "an answer must be taken at least so fast, measured over write_timeout_ms, or its connection is cut; 0: at any "
     "rate"},
    {"unsent_max_bytes", &s::unsent_max_bytes, "268435456", mib, no_limit,
     "bytes of answers that wait to be sent, of all connections; a large one more is answered with 503"},
    {"unsent_per_address_max_bytes", &s::unsent_per_address_max_bytes, "33554432", mib, no_limit,
     "bytes of answers that wait to be sent to one address, as many of one user, and four times as many of one "
     "organization"},
    {"shutdown_delay_ms", &s::shutdown_delay_ms, "500", 0, hour_ms,
     "time between readyz saying no and the listener closing"},
    {"shutdown_timeout_ms", &s::shutdown_timeout_ms, "10000", 0, hour_ms, "time for running requests at shutdown"},
    {"gzip_min_bytes", &s::gzip_min_bytes, "1024", 0, no_limit, "smallest answer that is compressed"},
    {"gzip_at_once_max_bytes", &s::gzip_at_once_max_bytes, "65536", 0, no_limit,
     "largest answer that is compressed in one go; a larger one is compressed in steps, between which others are "
     "served"},
    {"page_limit_default", &s::page_limit_default, "50", 1, 1000, "items of a list where no limit is asked"},
    {"page_limit_max", &s::page_limit_max, "200", 1, 1000, "most items of a list"},
    {"page_max_bytes", &s::page_max_bytes, "1048576", kib, gib,
     "a page of a list ends before it is larger, and goes on by its cursor; it has at least one item"},
    {"min_position_wait_ms", &s::min_position_wait_ms, "5000", 0, hour_ms, "longest wait for a position to be visible"},
    {"search_wait_ms", &s::search_wait_ms, "2000", 0, hour_ms,
     "longest wait of a search for the index to have what was written before it"},
    {"waits_max", &s::waits_max, "1000", 1, 1'000'000,
     "reads that wait for a position, and as many for the search index"},
    {"waits_per_user_max", &s::waits_per_user_max, "100", 1, 1'000'000, "those of one user"},
    {"queue_max", &s::queue_max, "10000", 1, 10'000'000, "commands that wait for the log"},
    {"queue_per_org_max", &s::queue_per_org_max, "2000", 1, 10'000'000,
     "those of one organization, and those of one user"},
    {"batch_cost_max", &s::batch_cost_max, "1024", 1, 1'000'000,
     "what the commands written with one fsync may cost; a command on many things costs one for each"},
    {"batch_max", &s::batch_max, "256", 1, 65536, "commands written with one fsync"},
    {"batch_answer_max_bytes", &s::batch_answer_max_bytes, "16777216", 64 * kib, gib,
     "the things that a command on many changes, as they were and as they are; for more it is answered 413"},
    {"record_max_bytes", &s::record_max_bytes, "524288", 4 * kib, 64 * mib, "largest record of the log"},
    {"command_max_bytes", &s::command_max_bytes, "67108864", 4 * kib, gib,
     "most that one command may write to the log"},
    {"idempotency_ttl_seconds", &s::idempotency_ttl_seconds, "86400", 1, year_s,
     "how long an Idempotency-Key is known"},
    {"free_space_min_bytes", &s::free_space_min_bytes, "268435456", 0, no_limit,
     "free disk space below which writes answer 507"},
    {"block_cache_bytes", &s::block_cache_bytes, "33554432", mib, no_limit, "memory for blocks read from disk"},
    {"write_buffer_bytes", &s::write_buffer_bytes, "33554432", mib, 4 * gib,
     "memory for writes before they go to a table"},
    {"search_write_buffer_bytes", &s::search_write_buffer_bytes, "4194304", mib, 4 * gib,
     "the same for the search index"},
    {"hashing_workers", &s::hashing_workers, "2", 1, 64, "threads that hash passwords"},
    {"hashing_queue_max", &s::hashing_queue_max, "256", 1, 100'000, "passwords that wait to be hashed"},
    {"hashing_queue_per_address_max", &s::hashing_queue_per_address_max, "32", 1, 100'000,
     "those from one address (IPv6: its /64)"},
    {"reading_workers", &s::reading_workers, "2", 1, 64,
     "threads for reads that take long: as_of, search, walks, exports"},
    {"reading_queue_max", &s::reading_queue_max, "512", 1, 100'000, "such reads that wait"},
    {"reading_queue_per_user_max", &s::reading_queue_per_user_max, "64", 1, 100'000, "those of one user"},
    {"transfer_workers", &s::transfer_workers, "1", 1, 64, "threads that read imports"},
    {"transfer_queue_max", &s::transfer_queue_max, "16", 1, 100'000, "imports that wait"},
    {"transfer_queue_per_user_max", &s::transfer_queue_per_user_max, "4", 1, 100'000, "those of one user"},
    {"login_failures_per_account", &s::login_failures_per_account, "10", 1, 100'000,
     "failed logins of one account from one network (IPv4 /24, IPv6 /64) in a window"},
    {"login_failures_per_account_total", &s::login_failures_per_account_total, "100", 1, 1'000'000,
     "failed logins of one account in a window; beyond it only networks that it logged in from lately do not wait"},
    {"login_known_network_days", &s::login_known_network_days, "30", 0, 3650,
     "how long a network that an account logged in from stays known to it"},
    {"login_failures_per_address", &s::login_failures_per_address, "60", 1, 1'000'000,
     "failed logins from one address in a window"},
    {"login_window_seconds", &s::login_window_seconds, "900", 1, 86400,
     "the window in which failed logins are counted"},
    {"registrations_per_address", &s::registrations_per_address, "100", 1, 1'000'000,
     "registrations, good or bad, from one address in a window"},
    {"registration_window_seconds", &s::registration_window_seconds, "3600", 1, 86400,
     "the window in which registrations are counted"},
    {"rate_limit_credential_requests", &s::rate_limit_credential_requests, "6000", 0, 100'000'000,
     "requests of one user's sessions or one API key in a window; 0: any number"},
    {"rate_limit_user_requests", &s::rate_limit_user_requests, "6000", 0, 100'000'000,
     "requests of one user in a window, with all their sessions and keys; 0: any number"},
    {"rate_limit_org_requests", &s::rate_limit_org_requests, "30000", 0, 100'000'000,
     "requests about one organization in a window; 0: any number"},
    {"rate_limit_address_requests", &s::rate_limit_address_requests, "12000", 0, 100'000'000,
     "requests from one address in a window; 0: any number; behind a proxy see trusted_proxies"},
    {"rate_limit_burst", &s::rate_limit_burst, "600", 1, 100'000'000,
     "requests of one credential or user that may come at once; of an organization or an address as many times more as "
     "its limit is higher"},
    {"rate_limit_window_seconds", &s::rate_limit_window_seconds, "60", 1, 86400, "the window of all rate limits"},
    {"rate_limit_keys_max", &s::rate_limit_keys_max, "100000", 8, 100'000'000,
     "credentials, users, organizations and addresses, of each as many, that are remembered; idle ones are forgotten "
     "first"},
    {"webhooks_per_org_max", &s::webhooks_per_org_max, "50", 1, 1'000'000, "webhooks of one organization"},
    {"projects_per_org_max", &s::projects_per_org_max, "1000", 1, 1'000'000, "projects of one organization"},
    {"invites_per_org_max", &s::invites_per_org_max, "500", 1, 1'000'000, "open invites of one organization"},
    {"api_keys_per_user_max", &s::api_keys_per_user_max, "50", 1, 1'000'000,
     "API keys of one user that have not expired"},
    {"orgs_per_user_max", &s::orgs_per_user_max, "20", 1, 1'000'000,
     "organizations that one user owns beside the personal one"},
    {"sessions_per_user_max", &s::sessions_per_user_max, "100", 1, 1'000'000,
     "open sessions of one user; one more ends the one that was not refreshed for the longest time"},
    {"webhook_allowed_targets", &s::webhook_allowed_targets, "", 0, 16 * kib,
     "comma-separated host names, addresses and networks that webhooks may reach though they are not public", plain,
     complaint_of_host},
    {"webhook_schemes", &s::webhook_schemes, "https", 1, 16, "comma-separated schemes of webhooks: https, http", plain,
     no_scheme},
    {"webhook_ports", &s::webhook_ports, "80,443,8443,1024-65535", 0, kib,
     "comma-separated ports, and ranges of them, that webhooks may go to; empty: any", plain, no_ports},
    {"webhook_ca_file", &s::webhook_ca_file, "", 0, path_bytes,
     "PEM authorities that receivers' certificates may be of, beside the system's"},
    {"webhook_retry_seconds", &s::webhook_retry_seconds, "0,5,300,1800,7200,18000,36000,50400,72000,86400", 1, kib,
     "comma-separated waits before each try of a delivery", plain, no_wait},
    {"webhook_connect_timeout_ms", &s::webhook_connect_timeout_ms, "5000", 1, hour_ms,
     "time to look up, connect to and shake hands with a receiver"},
    {"webhook_timeout_ms", &s::webhook_timeout_ms, "15000", 1, hour_ms, "time of a delivery in all"},
    {"webhook_in_flight_per_endpoint", &s::webhook_in_flight_per_endpoint, "8", 1, 1024,
     "deliveries under way to one endpoint that is not ordered"},
    {"webhook_in_flight_per_org", &s::webhook_in_flight_per_org, "64", 1, 100'000,
     "deliveries under way of one organization"},
    {"webhook_resolvers", &s::webhook_resolvers, "32", 1, 256, "threads that look up receivers' names"},
    {"webhook_resolvers_per_org", &s::webhook_resolvers_per_org, "2", 1, 256, "look-ups under way of one organization"},
    {"webhook_in_flight_max", &s::webhook_in_flight_max, "512", 1, 100'000, "deliveries under way in all"},
    {"webhook_failures_before_pause", &s::webhook_failures_before_pause, "4", 1, 1'000'000,
     "failures in a row after which an endpoint is paused"},
    {"webhook_pause_ms", &s::webhook_pause_ms, "60000", 1, 24 * hour_ms,
     "the first pause; each further failure doubles it"},
    {"webhook_pause_max_ms", &s::webhook_pause_max_ms, "3600000", 1, 24 * hour_ms, "the longest pause"},
    {"webhook_disable_after_seconds", &s::webhook_disable_after_seconds, "432000", 1, year_s,
     "an endpoint that only fails for so long is disabled"},
    {"webhook_retention_seconds", &s::webhook_retention_seconds, "2592000", 60, 10 * year_s,
     "how long finished deliveries are shown"},
    {"operators", &s::operators, "", 0, 16 * kib,
     "grants nothing any more and is warned of: operators are made with alloy operator add", plain, no_email},
    {"event_streams_max", &s::event_streams_max, "10000", 1, 1'000'000,
     "streams and waiting pages of event feeds that may be open at once"},
    {"event_streams_per_user_max", &s::event_streams_per_user_max, "100", 1, 1'000'000, "those of one user"},
    {"event_streams_per_org_max", &s::event_streams_per_org_max, "1000", 1, 1'000'000, "those of one organization"},
    {"event_heartbeat_ms", &s::event_heartbeat_ms, "15000", 100, hour_ms,
     "after so long without an event an event stream gives a sign of life"},
    {"consumers_max", &s::consumers_max, "1000", 1, 1'000'000, "named consumers of one organization's events"},
    {"mcp_hosts", &s::mcp_hosts, "", 0, 8 * kib,
     "comma-separated names that /mcp is reached by, beside that of public_url, localhost and addresses"},
    {"mcp_workers", &s::mcp_workers, "4", 1, 256,
     "requests of /mcp that are under way at once; of them, as many as there are cores are worked on, the others wait"},
    {"mcp_queue_max", &s::mcp_queue_max, "256", 1, 100'000,
     "requests of /mcp that may wait; more are refused with 503"},
    {"mcp_queue_per_user_max", &s::mcp_queue_per_user_max, "64", 1, 100'000, "those of one user"},
    {"mcp_batch_max", &s::mcp_batch_max, "50", 1, 10'000, "messages of one batch over /mcp"},
    {"mcp_answer_max_bytes", &s::mcp_answer_max_bytes, "4194304", kib, 1024 * mib,
     "the most that one request of /mcp is answered, all messages of a batch together"},
    {"crash_point", &s::crash_point, "", 0, 64, "where the process kills itself, for crash tests", hidden},
    {"crash_after", &s::crash_after, "1", 1, no_limit, "the how-manieth passing of crash_point kills", hidden},
};

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    auto const end = std::min(text.find(at), text.size());
    auto part = text.substr(0, end);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    parts.emplace_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

// A number of bytes may be written with a unit: 256MiB.
result<std::int64_t> number_of(setting_row const& row, std::string_view text) {
  std::int64_t unit = 1;
  if (row.key.ends_with("_bytes"))
    for (auto const& [name, size] : {std::pair{"KiB", kib}, std::pair{"MiB", mib}, std::pair{"GiB", gib}})
      if (text.ends_with(name)) {
        unit = size;
        text.remove_suffix(3);
        while (text.ends_with(' ')) text.remove_suffix(1);
        break;
      }
  std::int64_t value = 0;
  auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty() || failure != std::errc())
    return error(errc::validation_failed, "must be a whole number");
  if (__builtin_mul_overflow(value, unit, &value) || value < row.least || value > row.greatest)
    return error(errc::validation_failed,
                 "must be between " + std::to_string(row.least) + " and " + std::to_string(row.greatest));
  return value;
}

result<> assign(setting_row const& row, std::int64_t& into, std::string_view text) {
  auto value = number_of(row, text);
  if (!value) return value.error();
  into = *value;
  return {};
}

result<> assign(setting_row const& row, std::string& into, std::string_view text) {
  auto const size = static_cast<std::int64_t>(text.size());
  if (size < row.least) return error(errc::validation_failed, "must not be empty");
  if (size > row.greatest)
    return error(errc::validation_failed, "must have at most " + std::to_string(row.greatest) + " bytes");
  if (text.find('\0') != text.npos) return error(errc::validation_failed, "must have no NUL byte");
  if (row.complaint != nullptr)
    if (auto complaint = row.complaint(text); !complaint.empty())
      return error(errc::validation_failed, std::move(complaint));
  into = text;
  return {};
}

result<> assign(setting_row const& row, std::vector<std::string>& into, std::string_view text) {
  auto parts = split(text, ',');
  for (auto const& part : parts)
    if (auto complaint = row.complaint ? row.complaint(part) : std::string(); !complaint.empty())
      return error(errc::validation_failed, std::move(complaint));
  into = std::move(parts);
  return {};
}

result<> assign(setting_row const&, bool& into, std::string_view text) {
  if (text != "true" && text != "false") return error(errc::validation_failed, "must be true or false");
  into = text == "true";
  return {};
}

template <class Enum>
requires std::is_enum_v<Enum> result<> assign(setting_row const& row, Enum& into, std::string_view text) {
  auto const names = split(row.choices, '|');
  auto const found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return error(errc::validation_failed, "must be one of " + std::string(row.choices));
  into = static_cast<Enum>(found - names.begin());
  return {};
}

std::string text_of(setting_row const&, std::int64_t value) {
  return std::to_string(value);
}
std::string text_of(setting_row const&, bool value) {
  return value ? "true" : "false";
}
std::string text_of(setting_row const&, std::string const& value) {
  return value;
}
std::string text_of(setting_row const&, std::vector<std::string> const& values) {
  std::string text;
  for (auto const& value : values) text += (text.empty() ? "" : ",") + value;
  return text;
}
template <class Enum>
requires std::is_enum_v<Enum> std::string text_of(setting_row const& row, Enum value) {
  return split(row.choices, '|')[static_cast<std::size_t>(value)];
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto const same =
          std::tolower(static_cast<unsigned char>(a[i - 1])) == std::tolower(static_cast<unsigned char>(b[j - 1]));
      auto const best = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (same ? 0 : 1)});
      diagonal = std::exchange(row[j], best);
    }
  }
  return row[b.size()];
}

} // namespace

std::span<setting_row const> setting_rows() noexcept {
  return table;
}

result<> assign_setting(setting_row const& row, settings& into, std::string_view text) {
  return std::visit([&](auto member) { return assign(row, into.*member, text); }, row.member);
}

std::string setting_text(setting_row const& row, settings const& from) {
  return std::visit([&](auto member) { return text_of(row, from.*member); }, row.member);
}

settings::settings() {
  for (auto const& row : table) assign_setting(row, *this, row.default_value).value();
}

std::vector<std::string> contradictions(settings const& values) {
  std::vector<std::string> found;
  auto const must = [&](bool holds, char const* sentence) {
    if (!holds) found.emplace_back(sentence);
  };
  must(values.tls_certificate_file.empty() == values.tls_key_file.empty(),
       "tls_certificate_file and tls_key_file must be given together");
  must(values.jwt_public_key.empty() || !values.jwt_private_key.empty(),
       "jwt_public_key needs jwt_private_key: Alloy signs the tokens it checks");
  must(values.page_limit_default <= values.page_limit_max, "page_limit_default must not exceed page_limit_max");
  must(values.metrics_port == 0 || values.metrics_port != values.port,
       "metrics_port must differ from port, or be 0 to share it");
  must(!values.proxy_protocol || !values.trusted_proxies.empty(),
       "proxy_protocol needs trusted_proxies: it takes connections of no others");
  return found;
}

std::string nearest_name(std::string_view mistyped, std::vector<std::string> const& known) {
  constexpr std::size_t bytes_max = 64; // what is longer is no slip
  std::string nearest;
  if (mistyped.size() > bytes_max) return nearest;
  auto best = std::max<std::size_t>(2, mistyped.size() / 3) + 1;
  for (auto const& name : known)
    if (auto const distance = edit_distance(mistyped, name); distance < best) {
      best = distance;
      nearest = name;
    }
  return nearest;
}

} // namespace alloy
