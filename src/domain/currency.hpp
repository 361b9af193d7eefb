#pragma once
// The unit that an organization counts its amounts in: whole numbers of 10^-minor_digits of its currency. Both are
// fixed once something is priced; only an Owner's conversion moves what is priced to the currency's own minor unit. A
// stored amount is of the unit in which it was set, and is read in that of the moment that is asked for. Rows:
//   rate_by_user  nil, org_seq u64be of the conversion -> digits before u64be, digits after u64be
// Pure.
#include "domain/context.hpp"
#include "domain/entities.hpp"

namespace alloy::domain {

struct conversion {
  std::uint64_t seq = 0; // the record of the organization that says it
  std::int64_t from_digits = 0, to_digits = 0;
};
std::vector<conversion> conversions_of(reader const& state, uuid const& org);
void note_conversion(view& state, events::org_currency_converted const& e, events::envelope const& at);

// The amount in the other unit; nothing where a part of it would be lost, or it becomes too large.
std::optional<std::int64_t> in_digits(std::int64_t amount, std::int64_t from, std::int64_t to) noexcept;

// An amount that was set in record `seq`, as record `until` counts.
std::int64_t converted(std::int64_t amount, std::vector<conversion> const& all, std::uint64_t seq,
                       std::uint64_t until = ~std::uint64_t{0}) noexcept;

// What the organization counted in when record `seq` was its last.
std::int64_t minor_digits_at(reader const& state, org const& now, std::uint64_t seq);

// Whether an amount depends on the currency: a rate, a budget or a closed month.
bool is_priced(reader const& state, uuid const& org);

// To the currency's own minor unit, exactly or not at all; budgets are set anew by it.
result<decision> convert_currency(reader const& state, org const& o);

} // namespace alloy::domain
