#include "projections/history.hpp"

#include "domain/entities.hpp"
#include "domain/evolve.hpp"
#include "projections/fold.hpp"
#include "projections/ticket_index.hpp"
#include "storage/overlay.hpp"

#include <algorithm>
#include <charconv>
#include <map>

namespace alloy::projections {
namespace {

using domain::history_of;

key former_of(uuid const& tenant, uuid const& owner, entity kind) {
  return key(tenant, table::former).add(owner).add_byte(static_cast<std::uint8_t>(kind));
}

constexpr std::pair<entity, table> told[] = {
    {entity::project, table::project},   {entity::sprint, table::sprint},         {entity::ticket, table::ticket},
    {entity::comment, table::comment},   {entity::label, table::label},           {entity::team, table::team},
    {entity::workflow, table::workflow}, {entity::member, table::member},         {entity::webhook, table::webhook},
    {entity::org, table::org},           {entity::time_entry, table::time_entry},
};

struct no_rows final : reader {
  bool get(std::string_view, std::string&) const override { return false; }
  void scan(std::string_view, std::string_view, direction, row_visitor) const override {}
};

// The ticket that an event about something else belongs to.
std::optional<uuid> ticket_of(events::event const& e) {
  return std::visit(
      [](auto const& what) -> std::optional<uuid> {
        if constexpr (requires { what.ticket_id; }) return what.ticket_id;
        return std::nullopt;
      },
      e);
}

// Whose it was, where the event takes a thing away from its owner.
std::optional<uuid> owner_left(events::stored_event const& e) {
  if (auto const* t = std::get_if<events::ticket_deleted>(&e.what)) return t->project_id;
  if (auto const* t = std::get_if<events::ticket_updated>(&e.what); t && t->changes.project_id)
    return t->changes.project_id.value->from;
  if (auto const* c = std::get_if<events::comment_deleted>(&e.what)) return c->ticket_id;
  if (auto const* s = std::get_if<events::sprint_deleted>(&e.what)) return s->project_id;
  if (std::holds_alternative<events::project_deleted>(e.what)) return e.tenant;
  return std::nullopt;
}

// Of the thing's last event; 0: it has none.
std::uint64_t last_position(reader const& state, uuid const& tenant, entity kind, uuid const& id) {
  auto const prefix = history_of(tenant, kind, id).str();
  std::uint64_t last = 0;
  state.scan(prefix, after_prefix(prefix), direction::descending, [&](std::string_view k, std::string_view) {
    last = big_endian_u64(k.substr(prefix.size()));
    return false;
  });
  return last;
}

// Records of commands on many things, decoded: who folds many tickets of a batch comes to the same record for each of
// them. A few, those that were met last; one thread's.
class large_records {
 public:
  // The event at a position of the log, where its record is known.
  events::stored_event const* find(events::log const& log, std::uint64_t position) {
    if (log_.is_nil() || log_ != log.identity()) return nullptr;
    auto after = records_.upper_bound(position);
    if (after == records_.begin()) return nullptr;
    auto& r = std::prev(after)->second;
    if (position - std::prev(after)->first >= r.events.size()) return nullptr;
    r.met = ++meetings_;
    return &r.events[static_cast<std::size_t>(position - std::prev(after)->first)];
  }
  // False where it is too small to be worth it, or too large.
  bool take(events::log const& log, events::stored_record const& r) {
    if (r.count < events_min || r.bytes.size() > bytes_max || log.identity().is_nil()) return false;
    if (log_ != log.identity()) {
      *this = {};
      log_ = log.identity();
    }
    while (bytes_ + r.bytes.size() > bytes_max) forget_oldest();
    known one{events::decode_record(r.first, r.bytes).events, r.bytes.size(), ++meetings_};
    if (one.events.size() != r.count) return false;
    bytes_ += one.bytes;
    records_.insert_or_assign(r.first, std::move(one));
    return true;
  }

 private:
  static constexpr std::size_t events_min = 8, bytes_max = 4u << 20; // as they are stored
  struct known {
    std::vector<events::stored_event> events = {};
    std::size_t bytes = 0;
    std::uint64_t met = 0;
  };
  void forget_oldest() {
    auto const oldest = std::ranges::min_element(records_, {}, [](auto const& one) { return one.second.met; });
    bytes_ -= oldest->second.bytes;
    records_.erase(oldest);
  }

  uuid log_;
  std::map<std::uint64_t, known> records_; // by the position of the first event
  std::size_t bytes_ = 0;
  std::uint64_t meetings_ = 0;
};

timestamp written_at(events::log const& log, std::uint64_t position) {
  auto const found = log.read(position, 1);
  if (found.empty()) throw std::logic_error("the log has no position " + std::to_string(position));
  return events::read_public(found.front().first, found.front().bytes).head.at;
}

} // namespace

void index_history(view& state, events::stored_event const& e) {
  if (e.tenant == identity_tenant) return;
  state.put(history_of(e.tenant, e.subject.kind, e.subject.id).add(e.position), {});
  if (auto const ticket = ticket_of(e.what))
    state.put(history_of(e.tenant, entity::ticket, *ticket).add(e.position), {});
  if (auto const owner = owner_left(e)) state.put(former_of(e.tenant, *owner, e.subject.kind).add(e.subject.id), {});
}

result<moment> resolve_as_of(reader const& state, events::log const& log, std::string_view text) {
  auto const head = log.head();
  std::uint64_t position = 0;
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), position);
  if (failed == std::errc() && end == text.data() + text.size()) {
    if (position < 1 || position > head)
      return error::of_field("/as_of", "out_of_range", "the log goes from 1 to " + std::to_string(head));
    return moment{position, written_at(log, position)};
  }
  auto const at = parse_timestamp(text);
  if (!at)
    return error::of_field("/as_of", "malformed",
                           "it must be a position of the log, or an RFC 3339 timestamp as 2026-04-01T09:30:00Z");
  if (*at > now()) return error::of_field("/as_of", "in_the_future", "nobody knows yet how it will stand then");
  // Without the records of imports that are older than what was here: behind these the times only rise.
  std::uint64_t low = 0, high = head; // low was written then or before
  while (low < high) {
    auto const middle = low + (high - low + 1) / 2;
    auto const rising = before_older_run(state, middle);
    if (rising == 0 || written_at(log, rising) <= *at)
      low = middle;
    else
      high = middle - 1;
  }
  return moment{before_older_run(state, low), *at};
}

std::optional<std::string> past::row(uuid const& tenant, entity kind, uuid const& id) const {
  if (auto unchanged = unchanged_ticket(tenant, kind, id)) return unchanged;
  auto then = carrier(tenant, {kind, id});
  if (!then) return std::nullopt;
  return std::move(then->row);
}

std::optional<domain::as_before> past::carrier(uuid const& tenant, events::subject const& s) const {
  auto const& [kind, id] = s;
  no_rows const nothing;
  storage::overlay scratch(nothing);
  auto const know_project = [&](uuid const& project) { // a ticket's fold counts in its project
    domain::project p;
    p.id = project;
    if (!scratch.has(domain::key_of<domain::project>(tenant, project))) domain::put(scratch, tenant, p);
  };
  for (auto const& e : read_history(state_, log_, tenant, kind, id, 0, at_.position)) {
    if (e.subject.kind != kind || e.subject.id != id) continue;
    if (auto const* t = std::get_if<events::ticket_created>(&e.what)) know_project(t->project_id);
    if (auto const* t = std::get_if<events::ticket_updated>(&e.what); t && t->changes.project_id)
      know_project(t->changes.project_id.value->to);
    domain::evolve(scratch, e);
    if (std::holds_alternative<events::org_created>(e.what)) found_with_it(scratch, e);
  }
  std::string found;
  for (auto const& [of, rows] : told)
    if (of == kind && scratch.get(key(tenant, rows).add(id), found)) {
      if (kind == entity::project) complete(found, tenant, id);
      return domain::as_before{std::move(found), domain::tags_of(scratch, tenant, s)};
    }
  return std::nullopt;
}

// An organization's default workflow is the first that it has, which is made with it: no event of its own says so.
void past::found_with_it(view& scratch, events::stored_event const& org) const {
  for (auto const& stored : log_.read(org.position, 1))
    for (auto const& e : events::decode_record(stored.first, stored.bytes).events)
      if (e.position <= at_.position && std::holds_alternative<events::workflow_created>(e.what))
        domain::evolve(scratch, e);
}

std::optional<entity> past::kind_in(table rows) noexcept {
  for (auto const& [kind, in] : told)
    if (in == rows) return kind;
  return std::nullopt;
}

std::optional<table> past::rows_of(entity kind) noexcept {
  for (auto const& [of, rows] : told)
    if (of == kind) return rows;
  return std::nullopt;
}

// Most tickets have not changed since: these need no look at the log. Times alone do not say so, for an imported
// organization came behind records that are younger than its own.
std::optional<std::string> past::unchanged_ticket(uuid const& tenant, entity kind, uuid const& id) const {
  std::string stored;
  if (kind != entity::ticket || !state_.get(domain::key_of<domain::ticket>(tenant, id), stored)) return std::nullopt;
  auto const& t = domain::decoded<domain::ticket>::of(stored);
  if (t.updated_at <= at_.at && last_position(state_, tenant, kind, id) <= at_.position) return stored;
  return std::nullopt;
}

// A project's counter counts by its tickets' events, so it is the highest number that was given up to then.
void past::complete(std::string& row, uuid const& tenant, uuid const& project) const {
  auto p = json::stored<domain::project>(domain::row::json_of(row));
  auto const given = [&](std::int64_t number) {
    auto const id = ticket_by_number(state_, tenant, project, static_cast<std::uint64_t>(number));
    if (!id) return false;
    for (auto const& e : read_history(state_, log_, tenant, entity::ticket, *id, 0, at_.position)) {
      if (auto const* t = std::get_if<events::ticket_created>(&e.what);
          t && t->project_id == project && t->ticket_number == number)
        return true;
      if (auto const* t = std::get_if<events::ticket_updated>(&e.what); t && t->changes.project_id &&
                                                                        t->changes.project_id.value->to == project &&
                                                                        t->changes.ticket_number.value->to == number)
        return true;
    }
    return false;
  };
  std::int64_t low = 0, high = 0;
  auto const numbers = numbers_of(tenant, project).str();
  state_.scan(numbers, after_prefix(numbers), direction::descending, [&](std::string_view k, std::string_view) {
    high = static_cast<std::int64_t>(big_endian_u64(k.substr(numbers.size())));
    return false;
  });
  while (low < high) {
    auto const middle = low + (high - low + 1) / 2;
    if (given(middle))
      low = middle;
    else
      high = middle - 1;
  }
  p.ticket_counter = low;
  row.resize(4);
  json::write(row, p);
}

std::vector<uuid> past::former(uuid const& tenant, uuid const& owner, entity kind) const {
  std::vector<uuid> ids;
  auto const prefix = former_of(tenant, owner, kind).str();
  state_.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
    ids.push_back(uuid::from_view(k.substr(prefix.size())));
    return true;
  });
  return ids;
}

std::vector<events::stored_event> read_history(reader const& state, events::log const& log, uuid const& tenant,
                                               entity kind, uuid const& id, std::uint64_t after, std::uint64_t until,
                                               std::size_t max) {
  auto const prefix = history_of(tenant, kind, id).str();
  auto from = prefix, to = prefix;
  append_u64(from, after + 1);
  append_u64(to, until + 1);
  std::vector<std::uint64_t> positions;
  state.scan(from, to, direction::ascending, [&](std::string_view k, std::string_view) {
    positions.push_back(big_endian_u64(k.substr(prefix.size())));
    return positions.size() < max;
  });
  thread_local large_records known;
  std::vector<events::stored_event> found;
  for (std::span<std::uint64_t const> left = positions; !left.empty();) {
    if (auto const* const e = known.find(log, left.front())) {
      found.push_back(*e);
      left = left.subspan(1);
      continue;
    }
    auto const stored = log.read(left.front(), 1);
    if (stored.empty()) throw events::corruption_error("the log has no position " + std::to_string(left.front()));
    auto const& r = stored.front();
    if (known.take(log, r)) continue;
    auto const end = std::ranges::lower_bound(left, r.first + r.count) - left.begin();
    auto some = events::decode_events(r.first, r.bytes, left.first(static_cast<std::size_t>(end)));
    std::ranges::move(some, std::back_inserter(found));
    left = left.subspan(static_cast<std::size_t>(end));
  }
  return found;
}

} // namespace alloy::projections
