#pragma once
// What the dispatcher of webhooks is made of in this program: its settings, and how it reaches the rest of the program.
#include "commands/sequencer.hpp"
#include "core/settings.hpp"
#include "webhooks/dispatcher.hpp"

namespace alloy {

webhooks::dispatcher_settings delivery_settings(settings const& s);
webhooks::transport_settings delivery_transport(settings const& s);
webhooks::address_policy delivery_guard(settings const& s);
storage::settings delivery_store_settings(settings const& s);

webhooks::dispatcher_parts delivery_parts(storage::database const& db, events::log const& log, commands::sequencer& to,
                                          std::string sealing_key, metrics::registry& metrics,
                                          std::function<void(std::string const&)> on_failure);

} // namespace alloy
