#include "api/operations/tickets/ticket_pages.hpp"

#include "api/table/server_info.hpp"
#include "events/codec.hpp"
#include "events/feed.hpp"
#include "projections/fold.hpp"
#include "projections/history.hpp"
#include "search/search_store.hpp"

namespace alloy::api {
namespace {

using namespace projections;

constexpr std::size_t records_per_read = 128;

timestamp written_at(events::log const& log, std::uint64_t position) {
  auto const found = log.read(position, 1);
  return found.empty() ? timestamp{} : events::decode_record(found.front().first, found.front().bytes).head.at;
}

// The ticket that an event says something about: itself, or what is said about it.
std::optional<uuid> ticket_of(events::stored_event const& e) {
  if (e.subject.kind == entity::ticket) return e.subject.id;
  return std::visit(
      [](auto const& what) -> std::optional<uuid> {
        if constexpr (requires { what.ticket_id; }) return what.ticket_id;
        return std::nullopt;
      },
      e.what);
}

std::vector<uuid> spoken_of(events::log const& log, reader const& state, uuid const& tenant, walk const& begun) {
  std::vector<uuid> ids;
  events::tenant_feed feed(log, state, tenant, begun.position);
  for (;;) {
    auto const records = feed.next(records_per_read);
    if (records.empty()) return ids;
    for (auto const& stored : records)
      for (auto const& e : events::decode_record(stored.first, stored.bytes).events)
        if (auto const ticket = ticket_of(e); ticket && e.position > begun.position) ids.push_back(*ticket);
  }
}

} // namespace

page list_tickets_now(read_context const& c, ticket_query query, page_request const& ask) {
  if (!moves(query.order)) return list_tickets(c.state, query, ask);
  auto const& log = c.with.server.log;
  auto const rows = c.with.server.db.snapshot(storage::family::state);
  walk_memory memory;
  memory.ticket = [&](uuid const& tenant, uuid const& id, walk const& begun) -> std::optional<domain::ticket> {
    auto const row = past(*rows, log, {begun.position, begun.at}).row(tenant, entity::ticket, id);
    if (!row) return std::nullopt;
    return json::stored<domain::ticket>(domain::row::json_of(*row));
  };
  memory.spoken_of = [&](uuid const& tenant, walk const& begun) { return spoken_of(log, *rows, tenant, begun); };
  memory.history = [&](uuid const& tenant, uuid const& id, walk const& begun) {
    return read_history(*rows, log, tenant, entity::ticket, id, 0, begun.position);
  };
  query.memory = &memory;
  if (ask.after.empty()) {
    // How well a text matches is told by the index of texts, which may be a moment behind.
    query.begun.position = folded_position(*rows);
    if (query.order == ticket_order::relevance && !query.scopes.empty() && query.scopes.front().text)
      query.begun.position = std::min(query.begun.position, indexed_position(query.scopes.front().text->rows));
    query.begun.at = std::min(now(), written_at(log, query.begun.position));
  }
  return list_tickets(*rows, query, ask);
}

} // namespace alloy::api
