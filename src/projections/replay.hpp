#pragma once
// The whole log folded anew: to prove that the state is what the log says, and to make it again where it is not.
#include "core/crypto.hpp"
#include "core/key.hpp"
#include "events/log.hpp"

#include <functional>
#include <map>

namespace alloy::projections {

// Called now and then with records and events folded so far, and the position to reach.
using progress = std::function<void(std::uint64_t records, std::uint64_t position, std::uint64_t head)>;

struct replayed {
  std::uint64_t records = 0, events = 0, last = 0; // the position of the last event
};

// Folds every record of the log into `into`, whose state must be empty. Checks density, checksums and every tenant's
// chain on the way; throws events::damaged.
// Up to a position: records that end there or before.
replayed replay(events::log const& from, storage::database& into, progress const& tell,
                std::uint64_t until = ~std::uint64_t{0});

// Drops the state and folds it anew from the log. Cut short, it is begun again at the next start.
replayed rebuild_state(events::log const& from, storage::database& into, progress const& tell);

// SHA-256 over every row of the state, in order: equal digests mean equal read models.
crypto::digest digest_of(storage::database const& db);

// Of one tenant's entities alone, whose rows know nothing of where in the log their events are: equal wherever its
// records have been folded.
crypto::digest digest_of_tenant(reader const& state, uuid const& tenant);
// The same while others write, as of one moment: with how many records there were then. For committed rows.
std::pair<crypto::digest, std::uint64_t> digest_and_records(reader const& state, uuid const& tenant);

// How many rows of each table (the number of core/key.hpp) are in one state alone, or have other values in the two.
std::map<unsigned, std::uint64_t> differences(storage::database const& one, storage::database const& other);

} // namespace alloy::projections
