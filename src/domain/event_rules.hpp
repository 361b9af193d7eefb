#pragma once
// What an event of another server must be like before it is folded here: the fields of the command that makes such an
// event, and references to things that this organization has, so that nothing is read later that no command could have
// made. Every event of the catalogue has its line in event_rules.cpp, or nothing compiles. Old records keep what was
// allowed when they were made, so a rule here may not be stricter than that of any version. Pure.
#include "core/error.hpp"
#include "core/view.hpp"
#include "events/envelope.hpp"

namespace alloy::domain {

// `state` is as the event finds it. Refused with where and why; never with what stood there.
result<> check_foreign(reader const& state, events::stored_event const& e);
// The same of what all the records have come to.
result<> check_foreign_whole(reader const& state, uuid const& org);

} // namespace alloy::domain
