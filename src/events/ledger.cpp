#include "events/ledger.hpp"

#include "core/crypto.hpp"

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

  std::string input;
  input.reserve(bytes.size() + 1);
  input.push_back('\0');
  input.append(bytes);
  std::string leaf;
  append_u64(leaf, position);
  leaf.append(crypto::view_of(crypto::sha256(input)));
  state.put(leaf_key(tenant, seq), leaf);
}

} // namespace alloy::events
