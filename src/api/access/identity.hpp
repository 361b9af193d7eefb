#pragma once
// What makes a caller known: tokens, keys, and what is remembered of them. Any thread.
#include "api/table/call.hpp"
#include "auth/attempt_limiter.hpp"
#include "auth/rate_limiter.hpp"
#include "auth/token.hpp"
#include "auth/verified_tokens.hpp"
#include "core/metrics.hpp"
#include "events/codec.hpp"

namespace alloy::api {

struct identity_service {
  auth::token_signer tokens;
  auth::attempt_limiter attempts;
  auth::rate_limiter registrations; // by network: each one costs a hash
  auth::verified_tokens<auth::principal> known;
  metrics::registry& metrics;
  std::int64_t session_max_age_ms = 90 * 86'400'000LL;
  // When each key was last used; written to the local family now and then, and read from there after a restart.
  std::mutex last_use_guard = {};
  std::map<uuid, timestamp> last_use = {}; // of keys used since the start; goes with the key
  std::vector<uuid> deleted_keys = {};     // since the last call of save_last_use
  std::int64_t last_saved_ms = 0;

  using known_ptr = std::shared_ptr<auth::principal const>;
  // The caller of an `Authorization: Bearer` value, or 401.
  result<known_ptr> authenticate(std::string_view authorization, reader const& state, timestamp at);
  // When the key was last used, as far as it was written down before the last restart or is known since.
  std::optional<timestamp> last_used(reader const& local, uuid const& key_id);
  // Writes down what is new since the last call. On the sequencer's thread.
  void save_last_use(view& local);
  // What a committed batch says about credentials ends what is remembered of them.
  void forget(std::span<events::record const> records);
};

} // namespace alloy::api
