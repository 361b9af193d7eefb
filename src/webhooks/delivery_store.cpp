#include "webhooks/delivery_store.hpp"

#include "core/crypto.hpp"
#include "core/key.hpp"
#include "events/codec.hpp"

#include <algorithm>

namespace alloy::webhooks {
namespace {

using storage::family;

constexpr std::size_t version_bytes = 4;

key folded_key() {
  return key(identity_tenant, table::delivery_folded);
}
key endpoint_key(endpoint const& e) {
  return key(e.org_id, table::delivery_endpoint).add(e.id);
}
key delivery_key(uuid const& org, uuid const& id) {
  return key(org, table::delivery).add(id);
}
key pending_key(uuid const& org, uuid const& id) {
  return key(identity_tenant, table::delivery_pending).add(org).add(id);
}

std::string key_of_position(events::position at) {
  std::string bytes;
  append_u64(bytes, at);
  return bytes;
}

std::string history_of_endpoint(endpoint_name const& n) {
  return key(n.org_id, table::history).add_byte(static_cast<std::uint8_t>(entity::webhook)).add(n.id).str();
}

delivery parse(std::string_view row) {
  return json::stored<delivery>(row.substr(version_bytes));
}

std::string folded_row(events::log const& log, events::position at) {
  std::string row(log.identity().view());
  append_u64(row, at);
  return row;
}

// Those that the log knows of.
std::vector<events::webhook_replayed> replays_asked(events::log const& log, reader const& state,
                                                    endpoint_name const& n) {
  std::vector<events::webhook_replayed> found;
  auto const prefix = history_of_endpoint(n);
  state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
    auto const at = big_endian_u64(k.substr(prefix.size()));
    for (auto const& r : log.read(at, 1))
      for (auto const& e : events::decode_record(r.first, r.bytes).events)
        if (auto const* one = std::get_if<events::webhook_replayed>(&e.what); one && e.position == at)
          found.push_back(*one);
    return true;
  });
  return found;
}

} // namespace

uuid delivery_id(uuid const& webhook, uuid const& event) {
  std::string text = "delivery\n";
  text.append(webhook.view()).append(event.view());
  return uuid_of_digest(crypto::view_of(crypto::sha256(text)));
}

key delivery_index(uuid const& org, uuid const& webhook) {
  return key(org, table::delivery_by_webhook).add(webhook);
}

delivery_store::delivery_store(storage::settings at) : db_(std::move(at)), txn_(db_) {}

reader const& delivery_store::rows() const noexcept {
  return db_.latest(family::state);
}

bool delivery_store::belongs_to(events::log const& log) {
  std::string row;
  if (rows().get(folded_key(), row) && std::string_view(row).substr(0, 16) == log.identity().view()) return true;
  db_.drop(family::state);
  return false;
}

events::position edge_of(reader const& state, endpoint_name const& n, direction way) {
  auto const prefix = history_of_endpoint(n);
  events::position at = 0;
  state.scan(prefix, after_prefix(prefix), way, [&](std::string_view k, std::string_view) {
    at = big_endian_u64(k.substr(prefix.size()));
    return false;
  });
  return at;
}

bool is_stray(reader const& state, endpoint_name const& n, events::position followed) {
  return !state.has(key(n.org_id, table::webhook).add(n.id)) && edge_of(state, n, direction::descending) <= followed;
}

void delivery_store::move_to(events::log const& log, reader const& state) {
  auto const head = log.head(), to = std::min(followed(), head);
  for (auto& e : endpoints()) {
    if (is_stray(state, e.name(), to)) {
      erase(e);
      continue;
    }
    auto const index = delivery_index(e.org_id, e.id).str();
    std::vector<std::pair<std::string, uuid>> later;
    rows().scan(index + key_of_position(head + 1), after_prefix(index), direction::ascending,
                [&](std::string_view k, std::string_view) {
                  later.emplace_back(k, uuid::from_view(k.substr(index.size() + 8)));
                  return true;
                });
    view& own = txn_.of(family::state);
    for (auto const& [k, id] : later) {
      own.erase(k);
      own.erase(delivery_key(e.org_id, id));
      own.erase(pending_key(e.org_id, id));
    }
    auto const asked =
        e.replays.empty() ? std::vector<events::webhook_replayed>() : replays_asked(log, state, e.name());
    std::erase_if(e.replays, [&](replay_job const& one) {
      return std::ranges::none_of(asked,
                                  [&](auto const& r) { return r.to == one.to && r.event_types == one.event_types; });
    });
    // Other terms that held until there are those of the state.
    std::erase_if(e.former, [&](former_types const& one) { return one.until > head; });
    e.floor = std::min(e.floor, head);
    e.reached = std::min(e.reached, head);
    e.applied = std::min(e.applied, head);
    e.previous_position = std::min(e.previous_position, head);
    put(e);
  }
  put_followed(log, to);
  commit();
}

events::position delivery_store::followed() const {
  std::string row;
  return rows().get(folded_key(), row) ? big_endian_u64(std::string_view(row).substr(16)) : 0;
}

std::vector<endpoint> delivery_store::endpoints() const {
  std::vector<endpoint> all;
  std::string from, end(64, static_cast<char>(0xff));
  // Rows of one kind lie apart, tenant by tenant: from each tenant to the next one.
  for (bool more = true; more;) {
    more = false;
    std::string tenant;
    rows().scan(from, end, direction::ascending, [&](std::string_view k, std::string_view) {
      tenant.assign(k.substr(0, sizeof(uuid)));
      return false;
    });
    if (tenant.empty()) break;
    auto const prefix = key(uuid::from_view(tenant), table::delivery_endpoint).str();
    rows().scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view, std::string_view row) {
      all.push_back(json::stored<endpoint>(row));
      return true;
    });
    from = tenant + std::string(1, static_cast<char>(0xff));
    more = true;
  }
  return all;
}

std::vector<delivery> delivery_store::pending() const {
  std::vector<delivery> all;
  auto const prefix = key(identity_tenant, table::delivery_pending).str();
  rows().scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
    auto const ids = k.substr(prefix.size());
    if (auto d = find(uuid::from_view(ids), uuid::from_view(ids.substr(sizeof(uuid))))) all.push_back(std::move(*d));
    return true;
  });
  return all;
}

std::optional<delivery> delivery_store::find(uuid const& org, uuid const& id) const {
  std::string row;
  if (!const_cast<storage::transaction&>(txn_).of(family::state).get(delivery_key(org, id), row)) return std::nullopt;
  return parse(row);
}

void delivery_store::put_followed(events::log const& log, events::position at) {
  txn_.of(family::state).put(folded_key(), folded_row(log, at));
}

void delivery_store::put(endpoint const& e) {
  txn_.of(family::state).put(endpoint_key(e), json::to_string(e));
}

void delivery_store::put(delivery& d) {
  view& rows = txn_.of(family::state);
  std::string row;
  ++d.version;
  for (int shift = 24; shift >= 0; shift -= 8) row.push_back(static_cast<char>(d.version >> shift));
  json::write(row, d);
  rows.put(delivery_key(d.org_id, d.id), row);
  rows.put(delivery_index(d.org_id, d.webhook_id).add(d.event_position).add(d.id), json::name_of(d.status));
  if (d.status == delivery_status::Pending)
    rows.put(pending_key(d.org_id, d.id), {});
  else
    rows.erase(pending_key(d.org_id, d.id));
}

void delivery_store::erase(endpoint const& e) {
  view& rows = txn_.of(family::state);
  auto const prefix = delivery_index(e.org_id, e.id).str();
  std::vector<std::string> found;
  rows.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
    found.emplace_back(k);
    return true;
  });
  for (auto const& k : found) {
    auto const id = uuid::from_view(std::string_view(k).substr(prefix.size() + 8));
    rows.erase(k);
    rows.erase(delivery_key(e.org_id, id));
    rows.erase(pending_key(e.org_id, id));
  }
  rows.erase(endpoint_key(e));
}

void delivery_store::erase(delivery const& d) {
  view& rows = txn_.of(family::state);
  rows.erase(delivery_index(d.org_id, d.webhook_id).add(d.event_position).add(d.id));
  rows.erase(delivery_key(d.org_id, d.id));
  rows.erase(pending_key(d.org_id, d.id));
}

std::size_t delivery_store::sweep(endpoint const& e, timestamp before, std::size_t rows_max) {
  view& rows = txn_.of(family::state);
  auto const prefix = delivery_index(e.org_id, e.id).str();
  std::vector<std::pair<std::string, uuid>> old;
  std::size_t seen = 0;
  db_.latest(family::state)
      .scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
        auto const id = uuid::from_view(k.substr(prefix.size() + 8));
        auto const d = find(e.org_id, id);
        bool const keep = d && (d->status == delivery_status::Pending || d->updated_at >= before);
        if (!keep) old.emplace_back(k, id);
        // They come in the order of their events, so the first young one is nearly the end.
        return !keep && ++seen < rows_max;
      });
  for (auto const& [k, id] : old) {
    rows.erase(k);
    rows.erase(delivery_key(e.org_id, id));
  }
  return old.size();
}

std::size_t delivery_store::unsaved_bytes() const noexcept {
  return txn_.bytes();
}

void delivery_store::forget_unsaved() {
  txn_.clear();
}

void delivery_store::commit() {
  txn_.keep_command();
  if (!txn_.empty()) txn_.commit(false);
}

} // namespace alloy::webhooks
