#pragma once
// What hours are booked as: the type and the phase that a project had on a day, and the team that somebody was in. Rows
// are JSON lists, oldest first:
//   project_terms  project -> terms
//   team_stays     user -> stays
// What held on a day is what held when it ended in the organization's time zone, as that was when the change came. On
// days before the first that is known holds what held when that one ended: a project is often older than its record.
// Pure.
#include "domain/entities.hpp"
#include "events/envelope.hpp"

namespace alloy::domain {

struct terms {
  date since;
  std::optional<capitalization> capitalization_type = {};
  std::optional<phase> development_phase = {};
};
BOOST_DESCRIBE_STRUCT(terms, (), (since, capitalization_type, development_phase))

terms terms_on(reader const& state, uuid const& org, uuid const& project, date day);
// Of several teams the one he joined first; nothing where he was in none.
std::optional<uuid> team_on(reader const& state, uuid const& org, uuid const& user, date day);

// The day that an instant falls on for the organization.
date day_of(reader const& state, uuid const& org, timestamp at);

// Parts of the fold of whatever changes them.
void note_terms(view& state, project const& p, events::envelope const& at);
void note_joined(view& state, uuid const& team, uuid const& user, events::envelope const& at);
void note_left(view& state, uuid const& team, uuid const& user, events::envelope const& at);

} // namespace alloy::domain
