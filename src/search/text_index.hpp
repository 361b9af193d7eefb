#pragma once
// Folds events into the rows of the search index (text_rows.hpp says which). Pure functions of the rows and the event,
// which need no other source: what became of a part's words is known from its place. One thread at a time per view.
#include "core/view.hpp"
#include "events/envelope.hpp"

namespace alloy::projections {

// Of the rows: raised whenever the same log gives other ones, so that an older index is made anew.
inline constexpr std::uint32_t text_index_version = 3;

// When a block is sealed (text_rows.hpp), in bytes of loose text: a matter of speed that no search can tell. What is
// loose is read word by word by every search; sealing costs what the block holds.
struct sealing {
  std::uint64_t open_bytes_max = 256u << 10;  // of a block that takes new tickets; it takes none afterwards
  std::uint64_t sealed_bytes_min = 32u << 10; // of one that was sealed before,
  std::uint64_t sealed_part = 4;              // or this part of its pages, where that is more
};

// Events that change no text change nothing.
void index_event(view& rows, events::stored_event const& e, sealing const& when = {});

// For a ticket that gets another reference (its former ones go on leading to it), and for one that is deleted, with all
// its parts. A ticket that is not there is none of this index's business.
void index_reference(view& rows, uuid const& tenant, uuid const& ticket, std::string_view reference);
void take_out(view& rows, uuid const& tenant, uuid const& ticket, sealing const& when = {});

} // namespace alloy::projections
