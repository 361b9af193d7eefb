#pragma once
// `alloy backup create | verify | restore` and `alloy webhooks release`. A backup is a data folder of its own: the
// store, the store of deliveries and the keys, as they were at one moment, and backup.json that says which. Each
// answers the exit code.
#include "app/control_socket.hpp"
#include "core/settings.hpp"

namespace alloy {

// Beside a running server it is the server that makes it, between two writes; else this process does.
int create_backup(settings const& config, std::string const& folder);
// Replays the backup's log and compares it with its state.
int verify_backup(settings const& config, std::string const& folder);

struct restore_point {
  std::string position, time; // one of the two or none: everything
};
// Into config.data_dir, which must have no store yet. No webhook is sent by what is restored until release_webhooks().
int restore_backup(settings const& config, std::string const& folder, restore_point const& to);
int release_webhooks(settings const& config);

// The server's side, over its control socket. The settings must outlive it.
using checkpoints = std::function<void(std::string const& folder)>; // makes store and webhooks in the folder
control_commands backup_server_commands(settings const& config, checkpoints make);

} // namespace alloy
