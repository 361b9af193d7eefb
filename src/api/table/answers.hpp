#pragma once
// How handlers answer: the stored bytes of an entity as they are, a page of a list, a struct.
#include "api/table/operation.hpp"
#include "projections/page.hpp"
#include "projections/ticket_past.hpp"

namespace alloy::api {

reply json_reply(std::string body, std::uint64_t version = 0);
reply refusal_of(request const& asked, error const& e); // a problem document, with the headers that go with it

template <class T> reply reply_of(T const& answer, std::uint64_t version = 0) {
  return json_reply(json::to_string(answer), version);
}

// The subject as it is stored, with its ETag.
reply stored_reply(read_context const& c);

// ------------------------------------------------------------------------------- writes

// The plan of a decision whose answer is a stored row as it stands afterwards; it was created where it has a location.
commands::plan row_plan(domain::decision d, std::string where, std::string location = {});

template <class E>
commands::plan entity_plan(domain::decision d, uuid const& tenant, uuid const& id, std::string location = {}) {
  return row_plan(std::move(d), domain::key_of<E>(tenant, id).str(), std::move(location));
}

template <class E> result<commands::plan> created(result<domain::decision> d, std::string_view path) {
  if (!d) return d.error();
  auto const& made = d->events.front();
  uuid const tenant = made.tenant, id = made.subject.id;
  return entity_plan<E>(std::move(*d), tenant, id, std::string(path) + to_string(id));
}

template <class E> result<commands::plan> updated(result<domain::decision> d, uuid const& tenant, uuid const& id) {
  if (!d) return d.error();
  return entity_plan<E>(std::move(*d), tenant, id);
}

result<commands::plan> done(result<domain::decision> d); // 204

// ------------------------------------------------------------------------------- lists

struct list_query { // what every list takes
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
};
BOOST_DESCRIBE_STRUCT(list_query, (), (limit, cursor))

// The schema of a page of E.
template <class E> struct page_of {};

template <class E> std::string page_schema(schema_book& book) {
  return "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"items\":{\"type\":\"array\","
         "\"items\":" +
         schema_of<E>(book) +
         "},\"next_cursor\":{\"type\":[\"string\",\"null\"]},\"has_more\":{\"type\":\"boolean\"}},"
         "\"required\":[\"items\",\"next_cursor\",\"has_more\"]}";
}

// A row for a list of E.
template <class E, class Query = list_query, class F>
operation get_list(std::string_view id, std::string_view path, role least, std::string_view summary, F handler) {
  auto op = get<nothing, Query>(id, path, least, summary, handler);
  op.answer = &page_schema<E>;
  return op;
}

// The page asked for: the limit checked, the cursor opened. A cursor is signed and bound to caller, operation, path and
// filter: a foreign one is refused.
result<projections::page_request> page_asked(call const& c, std::optional<std::int64_t> limit,
                                             std::optional<std::string> const& cursor);
error not_searchable(); // 503: the search index is being made
std::string sealed_cursor(call const& c, std::string_view plain);
reply page_reply(call const& c, projections::page const& p);

// A list of what belongs to the subject, as it is or was then: `index` are rows of its owner that end in ids.
template <class E>
result<reply> children_reply(read_context const& c, key const& index, entity kind, list_query const& q,
                             std::function<bool(std::string_view json)> const& keep = {}) {
  auto ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  std::string const& prefix = index.str();
  auto const child = [&](std::string_view k) { return uuid::from_view(k.substr(prefix.size())); };
  if (!c.then)
    return page_reply(
        c, projections::read_entities(
               c.state, {prefix}, *ask,
               [&](std::string_view k, std::string_view) { return domain::key_of<E>(c.subject.org, child(k)).str(); },
               keep));
  std::vector<uuid> now;
  c.state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
    now.push_back(child(k));
    return true;
  });
  return page_reply(c, projections::list_then(*c.then, c.subject.org, c.subject.id, kind, std::move(now), *ask, keep));
}

// The page of a list whose items are the rows under a prefix, as they are stored or as `shown` makes them.
result<projections::page> stored_page(read_context const& c, list_query const& q, std::string prefix,
                                      std::function<std::string(std::string_view json)> const& shown = {});

// All entities of a kind that the organization of the path has.
template <class E> result<reply> list_all(read_context& c, list_query const& q) {
  auto p = stored_page(c, q, key(c.subject.org, E::rows).str());
  if (!p) return p.error();
  return page_reply(c, *p);
}

// A list that is made of several, one after the other. Each has a name, all of one length; they come in the names'
// order.
using part_reader = std::function<projections::page(std::string_view name, projections::page_request const& ask)>;
projections::page read_parts(std::vector<std::string> names, projections::page_request const& ask,
                             part_reader const& read);

// A list over several organizations.
using org_reader = std::function<projections::page(uuid const& org, projections::page_request const& ask)>;
projections::page read_parts(std::vector<uuid> const& orgs, projections::page_request const& ask,
                             org_reader const& read);

} // namespace alloy::api
