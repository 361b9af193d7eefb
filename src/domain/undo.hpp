#pragma once
// Taking a command back: the events that make up for its own, or the reasons why what happened since stands in the way.
// An event is taken back where its subject still stands as the event left it, field by field; a thing that it made goes
// where nothing came of it since; a thing that it deleted is made again as it was, with its id, its number and a
// version that goes on. Pure but for the rehearsal.
#include "domain/context.hpp"
#include "domain/tags.hpp"
#include "events/envelope.hpp"

#include <span>

namespace alloy::domain {

// A thing as it was right before the command: what a deletion took away.
struct as_before {
  std::string row; // as stored
  tag_map tags;
};
using look_back = std::function<std::optional<as_before>(events::subject const&)>;

struct undoing {
  facts events = {};
  std::vector<std::string> reasons = {}; // not empty: it cannot be undone
};

// `rehearsal` is a copy of the state to decide in: each event that is taken back is folded into it. `command` holds all
// events of the command, in order.
undoing take_back(view& rehearsal, std::span<events::stored_event const> command, look_back const& before,
                  context const& by);

// The least role that may take back somebody's event: what the change itself would need.
alloy::role least_to_undo(events::stored_event const& e) noexcept;

} // namespace alloy::domain
