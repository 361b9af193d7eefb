#pragma once
// Each tenant's chain, folded from its records: how many there are, the checksum the next one names, and the leaves of
// its Merkle tree (RFC 6962): leaf n is SHA-256(0x00 || stored bytes of record n). Kept from the first record on.
#include "core/key.hpp"
#include "core/view.hpp"

#include <string>

namespace alloy::events {

struct tenant_head {
  std::uint64_t seq = 0;      // records so far
  std::uint32_t crc = 0;      // of the last one
  std::uint64_t position = 0; // of its first event
};

tenant_head head_of(reader const& state, uuid const& tenant);

// Row of leaf n: position of the record's first event u64be | leaf 32 bytes. It is also the tenant's feed in order.
inline key leaf_key(uuid const& tenant, std::uint64_t seq) {
  return key(tenant, table::record_leaf).add(seq);
}

// The position of the first event of record `seq`, 0 where there is none; and the other way: the last record that
// begins at the position or before it, 0 where there is none.
std::uint64_t position_of(reader const& state, uuid const& tenant, std::uint64_t seq);
std::uint64_t seq_at(reader const& state, uuid const& tenant, std::uint64_t position);

void fold_record(view& state, uuid const& tenant, std::uint64_t seq, std::uint64_t position, std::uint32_t crc,
                 std::string_view bytes);

} // namespace alloy::events
