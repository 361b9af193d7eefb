#pragma once
// A command on its way: who asks, how to decide it against the head of the log, and whom to tell. The functions in it
// run on the sequencer's thread, so they must not block.
#include "core/error.hpp"
#include "core/view.hpp"
#include "domain/context.hpp"

#include <functional>
#include <optional>
#include <string>

namespace alloy::commands {

// What a caller is told about a write that went well.
struct answer {
  unsigned status = 200;
  std::string body = {};
  std::uint64_t version = 0; // of the object in the body; 0: it has none
  std::string location = {};
  std::string warning = {};
  std::uint64_t position = 0;        // of the command's last event; 0 where nothing was appended
  std::optional<error> refused = {}; // the events say what happened, and yet the caller is refused (a reused token)
  bool replayed = false;             // from the answer kept for this idempotency key
  std::vector<uuid> tenants = {};    // the organizations in whose logs the command's events stand
  role least{};                      // what the command took of the caller there, beyond what its kind always takes
  std::vector<uuid> people = {};     // whose name or address the body has: users and invites
  std::string events = {};           // of a dry run: what would be appended, as a JSON array
};

// What the commands before this one left. `state` shows their writes; `local` is what this server keeps beside the log.
struct head {
  reader const& state;
  view& local;
};

struct plan {
  domain::facts events = {};
  // Records of another log, of one tenant, as they were stored: appended as they are, before the events (an import).
  std::vector<std::string> records = {};
  // Further events, decided once the records are folded.
  std::function<result<>(reader const& state, domain::facts& out)> then = {};
  bool keeps_rows = false;                           // the decision wrote rows of the local family that are to stay
  std::function<answer(reader const& state)> render; // called once the events are folded
  std::optional<events::actor> actor = {};           // where the command itself makes the actor (registration)
  std::uint64_t cause = 0;                           // the position of the event that it answers to (an undo)
  role least{};                                      // what of the caller this very command takes, where that is more
};

// A client's Idempotency-Key: `command_id` is made of the caller's credential and the key, `fingerprint` of the whole
// request.
struct idempotency_key {
  uuid command_id;
  std::string fingerprint;
};

struct command {
  events::actor actor;
  std::string request_id;
  std::optional<idempotency_key> key;
  bool dry_run = false;
  // Whether the caller may have the answer that is kept for the key; asked before anything is said of it. Null where
  // another request came with the key. No function: everybody may who knows the request.
  std::function<result<>(head const&, timestamp at, answer const* kept)> admit = {};
  std::function<result<plan>(head const&, timestamp at)> decide;
  std::function<void(result<answer>)> done; // on the sequencer's thread, after the sync
};

} // namespace alloy::commands
