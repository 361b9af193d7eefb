#pragma once
// Folds a record into everything that is derived from the log and kept with it: the tenant's chain, the entities, and
// the read models that answer lists. A pure function of the state and the record, so a replay gives the same bytes.
#include "core/error.hpp"
#include "core/view.hpp"
#include "events/codec.hpp"

namespace alloy::projections {

void fold(view& state, events::record const& r, std::string_view bytes);

// A record of another server: each event is held against the rules of commands before it is folded. What a refused one
// has written by then is the caller's to drop.
result<> fold_foreign(view& state, events::record const& r, std::string_view bytes);

// Of the rows that fold() writes: raised whenever the same log gives other rows, so that an older state is noticed.
inline constexpr std::uint32_t state_version = 8;

// The position of the last event that is folded into the state.
std::uint64_t folded_position(reader const& state);

// The latest time that a folded record has. Imported ones may be older than what was here before them.
timestamp latest_time(reader const& state);
// The position itself, or the last one before the run of such older records that it is in; 0: the log begins with them.
std::uint64_t before_older_run(reader const& state, std::uint64_t position);

// Whether the state is folded up to the log's head by this version of the read models. Where it is not (another
// version, or a folding that was cut short) it is folded anew: projections/replay. Throws std::runtime_error where the
// state is ahead of the log, which then has lost something.
bool is_folded(reader const& state, std::uint64_t log_head);

} // namespace alloy::projections
