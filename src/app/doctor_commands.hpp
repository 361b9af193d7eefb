#pragma once
// `alloy doctor --names`: names of older versions that nobody can tell apart, also while the server runs. Changes
// nothing but a state of another version, which is folded anew as `alloy serve` would do it. And the index of
// addresses, which a start makes anew where another rule made it.
#include "app/control_socket.hpp"
#include "auth/pii_store.hpp"
#include "core/settings.hpp"
#include "storage/database.hpp"

namespace alloy {

// Answers the exit code: 0 where there are none, 1 where there are some.
int look_for_twins(settings const& config);

control_commands doctor_commands(storage::database const& db, auth::pii_store const& people);

// Before commands are taken. Accounts that share an address are told to the server's log, by their ids alone.
void index_addresses(storage::database& db, auth::pii_store const& people);

} // namespace alloy
