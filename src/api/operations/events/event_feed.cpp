#include "api/access/access.hpp"
#include "api/access/ticket_names.hpp"
#include "api/operations/events/event_sources.hpp"
#include "api/operations/resources.hpp"
#include "api/table/answers.hpp"
#include "api/table/media.hpp"
#include "api/table/server_info.hpp"
#include "domain/webhooks.hpp"

#include <charconv>

namespace alloy::api {
namespace {

constexpr std::string_view lines_type = "application/x-ndjson", stream_type = "text/event-stream";
constexpr event_reader::bounds looked_at{1'000, 1 << 20}; // of a page; a filter may leave few of them
constexpr std::int64_t wait_max_s = 30;

struct event_view {
  static constexpr bool answer = true;
  std::uint64_t position = 0;
  uuid id;
  std::string type;
  std::int64_t schema = 1;
  uuid org_id;
  std::uint64_t org_seq = 0;
  events::subject subject;
  timestamp at;
  events::actor actor;
  std::string request_id;
  std::optional<std::uint64_t> cause;
  std::map<std::string, alloy::json::raw> data;
};
BOOST_DESCRIBE_STRUCT(event_view, (),
                      (position, id, type, schema, org_id, org_seq, subject, at, actor, request_id, cause, data))

struct event_query {
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  std::optional<bounded<0, 9'007'199'254'740'991>> after;
  std::optional<alloy::list<domain::event_type, 1, 100>> types;
  std::optional<bounded<0, wait_max_s>> wait;
  std::optional<std::string> project_id, subject_id;
  std::optional<uuid> actor_id, key_id;
  std::optional<timestamp> since, until;
};
BOOST_DESCRIBE_STRUCT(event_query, (),
                      (limit, cursor, after, types, wait, project_id, subject_id, actor_id, key_id, since, until))

std::string event_page_schema(schema_book& book) {
  return "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"items\":{\"type\":\"array\","
         "\"items\":" +
         schema_of<event_view>(book) +
         "},\"next_cursor\":{\"type\":[\"string\",\"null\"]},\"has_more\":{\"type\":\"boolean\"},"
         "\"next_after\":{\"type\":\"integer\",\"minimum\":0,\"description\":\"Ask for what comes after it\"}},"
         "\"required\":[\"items\",\"next_cursor\",\"has_more\",\"next_after\"]}";
}

result<event_filter> filter_of(read_context const& c, event_query const& q) {
  event_filter f;
  if (q.types)
    for (auto const& t : *q.types) f.types.push_back(t.value);
  if (q.project_id) {
    auto project = project_ever(c, c.subject.org, *q.project_id);
    if (!project) return project.error();
    f.project = *project;
  }
  if (q.subject_id) {
    f.subject = find_ticket(c.state, c.subject.org, *q.subject_id);
    auto const t = f.subject ? domain::find<domain::ticket>(c.state, c.subject.org, *f.subject) : std::nullopt;
    bool const is_reached = f.subject && (!t || c.who->may_touch_project(t->project_id));
    if (!is_reached && !parse_uuid(*q.subject_id))
      return error::of_field("/subject_id", "not_found", "there is no ticket " + *q.subject_id + " here");
  }
  f.actor = q.actor_id;
  f.key = q.key_id;
  f.since = q.since;
  f.until = q.until;
  f.only_projects = c.who->only_projects;
  return f;
}

std::string plain_cursor(events::position after) {
  std::string bytes;
  append_u64(bytes, after);
  return bytes;
}

// One page; nothing where there is nothing to tell yet and there is time left.
std::optional<std::string> make_page(call const& c, event_reader& from, projections::page_request const& ask,
                                     bool last_call) {
  std::string items;
  std::size_t count = 0;
  bool more = from.read(looked_at, [&](auto const& head, auto const& e) {
    auto const before = items.size();
    if (count > 0) items += ',';
    events::append_public(items, head, e);
    if (count > 0 && items.size() > ask.bytes_max) {
      items.resize(before);
      return event_reader::then::put_back;
    }
    return ++count < ask.limit ? event_reader::then::go_on : event_reader::then::stop;
  });
  if (count == 0 && !more && !last_call) return std::nullopt;
  std::string page = "{\"items\":[" + items + "],\"next_cursor\":";
  if (more)
    json::write_string(page, sealed_cursor(c, plain_cursor(from.after())));
  else
    page += "null";
  return page + ",\"has_more\":" + (more ? "true" : "false") + ",\"next_after\":" + std::to_string(from.after()) + "}";
}

// A call that outlives its request: the waiting page seals cursors with it.
struct kept_context {
  request asked;
  call of;
  kept_context(read_context const& c)
      : asked(c.asked), of{c.op, asked, c.with, nullptr, c.params, c.query, c.as_of}, who(*c.who) {
    of.who = &who;
  }
  auth::principal who;
};

result<events::position> place_after(read_context const& c, event_query const& q, std::string const& cursor,
                                     events::position default_value) {
  if (!cursor.empty()) return big_endian_u64(cursor);
  auto const last_id = c.asked.find_header("last-event-id");
  if (last_id && quality(c.asked.header("accept"), stream_type) > quality(c.asked.header("accept"), c.op.answer_type)) {
    events::position at = 0;
    auto const [end, failed] = std::from_chars(last_id->data(), last_id->data() + last_id->size(), at);
    if (failed != std::errc() || end != last_id->data() + last_id->size())
      return error(errc::malformed_header, "Last-Event-ID must be the id of an event of this stream, its position");
    return at;
  }
  return q.after ? static_cast<events::position>(q.after->value) : default_value;
}

reply streamed(std::shared_ptr<body_source> source, std::string_view type) {
  reply r;
  r.content_type = type;
  r.source = std::move(source);
  r.headers.emplace_back("Vary", "Accept");
  r.headers.emplace_back("X-Accel-Buffering", "no"); // a proxy in front must not collect it
  return r;
}

result<reply> show_events(read_context& c, event_query const& q) {
  auto const ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  auto const made = filter_of(c, q);
  if (!made) return made.error();
  auto const& filter = *made;
  auto const& log = c.with.server.log;
  auto const accept = c.asked.header("accept");
  auto const as_page = quality(accept, c.op.answer_type);
  bool const as_stream = quality(accept, stream_type) > as_page, as_lines = quality(accept, lines_type) > as_page;
  auto const after = place_after(c, q, ask->after, as_stream ? log.head() : 0);
  if (!after) return after.error();
  auto const reader_of = [&](events::position until) {
    return event_reader(log, c.state, c.subject.org, filter, *after, until);
  };
  bool const waits = q.wait && q.wait->value > 0;
  stream_terms terms{c.with.bell, log, c.subject.org, right_of(c), c.with.config.event_heartbeat_ms};
  if (as_stream || (waits && !as_lines)) {
    auto place = c.with.bell.listening().take(c.who->user_id, c.subject.org);
    if (!place) return place.error();
    terms.place = std::move(*place);
  }
  if (as_stream) return streamed(make_event_stream(reader_of(log.head()), std::move(terms)), stream_type);
  if (as_lines) return streamed(make_event_lines(reader_of(log.head()), std::move(terms.right)), lines_type);
  auto from = std::make_shared<event_reader>(reader_of(log.head()));
  if (auto page = make_page(c, *from, *ask, !waits)) return json_reply(std::move(*page));
  auto const held = std::make_shared<kept_context>(c);
  auto const later = [held, from, ask = *ask](events::position until, bool last_call) {
    from->extend(until);
    return make_page(held->of, *from, ask, last_call);
  };
  auto const refuse = [held](error const& e) { return refusal_of(held->asked, e); };
  return streamed(make_waiting_page(later, refuse, std::move(terms), q.wait->value * 1000), c.op.answer_type);
}

} // namespace

std::vector<operation> feed_operations() {
  auto row = get<event_view, event_query>("list_events", "/api/v1/orgs/{org_id}/events", role::Admin,
                                          "Read an organization's events in the order they happened", show_events);
  row.answer = &event_page_schema;
  row.also = {lines_type, stream_type};
  row.tag = "Events";
  row.bound = auth::bound_key::project; // who sees the events of these projects alone
  row.notes =
      "From behind `after` on, oldest first; `wait` holds the answer back until there is one, at most so many seconds. "
      "`Accept: application/x-ndjson` streams everything up to now, a line each. `Accept: text/event-stream` stays "
      "open "
      "(Server-Sent Events): from now on, or from behind `after` or `Last-Event-ID`.";
  row.apart = true; // a filter may pass over a thousand of them
  return {row};
}

} // namespace alloy::api
