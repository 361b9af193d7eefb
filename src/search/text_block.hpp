#pragma once
// Sealing a block: its loose documents join those that were sealed before, and its pages are written anew. What hides a
// ticket stays loose beside them. The same content gives the same rows. One thread at a time per view.
#include "search/text_rows.hpp"

namespace alloy::projections {

void seal(view& rows, uuid const& tenant, text_block& block);

} // namespace alloy::projections
