#pragma once
// The right to read something that outlives its request: a stream, an export, a page that waits. Any thread.
#include "api/table/call.hpp"

namespace alloy::api {

// Looks anew, with each call, whether whoever asked may still ask: the credential, its scope, the role in the
// organization that the path begins with. It sees at least what was committed before the call, so take the log's head
// first and give out nothing behind it.
using live_permission = std::function<result<>()>;
live_permission right_of(read_context const& c);

} // namespace alloy::api
