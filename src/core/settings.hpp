#pragma once
// What an operator may set. The rows of settings_table.cpp are the one place where a setting is said: its name,
// default, bounds, secrecy and the member it fills; file keys, environment names, flags, `config show` and the docs
// follow. A setting `body_max_bytes` is `--body-max-bytes` on the command line, `ALLOY_BODY_MAX_BYTES` in the
// environment and `body_max_bytes = 1048576` in the file; in that order, then the default, and the first that speaks
// wins. A secret may also come from a file by `<name>_file`, and never from a flag, which every user of the machine
// could read. Values, any thread once loaded.
#include "core/error.hpp"
#include "core/log.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace alloy {

enum class registration_mode : std::uint8_t { open, invite_only, disabled };

struct settings {
  settings(); // every default of the table

  std::int64_t port;
  std::string bind, data_dir, public_url;
  registration_mode registration;
  std::string jwt_private_key, jwt_public_key, jwt_issuer, jwt_audience;
  std::int64_t jwt_ttl_seconds, refresh_ttl_seconds, session_max_age_seconds, confirm_seconds;
  std::string tls_certificate_file, tls_key_file;
  std::vector<std::string> cors_allowed_origins;
  std::int64_t metrics_port;
  bool proxy_protocol;
  std::vector<std::string> details_networks, trusted_proxies;
  log::level log_level;
  std::int64_t io_threads, connections_max, connections_per_peer_max;
  std::int64_t request_line_max_bytes, header_max_bytes, header_fields_max, body_max_bytes, json_depth_max;
  std::int64_t head_timeout_ms, idle_timeout_ms, body_timeout_ms, write_timeout_ms, shutdown_delay_ms,
      shutdown_timeout_ms;
  std::int64_t answer_bytes_per_second_min, unsent_max_bytes, unsent_per_address_max_bytes;
  std::int64_t gzip_min_bytes, gzip_at_once_max_bytes, page_limit_default, page_limit_max, page_max_bytes;
  std::int64_t min_position_wait_ms, search_wait_ms, waits_max, waits_per_user_max;
  std::int64_t queue_max, queue_per_org_max, batch_max, batch_cost_max, batch_answer_max_bytes, record_max_bytes,
      command_max_bytes, idempotency_ttl_seconds;
  std::int64_t free_space_min_bytes, block_cache_bytes, write_buffer_bytes, search_write_buffer_bytes;
  std::int64_t hashing_workers, hashing_queue_max, hashing_queue_per_address_max;
  std::int64_t reading_workers, reading_queue_max, reading_queue_per_user_max;
  std::int64_t transfer_workers, transfer_queue_max, transfer_queue_per_user_max;
  std::int64_t login_failures_per_account, login_failures_per_account_total, login_failures_per_address,
      login_window_seconds, login_known_network_days;
  std::int64_t registrations_per_address, registration_window_seconds;
  std::int64_t rate_limit_credential_requests, rate_limit_user_requests, rate_limit_org_requests,
      rate_limit_address_requests, rate_limit_burst, rate_limit_window_seconds, rate_limit_keys_max;
  std::int64_t webhooks_per_org_max, projects_per_org_max, invites_per_org_max, api_keys_per_user_max,
      orgs_per_user_max, sessions_per_user_max;
  std::vector<std::string> operators;
  std::vector<std::string> webhook_allowed_targets, webhook_schemes, webhook_ports, webhook_retry_seconds;
  std::int64_t webhook_timeout_ms, webhook_connect_timeout_ms, webhook_in_flight_per_endpoint,
      webhook_in_flight_per_org, webhook_in_flight_max, webhook_resolvers, webhook_resolvers_per_org;
  std::int64_t webhook_failures_before_pause, webhook_pause_ms, webhook_pause_max_ms, webhook_disable_after_seconds;
  std::int64_t webhook_retention_seconds;
  std::string webhook_ca_file;
  std::vector<std::string> mcp_hosts;
  std::int64_t mcp_workers, mcp_queue_max, mcp_queue_per_user_max, mcp_batch_max, mcp_answer_max_bytes;
  std::int64_t event_streams_max, event_streams_per_user_max, event_streams_per_org_max, event_heartbeat_ms,
      consumers_max;
  std::string crash_point;
  std::int64_t crash_after;
};

enum class setting_trait : std::uint8_t { plain, secret, hidden }; // hidden: for tests, shown only where it is set

struct setting_row {
  using target = std::variant<std::int64_t settings::*, std::string settings::*, std::vector<std::string> settings::*,
                              registration_mode settings::*, log::level settings::*, bool settings::*>;

  std::string_view key; // the name in the file
  target member;
  std::string_view default_value; // the default, written as in the file
  std::int64_t least, greatest;   // bounds of a number; bytes of a text
  std::string_view description;
  setting_trait trait = setting_trait::plain;
  std::string (*complaint)(std::string_view) = nullptr; // what is wrong with a text, or nothing
  std::string_view choices = {};                        // "a|b|c", in the order of the enumerators
  std::string_view env = {};                            // where it is not ALLOY_<KEY>

  bool secret() const noexcept { return trait == setting_trait::secret; }
};

std::span<setting_row const> setting_rows() noexcept;
std::string environment_name(setting_row const& row); // "ALLOY_BODY_MAX_BYTES"
std::string flag_name(setting_row const& row);        // "--body-max-bytes"

enum class setting_source : std::uint8_t { default_value, file, environment, flag };

struct loaded_settings {
  settings values;
  struct origin {
    setting_source source = setting_source::default_value;
    std::string where = {}; // "alloy.conf:12", "ALLOY_BIND", "--bind"
  };
  std::vector<origin> origins; // one per row
  std::string config_file;     // what was read, or empty
};

using environment_list = std::vector<std::pair<std::string, std::string>>;

// `flags` is what stands behind the command: `--port 80`, `--port=80`, `--config FILE`. An empty environment variable
// counts as not set. The file is --config, else ALLOY_CONFIG, else <data_dir>/alloy.conf where that exists. All faults
// are reported at once: `faults` with the place as pointer, `detail` with one line each.
result<loaded_settings> load_settings(std::vector<std::string> const& flags, environment_list const& environment);

environment_list process_environment();

// Sets one value of `into` from text, as the file would have it. The error's detail says what is wrong, without place.
result<> assign_setting(setting_row const& row, settings& into, std::string_view text);

// A setting's value as the file would have it.
std::string setting_text(setting_row const& row, settings const& from);

// `alloy config show`: an aligned table of key, value and source; secrets as ********.
std::string show_settings(loaded_settings const& loaded);

// The table for --help and the docs: flag, environment name, default, description.
std::string describe_settings();

} // namespace alloy
