#pragma once
// Folds events into the rows of the search index (text_rows.hpp says which). Pure functions of the rows and the event,
// which need no other source: what became of a part's words is known from its place. One thread at a time per view.
#include "core/view.hpp"
#include "events/envelope.hpp"

namespace alloy::projections {

// Of the rows: raised whenever the same log gives other ones, so that an older index is made anew.
inline constexpr std::uint32_t text_index_version = 1;

// Events that change no text change nothing.
void index_event(view& rows, events::stored_event const& e);

// What index_event does for a ticket that gets another reference, and for one that is deleted, with all its parts. A
// ticket that is not there is none of this index's business.
void index_reference(view& rows, uuid const& tenant, uuid const& ticket, std::string_view reference);
void take_out(view& rows, uuid const& tenant, uuid const& ticket);

} // namespace alloy::projections
