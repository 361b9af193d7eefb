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

struct webhook_deleted {
  static constexpr std::string_view type = "webhook.deleted";
  static constexpr int schema = 1;
};
BOOST_DESCRIBE_STRUCT(webhook_deleted, (), ())

} // namespace alloy::events
