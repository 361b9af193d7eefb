#pragma once
// The REST door: requests of the HTTP server become calls of the table, replies become responses.
#include "api/service.hpp"
#include "http/message.hpp"

namespace alloy::http {

handler rest(api::service& service);

} // namespace alloy::http
