#pragma once
// What concerns a person (their data, their keys) takes more than a credential that may have been
// copied: a session in which the password was given within the last `confirm_seconds`. Registering and logging in give
// it, and so does the operation `confirm`; refreshing does not. An API key never has a proof.
#include "api/table/call.hpp"

namespace alloy::api {

result<> require_session(auth::principal const& who);
// With the state at the head of the log. The service asks it of every operation that is `personal`, before a kept
// answer is given, too; others ask where it depends on what is named.
result<> require_fresh_proof(reader const& state, auth::principal const& who, std::int64_t confirm_seconds,
                             timestamp at);

} // namespace alloy::api
