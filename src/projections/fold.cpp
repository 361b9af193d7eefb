#include "projections/fold.hpp"

#include "domain/entities.hpp"
#include "domain/evolve.hpp"
#include "events/ledger.hpp"
#include "projections/subject_index.hpp"
#include "projections/ticket_index.hpp"

namespace alloy::projections {

void fold(view& state, events::record const& r, std::string_view bytes) {
  events::fold_record(state, r.head.tenant, r.head.tenant_seq, r.events.front().position, r.crc, bytes);
  for (auto const& e : r.events) {
    if (e.subject.kind == entity::ticket) {
      auto const before = std::holds_alternative<events::ticket_created>(e.what)
                              ? std::nullopt
                              : domain::find<domain::ticket>(state, e.tenant, e.subject.id);
      domain::evolve(state, e);
      index_ticket(state, e.tenant, before, domain::find<domain::ticket>(state, e.tenant, e.subject.id));
    } else {
      domain::evolve(state, e);
      index_subject(state, e);
    }
  }
}

} // namespace alloy::projections
