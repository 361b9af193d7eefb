#pragma once
// The rows about tickets come from several files; tickets.cpp puts them together.
#include "api/table/operation.hpp"
#include "domain/tickets.hpp"

namespace alloy::api {

std::vector<operation> ticket_list_rows();
std::vector<operation> ticket_batch_rows();
std::vector<operation> ticket_activity_rows();
std::vector<operation> comment_rows();

// The project that a ticket is in.
domain::project home_of(write_context const& c, domain::ticket const& t);
// A change of a ticket as the API takes it: a key that is bound to projects takes it to no other.
result<domain::decision> change_ticket(write_context const& c, reader const& state, subject const& about,
                                       domain::update_ticket const& body);

} // namespace alloy::api
