#pragma once
// The orders that tickets are listed in, and a ticket's place in each: comparing the bytes compares the places. Pure.
#include "domain/entities.hpp"
#include "search/text_search.hpp"

namespace alloy::projections {

// relevance: the best matches of the scopes' text first; ascending only.
enum class ticket_order : std::uint8_t { created_at, updated_at, priority, number, relevance };
BOOST_DESCRIBE_ENUM(ticket_order, created_at, updated_at, priority, number, relevance)

// Whether a ticket's place in the order may become another one.
constexpr bool moves(ticket_order order) noexcept {
  return order != ticket_order::created_at;
}

std::string place_in(ticket_order order, domain::ticket const& t);
std::string place_of(std::optional<priority> p, rank const& r); // within a priority, or in the order of creation
std::string place_of(scored const& m);                          // the better and the newer compare as smaller
std::optional<scored> scored_at(std::string_view place);
std::size_t place_bytes(ticket_order order) noexcept; // all places of an order are of one length

} // namespace alloy::projections
