#pragma once
// Pages of ticket lists as they stand now. A walk through an order whose places move is bound to where it began, which
// is part of its cursor (projections/ticket_walk.hpp). Any thread; a later page of such a walk may fold from the log.
#include "api/table/call.hpp"
#include "projections/ticket_list.hpp"

namespace alloy::api {

projections::page list_tickets_now(read_context const& c, projections::ticket_query query,
                                   projections::page_request const& ask);

} // namespace alloy::api
