#pragma once
// What came into a sprint, left it, was done in it or re-estimated, in the order of the log: what its charts are drawn
// from, and nothing else. Rows:
//   sprint_change  sprint, position u64be -> packed standing of the ticket after the event
// Pure.
#include "domain/entities.hpp"
#include "events/envelope.hpp"

namespace alloy::projections {

enum class work : std::uint8_t { open, done, cancelled };

struct sprint_change {
  std::uint64_t position = 0;
  timestamp at;
  uuid ticket_id;
  bool inside = false; // in the sprint, after the event
  work state{};
  bool estimated = false;
  std::int64_t points = 0; // hundredths; without an estimate 0
  std::string reference;   // as it was then
};

void index_sprint_change(view& state, events::stored_event const& e, std::optional<domain::ticket> const& before,
                         std::optional<domain::ticket> const& after);

// Up to and with `until`.
std::vector<sprint_change> read_sprint_changes(reader const& state, uuid const& org, uuid const& sprint,
                                               std::uint64_t until);

// Whether a ticket in this status counts as cancelled by its project's workflow.
bool is_cancelled(reader const& state, uuid const& org, domain::ticket const& t);

} // namespace alloy::projections
