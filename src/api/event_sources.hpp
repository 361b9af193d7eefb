#pragma once
// The bodies of the event feed that are made while they are sent: everything as NDJSON, a page that waits for its first
// event, and Server-Sent Events (WHATWG HTML, section 9.2). Each is pulled on its connection's thread.
#include "api/event_reader.hpp"
#include "api/feed_bell.hpp"
#include "core/body_source.hpp"

namespace alloy::api {

std::shared_ptr<body_source> make_event_lines(event_reader from);

// What a stream that stays open needs beside its events.
struct stream_terms {
  feed_bell& bell;
  uuid org;
  std::function<bool()> allowed; // whether whoever asked may still see them
  std::int64_t heartbeat_ms = 15'000;
};
std::shared_ptr<body_source> make_event_stream(event_reader from, stream_terms terms);

// `page` makes the whole answer, or nothing while there is nothing to tell; `last_call`: an empty one will do.
using page_maker = std::function<std::optional<std::string>(bool last_call)>;
std::shared_ptr<body_source> make_waiting_page(page_maker page, feed_bell& bell, uuid const& org, std::int64_t wait_ms);

} // namespace alloy::api
