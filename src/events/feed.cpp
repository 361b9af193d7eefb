#include "events/feed.hpp"

#include "events/ledger.hpp"

#include <algorithm>

namespace alloy::events {
namespace {

// Records of one tenant that lie so close are read as a range of the log; what lies between them is skipped.
constexpr std::size_t positions_per_record_max = 8;

} // namespace

tenant_feed::tenant_feed(events::log const& of, reader const& state, uuid const& tenant, position after)
    : tenant_feed(of, state, tenant) {
  seq_ = std::max<std::uint64_t>(seq_at(state, tenant, after), 1); // it may have events behind `after`
}

tenant_feed tenant_feed::from_record(events::log const& of, reader const& state, uuid const& tenant,
                                     std::uint64_t seq) {
  tenant_feed made(of, state, tenant);
  made.seq_ = seq;
  return made;
}

std::vector<stored_record> tenant_feed::next(std::size_t records_max) {
  std::vector<position> places;
  auto const head = log_.head();
  auto const prefix = key(tenant_, table::record_leaf).str();
  state_.scan(leaf_key(tenant_, seq_).str(), after_prefix(prefix), direction::ascending,
              [&](std::string_view, std::string_view row) {
                if (big_endian_u64(row) > head) return false; // of a batch that is being committed
                places.push_back(big_endian_u64(row));
                return places.size() < records_max;
              });
  std::vector<stored_record> found;
  if (places.empty()) return found;
  auto const span = places.back() - places.front() + 1;
  if (span <= places.size() * positions_per_record_max) {
    for (auto from = places.front(); from <= places.back();) {
      auto read = log_.read(from, static_cast<std::size_t>(span));
      if (read.empty()) break;
      from = read.back().first + read.back().count;
      for (auto& r : read)
        if (std::ranges::binary_search(places, r.first)) found.push_back(std::move(r));
    }
  } else {
    for (auto const at : places)
      for (auto& r : log_.read(at, 1)) found.push_back(std::move(r));
  }
  if (found.size() != places.size()) throw corruption_error("the log has not all records that a tenant's ledger names");
  seq_ += found.size();
  return found;
}

} // namespace alloy::events
