#pragma once
// Shapes that events had. `former<E>::type` is the shape before E's newest (with its own `schema`), `upcast` makes the
// newer one of it; chains of any length work, one step each.
//
//   struct ticket_created_v1 { static constexpr std::string_view type = ...; static constexpr int schema = 1; ... };
//   template <> struct former<ticket_created> { using type = ticket_created_v1; };
//   inline ticket_created upcast(ticket_created_v1 old) { ... }
#include "events/event_types.hpp"

namespace alloy::events {

template <class E> struct former { using type = void; };

struct period_closed_v1 {
  static constexpr std::string_view type = "period.closed";
  static constexpr int schema = 1;
  std::string month;
  std::uint64_t report_position = 0; // of the log that it was written to
  std::string digest;                // of the report with that position in it
  std::int64_t total_minutes = 0, total_amount_cents = 0, capex_cents = 0, opex_cents = 0;
  minutes_left_out excluded;
};
BOOST_DESCRIBE_STRUCT(period_closed_v1, (),
                      (month, report_position, digest, total_minutes, total_amount_cents, capex_cents, opex_cents,
                       excluded))
template <> struct former<period_closed> { using type = period_closed_v1; };
inline period_closed upcast(period_closed_v1 old) {
  period_closed e;
  e.month = std::move(old.month);
  e.report_position.value = old.report_position;
  e.digest = std::move(old.digest);
  e.total_minutes = old.total_minutes;
  e.total_amount_cents = old.total_amount_cents;
  e.capex_cents = old.capex_cents;
  e.opex_cents = old.opex_cents;
  e.excluded = old.excluded;
  return e;
}

} // namespace alloy::events
