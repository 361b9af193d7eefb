#pragma once
// A webhook as clients see it: without its secret, but in the answer that makes one.
#include "domain/diff.hpp"
#include "domain/entities.hpp"

namespace alloy::api {

struct webhook_view {
  static constexpr bool answer = true;
  uuid id, org_id;
  std::string url;
  json::changed<std::string> secret = {};
  std::vector<std::string> event_types;
  bool active = true, ordered = false;
  std::optional<std::string> disabled_reason = {}; // gone, failing, imported: the dispatcher switched it off
  std::optional<timestamp> disabled_at = {}, previous_secret_until = {};
  uuid created_by;
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(webhook_view, (),
                      (id, org_id, url, secret, event_types, active, ordered, disabled_reason, disabled_at,
                       previous_secret_until, created_by, created_at, updated_at, version))

inline webhook_view view_of(domain::webhook const& w) {
  webhook_view v;
  domain::take(v, w);
  return v;
}

} // namespace alloy::api
