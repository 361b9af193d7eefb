#pragma once
// What the dispatcher keeps: endpoints with how far each has come, and deliveries with their attempts. A delivery's row
// is what clients are shown. Values.
#include "core/json.hpp"

namespace alloy::webhooks {

enum class trigger : std::uint8_t { event, redeliver, replay, ping };
BOOST_DESCRIBE_ENUM(trigger, event, redeliver, replay, ping)

enum class delivery_status : std::uint8_t { Pending, Delivered, Failed };
BOOST_DESCRIBE_ENUM(delivery_status, Pending, Delivered, Failed)

// Why an attempt came to nothing before or beside an HTTP status.
enum class failure : std::uint8_t { dns, connect, tls, timeout, http, refused_target };
BOOST_DESCRIBE_ENUM(failure, dns, connect, tls, timeout, http, refused_target)

struct attempt {
  static constexpr bool answer = true;
  std::int64_t number = 0; // from 1
  webhooks::trigger trigger{};
  timestamp started_at;
  std::int64_t duration_ms = 0;
  std::optional<std::int64_t> status_code = {};
  std::optional<failure> error = {};
  std::optional<std::string> error_detail = {};
  std::optional<std::string> response = {}; // its first KiB
  std::optional<timestamp> next_attempt_at = {};
};
BOOST_DESCRIBE_STRUCT(attempt, (),
                      (number, trigger, started_at, duration_ms, status_code, error, error_detail, response,
                       next_attempt_at))

struct delivery {
  static constexpr bool answer = true;
  uuid id, org_id, webhook_id, event_id;
  std::string event_type;
  std::uint64_t event_position = 0, previous_position = 0;
  delivery_status status{};
  webhooks::trigger trigger{}; // of the latest try
  std::int64_t tries = 0;      // since it was last asked for
  std::int64_t attempt_count = 0;
  std::vector<attempt> attempts; // the latest ones
  std::optional<timestamp> next_attempt_at = {};
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(delivery, (),
                      (id, org_id, webhook_id, event_id, event_type, event_position, previous_position, status, trigger,
                       tries, attempt_count, attempts, next_attempt_at, created_at, updated_at, version))

// A range that is to be sent again.
struct replay_job {
  static constexpr bool defaults_allowed = true;
  std::uint64_t next = 0, to = 0; // positions
  std::vector<std::string> event_types;
};
BOOST_DESCRIBE_STRUCT(replay_job, (), (next, to, event_types))

// What was subscribed to up to a position.
struct former_types {
  static constexpr bool defaults_allowed = true;
  std::uint64_t until = 0;
  std::vector<std::string> event_types;
};
BOOST_DESCRIBE_STRUCT(former_types, (), (until, event_types))

// The reason of `webhook.disabled` where an import has ended: whatever was asked for before was the former server's.
inline constexpr std::string_view disabled_by_import = "imported";

// Which endpoint is meant. Ids are chosen by clients, and a log of an older version may hold one id in two
// organizations: nothing that outlives a request knows an endpoint by its id alone.
struct endpoint_name {
  uuid org_id, id;
  bool operator==(endpoint_name const&) const = default;

  struct hash {
    std::size_t operator()(endpoint_name const& n) const noexcept {
      return std::hash<uuid>{}(n.org_id) * 31 + std::hash<uuid>{}(n.id);
    }
  };
};

// A subscription as the log has it up to `delivery_store::followed`, and where its deliveries stand.
struct endpoint {
  static constexpr bool defaults_allowed = true;
  uuid id, org_id, created_by;
  std::string url, secret_sealed;
  std::optional<std::string> previous_secret_sealed = {};
  std::optional<timestamp> previous_secret_until = {};
  std::vector<std::string> event_types;
  bool active = true, ordered = false;
  // Everything up to `floor` is delivered, has its row, or is of no concern; up to `reached` some of it may have a row.
  std::uint64_t floor = 0, reached = 0;
  std::uint64_t previous_position = 0; // of the last event that was sent
  bool apart = false;                  // far behind: reads on from its own floor
  std::int64_t failures = 0;           // in a row
  std::int64_t failing_since_ms = 0, paused_until_ms = 0;
  std::vector<replay_job> replays;
  std::uint64_t applied = 0;        // the last event about itself; after a crash some are read again
  std::vector<former_types> former; // oldest first, of what is still to be sent

  endpoint_name name() const noexcept { return {org_id, id}; }
};
BOOST_DESCRIBE_STRUCT(endpoint, (),
                      (id, org_id, created_by, url, secret_sealed, previous_secret_sealed, previous_secret_until,
                       event_types, active, ordered, floor, reached, previous_position, apart, failures,
                       failing_since_ms, paused_until_ms, replays, applied, former))

// The same for every try of an event at an endpoint, and after any crash or restore.
uuid delivery_id(uuid const& webhook, uuid const& event);

} // namespace alloy::webhooks
