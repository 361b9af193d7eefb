#pragma once
// `alloy operator add | remove | list`: who may import organizations and erase other people's data. Being an operator
// is an event of the identity tenant, and only the machine gives it: while a server runs it is asked over the control
// socket, else the command goes to the store itself, through a sequencer of its own. Each answers the exit code.
#include "app/control_socket.hpp"
#include "auth/pii_store.hpp"
#include "commands/sequencer.hpp"
#include "core/settings.hpp"

namespace alloy {

int add_operator(settings const& config, std::string const& who); // an e-mail address or a user's id
int remove_operator(settings const& config, std::string const& who);
int list_operators(settings const& config);

// The server's side; all must outlive the commands.
control_commands operator_commands(storage::database const& db, commands::sequencer& sequencer,
                                   auth::pii_store const& people);

// The former setting grants nothing.
void warn_of_operators(settings const& config);

} // namespace alloy
