#include "events/ledger.hpp"

#include "events/merkle.hpp"

namespace alloy::events {

tenant_head head_of(reader const& state, uuid const& tenant) {
  std::string row;
  tenant_head head;
  if (!state.get(key(tenant, table::tenant_head), row) || row.size() != 24) return head;
  std::string_view const v = row;
  head.seq = big_endian_u64(v);
  head.position = big_endian_u64(v.substr(8));
  head.crc = static_cast<std::uint32_t>(big_endian_u64(v.substr(16)));
  return head;
}

void fold_record(view& state, uuid const& tenant, std::uint64_t seq, std::uint64_t position, std::uint32_t crc,
                 std::string_view bytes) {
  std::string row;
  append_u64(row, seq);
  append_u64(row, position);
  append_u64(row, crc);
  state.put(key(tenant, table::tenant_head), row);

  std::string leaf;
  append_u64(leaf, position);
  leaf.append(crypto::view_of(merkle::leaf_of(bytes)));
  state.put(leaf_key(tenant, seq), leaf);
  merkle::fold_leaf(state, tenant, seq);
}

std::uint64_t position_of(reader const& state, uuid const& tenant, std::uint64_t seq) {
  std::string row;
  return state.get(leaf_key(tenant, seq), row) ? big_endian_u64(row) : 0;
}

std::uint64_t seq_at(reader const& state, uuid const& tenant, std::uint64_t position) {
  std::uint64_t low = 0, high = head_of(state, tenant).seq; // low begins there or before
  while (low < high) {
    auto const middle = low + (high - low + 1) / 2;
    if (position_of(state, tenant, middle) <= position)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

} // namespace alloy::events
