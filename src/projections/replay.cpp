#include "projections/replay.hpp"

#include "events/codec.hpp"
#include "events/ledger.hpp"
#include "projections/fold.hpp"

namespace alloy::projections {
namespace {

constexpr std::size_t records_per_read = 512;
constexpr std::size_t bytes_per_write = 4u << 20;

void check_chain(reader const& state, events::record const& r) {
  auto const chain = events::head_of(state, r.head.tenant);
  std::string const where = "the record at position " + std::to_string(r.events.front().position);
  if (r.head.tenant_seq != chain.seq + 1)
    throw events::corruption_error(where + " is record " + std::to_string(r.head.tenant_seq) + " of its tenant, but " +
                                   std::to_string(chain.seq + 1) + " is due");
  if (r.previous_crc != chain.crc)
    throw events::corruption_error(where + " does not follow the record before it in its tenant");
}

} // namespace

replayed replay(events::log const& from, storage::database& into, progress const& tell, std::uint64_t until) {
  replayed done;
  std::uint64_t next = 1;
  std::uint64_t const head = from.head();
  storage::transaction txn(into);
  for (bool more = true; more;) {
    auto const records = from.read(next, records_per_read);
    if (records.empty()) break;
    for (auto const& stored : records) {
      if (stored.first + stored.count - 1 > until) {
        more = false;
        break;
      }
      if (stored.first != next)
        throw events::corruption_error("a record is missing at position " + std::to_string(next));
      auto const r = events::decode_record(stored.first, stored.bytes);
      view& state = txn.of(storage::family::state);
      check_chain(state, r);
      fold(state, r, stored.bytes);
      txn.keep_command();
      next = stored.first + stored.count;
      ++done.records;
      done.events += stored.count;
    }
    if (txn.bytes() > bytes_per_write) txn.commit(false);
    if (tell) tell(done.records, next - 1, head);
  }
  done.last = next - 1;
  if (until >= head && next - 1 != head)
    throw events::corruption_error("the log ends at position " + std::to_string(next - 1) + ", but its head is " +
                                   std::to_string(head));
  if (!txn.empty()) txn.commit(false);
  return done;
}

replayed rebuild_state(events::log const& from, storage::database& into, progress const& tell) {
  into.drop(storage::family::state);
  return replay(from, into, tell);
}

// A digest of digests: each block is hashed by itself, so that nothing but crypto.hpp knows OpenSSL here.
class row_digest {
 public:
  void add(std::string_view k, std::string_view v) {
    append_u64(pending_, k.size());
    pending_.append(k);
    append_u64(pending_, v.size());
    pending_.append(v);
    if (pending_.size() > block_bytes) flush();
  }
  crypto::digest finish() {
    flush();
    return crypto::sha256(blocks_);
  }

 private:
  static constexpr std::size_t block_bytes = 1u << 20;
  void flush() {
    blocks_.append(crypto::view_of(crypto::sha256(pending_)));
    pending_.clear();
  }
  std::string pending_, blocks_;
};

crypto::digest digest_of(storage::database const& db) {
  auto const rows = db.snapshot(storage::family::state);
  row_digest digest;
  rows->scan({}, std::string(64, static_cast<char>(0xff)), direction::ascending,
             [&](std::string_view k, std::string_view v) {
               digest.add(k, v);
               return true;
             });
  return digest.finish();
}

crypto::digest digest_of_tenant(reader const& state, uuid const& tenant) {
  row_digest digest;
  state.scan(key(tenant, table::org).str(), key(tenant, table::org_by_slug).str(), direction::ascending,
             [&](std::string_view k, std::string_view v) {
               digest.add(k, v);
               return true;
             });
  return digest.finish();
}

std::pair<crypto::digest, std::uint64_t> digest_and_records(reader const& state, uuid const& tenant) {
  row_digest digest;
  std::uint64_t records = 0;
  auto const head = key(tenant, table::tenant_head);
  auto const rows = state.cursor(head, key(tenant, table::org_by_slug), direction::ascending);
  rows->seek(head);
  if (rows->valid() && rows->key() == head.str()) records = big_endian_u64(rows->value());
  for (rows->seek(key(tenant, table::org)); rows->valid(); rows->next()) digest.add(rows->key(), rows->value());
  return {digest.finish(), records};
}

std::map<unsigned, std::uint64_t> differences(storage::database const& one, storage::database const& other) {
  constexpr std::size_t table_at = 16; // behind the tenant
  std::map<unsigned, std::uint64_t> found;
  std::string const end(64, static_cast<char>(0xff));
  auto const count = [&](std::string_view k) { ++found[static_cast<unsigned char>(k[table_at])]; };
  auto const rows = one.snapshot(storage::family::state), others = other.snapshot(storage::family::state);
  auto const a = rows->cursor({}, end, direction::ascending), b = others->cursor({}, end, direction::ascending);
  for (a->seek({}), b->seek({}); a->valid() || b->valid();) {
    bool const mine = a->valid() && (!b->valid() || a->key() <= b->key());
    bool const theirs = b->valid() && (!a->valid() || b->key() <= a->key());
    if (!(mine && theirs && a->value() == b->value())) count(mine ? a->key() : b->key());
    if (mine) a->next();
    if (theirs) b->next();
  }
  return found;
}

} // namespace alloy::projections
