#pragma once
// What every event carries besides its facts.
#include "events/event_types.hpp"

namespace alloy::events {

struct actor {
  uuid user_id;
  alloy::credential credential{};
  std::optional<uuid> key_id = {}; // of the session or the API key
  bool operator==(actor const&) const = default;
};
BOOST_DESCRIBE_STRUCT(actor, (), (user_id, credential, key_id))

struct subject {
  entity kind{};
  uuid id;
  bool operator==(subject const&) const = default;
};
BOOST_DESCRIBE_STRUCT(subject, (), (kind, id))

// An event that has been decided but has no position yet.
struct draft {
  uuid tenant;
  events::subject subject;
  event what;
};

struct envelope {
  std::uint64_t position = 0;
  uuid id;
  uuid tenant;
  events::subject subject;
  timestamp at;
  events::actor actor;
  std::string request_id;
  std::uint64_t cause = 0; // the position of the event that brought this one about, 0: a request did
  bool continues = false;  // the same command has an event about this subject before: one command is one new version
};

struct stored_event : envelope {
  event what;
};

// Whether one of the events before has the same subject.
template <class Before> bool continues(Before const& before, subject const& s) {
  for (auto const& e : before)
    if (e.subject == s) return true;
  return false;
}

} // namespace alloy::events
