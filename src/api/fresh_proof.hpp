#pragma once
// What concerns a person (their password, their data, their keys) takes more than a credential that may have been
// copied: a session in which the password was given within the last `confirm_seconds`. Registering and logging in give
// it, and so does the operation `confirm`; refreshing does not. An API key never has a proof.
#include "api/call.hpp"

namespace alloy::api {

result<> require_session(auth::principal const& who);
// Looked at at the head of the log. On the sequencer's thread.
result<> require_fresh_proof(write_call const& c);

} // namespace alloy::api
