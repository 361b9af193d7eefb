#pragma once
// What each time entry of a period costs, and whether it is capitalized: the one place where rates, phases and rule
// sets meet entries, so that the report, its export, its explanation and the digest of a closed month cannot disagree.
// Nothing is stored: it is reckoned from the entries, the rates and the projects as they stand or, with `then`, as they
// stood. One thread; lives no longer than the call.
#include "domain/labor_rates.hpp"
#include "projections/time_index.hpp"

#include <unordered_map>

namespace alloy::projections {

// round(minutes x rate / 60), half away from zero, in 128 bits.
std::int64_t amount_cents(std::int64_t minutes, std::int64_t hourly_rate_cents) noexcept;

// asc350     ASC 350-40: Capex in the phase AppDevelopment, or in none
// asu2025_06 ASC 350-40 as amended by ASU 2025-06: Capex from the day on which the project was authorized and funded,
// was
//            probable to be completed and free of significant uncertainty, until it was ready or abandoned; no phases
// ias38      IAS 38.57: Capex in the development phase (none counts as it), from the day on which all of the above was
// so
enum class rule_set : std::uint8_t { asc350, asu2025_06, ias38 };
BOOST_DESCRIBE_ENUM(rule_set, asc350, asu2025_06, ias38)

enum class expensed : std::uint8_t { // why an hour is not capitalized
  Opex,
  Preliminary,
  PostImplementation,
  NotAuthorized,
  NotFunded,
  NotProbable,
  UncertaintyUnresolved,
  ReadyForUse,
  Abandoned
};
BOOST_DESCRIBE_ENUM(expensed, Opex, Preliminary, PostImplementation, NotAuthorized, NotFunded, NotProbable,
                    UncertaintyUnresolved, ReadyForUse, Abandoned)

// Nothing: it is capitalized.
std::optional<expensed> classify(rule_set rules, capitalization type, std::optional<phase> in, date day,
                                 domain::project const& p) noexcept;

struct assumed_rate {          // of a what-if; it takes the place of all rates of its user
  std::optional<uuid> user_id; // none: everybody
  std::int64_t hourly_rate_cents = 0;
  date effective_from;
};

struct reckoned {
  when at;
  time_row const& row;
  domain::project const& project;
  domain::dated_rate const* rate = nullptr; // none: unpriced
  std::optional<std::int64_t> cents = {};
};

class cost_calculation {
 public:
  // `only`, where it is not empty, are the projects that the caller may see.
  cost_calculation(reader const& state, past const* then, uuid const& org, std::vector<assumed_rate> assumed,
                   std::vector<uuid> only);

  void each(std::optional<uuid> const& project, date first, date last,
            std::function<void(reckoned const&)> const& visit);
  domain::project const& project(uuid const& id);

 private:
  std::vector<domain::dated_rate> const& rates_of(uuid const& user);

  struct hash {
    std::size_t operator()(uuid const& id) const noexcept {
      return static_cast<std::size_t>(big_endian_u64(id.view().substr(8)));
    }
  };
  reader const& state_;
  past const* then_;
  uuid org_;
  std::vector<assumed_rate> assumed_;
  std::vector<uuid> only_;
  std::unordered_map<uuid, domain::project, hash> projects_;
  std::unordered_map<uuid, std::vector<domain::dated_rate>, hash> rates_;
};

} // namespace alloy::projections
