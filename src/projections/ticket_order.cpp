#include "projections/ticket_order.hpp"

#include "projections/ticket_index.hpp"

namespace alloy::projections {
namespace {

constexpr std::size_t score_bytes = 4;

} // namespace

std::string place_of(std::optional<priority> p, rank const& r) {
  std::string place;
  if (p) place.push_back(static_cast<char>(*p));
  return place.append(r.view());
}

std::string place_of(scored const& m) {
  std::string place;
  for (int shift = 24; shift >= 0; shift -= 8) place.push_back(static_cast<char>(~(m.score >> shift)));
  for (auto const byte : m.at.bytes) place.push_back(static_cast<char>(~byte));
  return place;
}

std::optional<scored> scored_at(std::string_view place) {
  if (place.size() != score_bytes + rank::size) return std::nullopt;
  scored m;
  for (std::size_t i = 0; i < score_bytes; ++i) m.score = m.score << 8 | static_cast<std::uint8_t>(~place[i]);
  for (std::size_t i = 0; i < rank::size; ++i) m.at.bytes[i] = static_cast<std::uint8_t>(~place[score_bytes + i]);
  return m;
}

std::string place_in(ticket_order order, domain::ticket const& t) {
  std::string place;
  switch (order) {
  case ticket_order::created_at: return std::string(rank_of(t).view());
  case ticket_order::priority: return place_of(t.priority, rank_of(t));
  case ticket_order::updated_at:
    append_u64(place, static_cast<std::uint64_t>(t.updated_at.ms));
    return place.append(rank_of(t).view());
  case ticket_order::number:
    append_u64(place, static_cast<std::uint64_t>(t.ticket_number));
    return place.append(t.id.view());
  case ticket_order::relevance: break; // a document does not tell it
  }
  return place;
}

std::size_t place_bytes(ticket_order order) noexcept {
  switch (order) {
  case ticket_order::created_at: return rank::size;
  case ticket_order::priority: return 1 + rank::size;
  case ticket_order::updated_at: return 8 + rank::size;
  case ticket_order::number: return 8 + 16;
  case ticket_order::relevance: break;
  }
  return score_bytes + rank::size;
}

} // namespace alloy::projections
