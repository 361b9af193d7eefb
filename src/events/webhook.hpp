#pragma once
// Subscriptions to an org's events. The secret is sealed with the server's key.
#include "events/change.hpp"
#include "events/values.hpp"

namespace alloy::events {

struct webhook_created {
  static constexpr std::string_view type = "webhook.created";
  static constexpr int schema = 1;
  std::string url, secret_sealed;
  std::vector<std::string> event_types;
  bool ordered = false;
  std::optional<std::uint64_t> from = {}; // deliver what comes behind this position, not only what is new
  json::changed<restored> restores = {};
};
BOOST_DESCRIBE_STRUCT(webhook_created, (), (url, secret_sealed, event_types, ordered, from, restores))

struct webhook_changes {
  field<std::string> url;
  field<std::vector<std::string>> event_types;
  field<bool> active, ordered;
};
BOOST_DESCRIBE_STRUCT(webhook_changes, (), (url, event_types, active, ordered))
struct webhook_updated {
  static constexpr std::string_view type = "webhook.updated";
  static constexpr int schema = 1;
  webhook_changes changes;
};
BOOST_DESCRIBE_STRUCT(webhook_updated, (), (changes))

struct webhook_secret_rotated {
  static constexpr std::string_view type = "webhook.secret_rotated";
  static constexpr int schema = 1;
  std::string secret_sealed;
  timestamp overlap_until; // until then deliveries are signed with the former secret, too
};
BOOST_DESCRIBE_STRUCT(webhook_secret_rotated, (), (secret_sealed, overlap_until))

struct webhook_disabled {
  static constexpr std::string_view type = "webhook.disabled";
  static constexpr int schema = 1;
  std::string reason; // gone, failing
};
BOOST_DESCRIBE_STRUCT(webhook_disabled, (), (reason))

struct webhook_deleted {
  static constexpr std::string_view type = "webhook.deleted";
  static constexpr int schema = 1;
};
BOOST_DESCRIBE_STRUCT(webhook_deleted, (), ())

// What somebody asked the dispatcher to do. In the log, so that it is neither lost nor done by nobody; internal: about
// deliveries, not about the organization's work, so in no feed.
struct webhook_pinged {
  static constexpr std::string_view type = "webhook.pinged";
  static constexpr int schema = 1;
  static constexpr bool internal = true;
  uuid delivery_id;
};
BOOST_DESCRIBE_STRUCT(webhook_pinged, (), (delivery_id))

struct webhook_redelivered {
  static constexpr std::string_view type = "webhook.redelivered";
  static constexpr int schema = 1;
  static constexpr bool internal = true;
  uuid delivery_id;
};
BOOST_DESCRIBE_STRUCT(webhook_redelivered, (), (delivery_id))

struct webhook_replayed {
  static constexpr std::string_view type = "webhook.replayed";
  static constexpr int schema = 1;
  static constexpr bool internal = true;
  std::uint64_t from = 0, to = 0;       // positions, both in
  std::vector<std::string> event_types; // none: those of the subscription
};
BOOST_DESCRIBE_STRUCT(webhook_replayed, (), (from, to, event_types))

} // namespace alloy::events
