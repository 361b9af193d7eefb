#pragma once
// A walk through pages of a list in an order whose places move. It is bound to where it began: each ticket is listed at
// the place that it had then, as it is now. So what is changed meanwhile is neither passed over, because it went where
// the walk has been, nor met a second time, because it went where the walk is still to go. What was made since has no
// place then; it belongs to the next walk. What has not changed since stands in the indexes where it stood, and only
// the rest, which one range of the index of updates names, is looked up as it was.
#include "events/envelope.hpp"
#include "projections/ticket_filter.hpp"
#include "projections/ticket_order.hpp"

namespace alloy::projections {

struct walk {
  std::uint64_t position = 0; // of the log, up to which the rows of the first page were folded
  timestamp at = {};          // when that was written

  static constexpr std::size_t bytes = 16; // in a cursor
  std::string as_bytes() const;
  static walk from_bytes(std::string_view of); // REQUIRES: at least so many
};

// What the log knows of then; functions, so that lists need no log.
struct walk_memory {
  // A ticket as it stood; nothing where it was not there.
  std::function<std::optional<domain::ticket>(uuid const& tenant, uuid const& id, walk const& begun)> ticket;
  // The tickets about which something was said since; and all that had been said about one, in order.
  std::function<std::vector<uuid>(uuid const& tenant, walk const& begun)> spoken_of;
  std::function<std::vector<events::stored_event>(uuid const& tenant, uuid const& id, walk const& begun)> history;
};

struct placed_ticket {
  std::string place;
  uuid id;
};

struct moved_tickets {
  std::vector<uuid> ids;           // all that may have moved, in order
  std::vector<placed_ticket> then; // where those of them stood that were there
};
// `weights` are those of the scope's text, where the order is that of relevance.
moved_tickets moved_since(reader const& state, ticket_scope const& scope, ticket_order order,
                          std::string const& weights, walk_memory const& memory, walk const& begun);

} // namespace alloy::projections
