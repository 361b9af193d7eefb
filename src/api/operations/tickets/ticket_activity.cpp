#include "api/access/person_name.hpp"
#include "api/access/project_reach.hpp"
#include "api/operations/tickets/ticket_rows.hpp"
#include "api/table/answers.hpp"
#include "api/table/server_info.hpp"
#include "projections/history.hpp"

namespace alloy::api {
namespace {

using namespace domain;

struct activity_change {
  static constexpr bool answer = true;
  std::string field;
  json::raw from, to;
};
BOOST_DESCRIBE_STRUCT(activity_change, (), (field, from, to))

struct activity_actor {
  static constexpr bool answer = true;
  uuid user_id;
  alloy::credential credential{};
  std::optional<uuid> key_id;
  std::string display_name;
};
BOOST_DESCRIBE_STRUCT(activity_actor, (), (user_id, credential, key_id, display_name))

struct activity {
  static constexpr bool answer = true;
  std::uint64_t position = 0;
  uuid id;
  std::string type;
  timestamp at;
  activity_actor actor;
  std::optional<uuid> comment_id;
  std::vector<activity_change> changes;
  std::string request_id;
};
BOOST_DESCRIBE_STRUCT(activity, (), (position, id, type, at, actor, comment_id, changes, request_id))

template <class T> std::string text(T const& value) {
  return alloy::json::to_string(value);
}

template <class T> void add(std::vector<activity_change>& out, std::string_view field, events::change<T> const& c) {
  out.push_back({std::string(field), {text(c.from)}, {text(c.to)}});
}
void add(std::vector<activity_change>& out, std::string_view field, std::string from, std::string to) {
  out.push_back({std::string(field), {std::move(from)}, {std::move(to)}});
}

// From and to of every field that the event is about; what was made or ended goes from or to null.
template <class E> std::vector<activity_change> changes_of(E const& e) {
  std::vector<activity_change> out;
  if constexpr (requires { e.changes; }) {
    if constexpr (alloy::json::described<std::remove_cvref_t<decltype(e.changes)>>)
      boost::mp11::mp_for_each<alloy::json::members_of<std::remove_cvref_t<decltype(e.changes)>>>([&](auto d) {
        if (auto const& change = (e.changes.*d.pointer).value) add(out, d.name, *change);
      });
    else
      for (auto const& [field, change] : e.changes) add(out, field, change);
  } else if constexpr (std::is_same_v<E, events::ticket_status_changed>) {
    add(out, "status", e.status);
    add(out, "category", e.category);
  } else if constexpr (std::is_same_v<E, events::ticket_assigned>)
    add(out, "assignee_id", e.assignee_id);
  else if constexpr (std::is_same_v<E, events::ticket_sprint_changed>)
    add(out, "sprint_id", e.sprint_id);
  else if constexpr (std::is_same_v<E, events::ticket_labeled>)
    add(out, "labels", "null", text(e.label_id));
  else if constexpr (std::is_same_v<E, events::ticket_unlabeled>)
    add(out, "labels", text(e.label_id), "null");
  else if constexpr (std::is_same_v<E, events::comment_created>)
    add(out, "body", "null", text(e.body));
  else if constexpr (std::is_same_v<E, events::ticket_created>)
    boost::mp11::mp_for_each<alloy::json::members_of<E>>([&](auto d) {
      if (std::string_view(d.name) != "restores") add(out, d.name, "null", text(e.*d.pointer));
    });
  return out;
}

activity view_of(read_context const& c, events::stored_event const& e) {
  activity a;
  a.position = e.position;
  a.id = e.id;
  a.type = events::type_of(e.what);
  a.at = e.at;
  a.actor = {e.actor.user_id,
             e.actor.credential,
             {},
             person_name(c.state, c.local, c.with.people, c.subject.org, e.actor.user_id)};
  if (e.actor.credential == credential::api_key) a.actor.key_id = e.actor.key_id;
  if (e.subject.kind == entity::comment) a.comment_id = e.subject.id;
  a.changes = std::visit([](auto const& what) { return changes_of(what); }, e.what);
  a.request_id = e.request_id;
  return a;
}

constexpr std::size_t read_at_once = 16; // a page may be full of bytes after a few

// Tells the events behind `after` that the caller may see, each with whether what it says was before is for them, too,
// until `take` answers false. What happened out of reach is passed over as a whole: it may be any number of events.
template <class Take> void each_seen(read_context const& c, std::uint64_t after, Take take) {
  auto const& log = c.with.server.log;
  auto const &org = c.subject.org, &ticket = c.subject.id;
  project_reach const reach(c.state, log, org, c.who->only_projects);
  for (auto const head = log.head(); after < head;) {
    auto const next = projections::next_home_after(c.state, org, ticket, after + 1);
    auto const last = next == 0 ? head : next - 1;
    std::vector<events::stored_event> some;
    if (reach.of_ticket(ticket, after + 1) != project_reach::sight::nothing)
      some = projections::read_history(c.state, log, org, entity::ticket, ticket, after, last, read_at_once);
    for (auto const& e : some)
      if (!take(e, reach.of_ticket(ticket, e.position) == project_reach::sight::everything)) return;
    after = some.size() == read_at_once ? some.back().position : last;
  }
}

// A plain cursor is the position of the last item.
result<reply> list(read_context& c, list_query const& q) {
  auto ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  projections::page p;
  events::position last = 0;
  each_seen(c, big_endian_u64(ask->after), [&](events::stored_event const& e, bool shows_before) {
    auto view = view_of(c, e);
    if (!shows_before)
      for (auto& change : view.changes) change.from = {};
    auto json = alloy::json::to_string(view);
    if (p.is_full(*ask, json.size())) {
      append_u64(p.next, last);
      return false;
    }
    p.add(std::move(json));
    last = e.position;
    return true;
  });
  return page_reply(c, p);
}

} // namespace

std::vector<operation> ticket_activity_rows() {
  auto row = called("ticket activity",
                    get_list<activity>("get_ticket_activity", "/api/v1/tickets/{ticket_id}/activity", role::Viewer,
                                       "What happened to a ticket: who, when, from what to what", list));
  row.apart = true; // each event is read from the log
  row.notes = "Oldest first. A change of `labels` names the one label that was added (to) or taken off (from).";
  return {row};
}

} // namespace alloy::api
