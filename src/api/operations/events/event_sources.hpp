#pragma once
// The bodies of the event feed that are made while they are sent: everything as NDJSON, a page that waits for its first
// event, and Server-Sent Events (WHATWG HTML, section 9.2). Each is pulled on its connection's thread, and looks at the
// right of its reader before each piece: who has lost it gets nothing that was written later, nor anything more.
#include "api/access/live_permission.hpp"
#include "api/operations/events/event_reader.hpp"
#include "api/pipeline/event_notifier.hpp"
#include "core/late_answer.hpp"

namespace alloy::api {

// Cut where the right is lost, so that nobody takes them for whole.
std::shared_ptr<body_source> make_event_lines(event_reader from, live_permission right);

// What a stream that stays open needs beside its events.
struct stream_terms {
  event_notifier& bell;
  events::log const& log;
  uuid org;
  live_permission right;
  std::int64_t heartbeat_ms = 15'000;
  std::shared_ptr<places::place> place = {};
};
std::shared_ptr<body_source> make_event_stream(event_reader from, stream_terms terms);

// `page` makes the whole answer of what stands up to `until`, or nothing while there is nothing to tell; `last_call`:
// an empty one will do. `refuse` makes the answer of who may not read it any more.
using page_maker = std::function<std::optional<std::string>(events::position until, bool last_call)>;
using refusal_maker = std::function<reply(error const&)>;
std::shared_ptr<body_source> make_waiting_page(page_maker page, refusal_maker refuse, stream_terms terms,
                                               std::int64_t wait_ms);

} // namespace alloy::api
