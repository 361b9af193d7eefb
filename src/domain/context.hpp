#pragma once
// What a decision may know besides the state: who asks, when it is, and ids that were chosen before. So deciding is a
// pure function, and a test can replay it.
#include "core/error.hpp"
#include "events/envelope.hpp"

#include <functional>
#include <string>

namespace alloy::domain {

struct context {
  timestamp at;
  uuid user_id;
  alloy::role role = alloy::role::Viewer; // in the org at hand
  std::function<uuid()> new_id;
};

// What came of a command: the events to append, in order. None: it was so already, nothing happens.
using facts = std::vector<events::draft>;

struct decision {
  facts events = {};
  std::string warning = {}; // done all the same, but the workflow frowns
};

// What is in use stays. The words go on after the number, which is also the member `count` of the answer.
inline error in_use(std::uint64_t count, std::string const& words) {
  return error(errc::in_use, std::to_string(count) + " " + words, "\"count\":" + std::to_string(count));
}

inline void record(facts& out, uuid const& tenant, entity kind, uuid const& id, events::event what) {
  out.push_back({tenant, {kind, id}, std::move(what)});
}

} // namespace alloy::domain
