#pragma once
// Shapes that events had. `former<E>::type` is the shape before E's newest (with its own `schema`), `lift` makes the
// newer one of it; chains of any length work, one step each. None yet: every schema is still 1.
//
//   struct ticket_created_v1 { static constexpr int schema = 1; ... };
//   template <> struct former<ticket_created> { using type = ticket_created_v1; };
//   inline ticket_created lift(ticket_created_v1 old) { ... }
#include "events/catalogue.hpp"

namespace alloy::events {

template <class E> struct former { using type = void; };

} // namespace alloy::events
