#pragma once
// The member `data` of a webhook's payload: what it is about, the object as the command left it (null once it is
// deleted), and the event's own facts beside them. Any thread.
#include "events/codec.hpp"
#include "events/log.hpp"

namespace alloy::api {

// `last` is the position of the command's last event. Without `money` every amount is null.
std::string webhook_payload(reader const& state, events::log const& log, events::record_head const& head,
                            events::public_event const& e, std::uint64_t last, bool money);

// Every number under a name that ends in "_cents" becomes null.
std::string without_amounts(std::string_view json);

// Whether amounts of money in an organization's events are for somebody's eyes.
bool may_see_money(reader const& state, uuid const& org, uuid const& user);

} // namespace alloy::api
