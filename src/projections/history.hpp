#pragma once
// The log by subject, and how things stood at a position: a thing's own events are read from the log and folded anew.
// Rows:
//   history  (domain/history.hpp) kind, id, position -> nothing
//   former   owner, kind, id -> nothing: what once belonged to the owner and does not now; the owner of a ticket or a
//            sprint is its project, of a comment its ticket, of a project its organization
// Nothing of the tenant `identity`.
#include "domain/history.hpp"
#include "domain/undo.hpp"
#include "events/codec.hpp"
#include "events/log.hpp"

namespace alloy::projections {

// Before the event is folded into the entities: what it ends is asked of them. Pure but for `state`.
void index_history(view& state, events::stored_event const& e);

// A moment of the log: everything up to `position`, which was written at `at`.
struct moment {
  std::uint64_t position = 0;
  timestamp at;
};

// A position, or an RFC 3339 timestamp: the last position written then or before. Refused beyond the log's head. An
// import brings records that are older than what was here before it: it counts as written when the next record was.
result<moment> resolve_as_of(reader const& state, events::log const& log, std::string_view text);

class past {
 public:
  past(reader const& state, events::log const& log, moment const& at) : state_(state), log_(log), at_(at) {}

  std::uint64_t position() const noexcept { return at_.position; }
  timestamp at() const noexcept { return at_.at; }

  // The kinds whose rows it can tell.
  static std::optional<entity> kind_in(table rows) noexcept;
  static std::optional<table> rows_of(entity kind) noexcept;
  // The stored row of an entity (version and JSON) as it was then; nothing where it was not there.
  std::optional<std::string> row(uuid const& tenant, entity kind, uuid const& id) const;
  // The row and the tags it carried, as an undo asks for what a deletion took away.
  std::optional<domain::as_before> carrier(uuid const& tenant, events::subject const& s) const;
  // Ids of what belonged to the owner at some time; not all of it then.
  std::vector<uuid> former(uuid const& tenant, uuid const& owner, entity kind) const;

 private:
  std::optional<std::string> unchanged_ticket(uuid const& tenant, entity kind, uuid const& id) const;
  void found_with_it(view& scratch, events::stored_event const& org) const;
  void complete(std::string& row, uuid const& tenant, uuid const& project) const;
  reader const& state_;
  events::log const& log_;
  moment at_;
};

// At most `max` events of a subject's history behind `after` and up to `until`, which must be in the log.
std::vector<events::stored_event> read_history(reader const& state, events::log const& log, uuid const& tenant,
                                               entity kind, uuid const& id, std::uint64_t after, std::uint64_t until,
                                               std::size_t max = ~std::size_t{0});

} // namespace alloy::projections
