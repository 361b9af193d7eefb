#include "app/restored_records.hpp"

#include "api/access/operators.hpp"
#include "core/local_rows.hpp"
#include "events/ledger.hpp"

namespace alloy {
namespace {

constexpr std::size_t records_per_read = 64;

events::record decoded(events::stored_record const& r) {
  return events::decode_record(r.first, r.bytes);
}

// Whether a record with a cause is a further one of the command that began there, or an undo of what stands there.
bool is_further_of(events::record const& begin, events::record const& r) {
  if (r.head.tenant == identity_tenant) return true; // nothing there is ever undone
  if (begin.head.at == r.head.at && begin.head.request_id == r.head.request_id &&
      begin.head.actor.user_id == r.head.actor.user_id)
    return true;
  // The end of an import, behind records of another server: the importer joins. No undo lets its caller in.
  auto const* joined = std::get_if<events::member_added>(&r.events.front().what);
  return joined && joined->user_id == r.head.actor.user_id && begin.head.tenant == r.head.tenant;
}

} // namespace

events::position whole_commands_until(events::log const& log, events::position at, std::size_t command_max_bytes) {
  auto const held = log.read(at, 1);
  if (held.empty()) return at;
  if (auto const& r = held.front(); r.first + r.count - 1 > at) at = r.first - 1;
  std::size_t bytes = 0;
  std::optional<uuid> tenant; // of the first record that is left out
  for (auto next = at + 1; bytes <= command_max_bytes;) {
    auto const records = log.read(next, records_per_read);
    if (records.empty()) return at;
    for (auto const& stored : records) {
      auto const r = decoded(stored);
      bytes += stored.bytes.size();
      next = stored.first + stored.count;
      auto const begin = r.head.cause;
      if (begin != 0 && begin < stored.first && is_further_of(decoded(log.read(begin, 1).front()), r))
        return begin <= at ? begin - 1 : at;
      // What follows may be an import's, whose records of another server do not say where their command began; they
      // are all of one organization.
      if (!tenant) tenant = r.head.tenant;
      if (*tenant != r.head.tenant) return at;
    }
  }
  return at;
}

void restored_records::see(events::record const& r) {
  for (auto const& e : r.events) {
    auto const& about = e.subject.id;
    if (auto const* made = std::get_if<events::user_registered>(&e.what)) {
      if (!made->password_hash.empty()) accounts_.insert(about); // who came with an import has no way in
    } else if (std::holds_alternative<events::user_erased>(e.what)) {
      accounts_.erase(about);
    } else if (std::holds_alternative<events::invite_created>(e.what)) {
      invites_.insert(about);
    } else if (std::holds_alternative<events::org_created>(e.what)) {
      // Nobody who has an account here founds an organization on another server, and nobody else founds one here.
      if (!accounts_.contains(e.actor.user_id)) imports_.emplace(e.tenant, false);
    } else if (auto const* joined = std::get_if<events::member_added>(&e.what)) {
      // No record of an import adds somebody who has an account here: this is the importer, after the last one.
      if (accounts_.contains(joined->user_id)) imports_.erase(e.tenant);
    } else if (std::holds_alternative<events::org_deleted>(e.what)) {
      if (auto const found = imports_.find(e.tenant); found != imports_.end()) found->second = true;
    }
  }
}

void restored_records::put_imports(reader const& state, reader const& before, view& into) const {
  auto all = imports_;
  auto const prefix = local_key(local_row::import_under_way).str();
  before.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
    auto const id = columns_of(local_row::import_under_way, k);
    if (id.size() != sizeof(uuid)) return true;
    auto const org = uuid::from_view(id);
    if (events::head_of(state, org).seq > 0) all.emplace(org, !state.has(key(org, table::org).add(org)));
    return true;
  });
  for (auto const& [org, cancelled] : all)
    api::set_import_state(into, org, cancelled ? api::import_state::cancelled : api::import_state::under_way);
}

} // namespace alloy
