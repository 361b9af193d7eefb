// How the dispatcher follows the log: subscriptions as they change, and which endpoint has something to send.
#include "core/fault_point.hpp"
#include "core/key.hpp"
#include "core/log.hpp"
#include "events/feed.hpp"
#include "events/ledger.hpp"
#include "webhooks/engine.hpp"
#include "webhooks/matcher.hpp"

#include <algorithm>

namespace alloy::webhooks {
namespace {

constexpr std::size_t records_per_read = 256, records_ahead = 64;
constexpr std::size_t recent_max = 4096;        // events kept for each organization
constexpr events::position far_behind = 10'000; // positions
constexpr std::string_view ping_type = "ping";

// The tenant of a record, without reading it: its JSON begins so (codec.cpp).
std::optional<uuid> tenant_in(std::string_view bytes) {
  constexpr std::string_view begin = "{\"org_id\":\"";
  auto const json = bytes.substr(std::min(bytes.size(), events::record_header_bytes));
  return json.starts_with(begin) ? parse_uuid(json.substr(begin.size(), 36)) : std::nullopt;
}

} // namespace

tenant& dispatcher::engine::tenant_of(uuid const& org) {
  auto& t = tenants_[org];
  if (!t) {
    t = std::make_unique<tenant>();
    t->recent_from = seen;
  }
  return *t;
}

lane& dispatcher::engine::add(webhooks::endpoint e) {
  auto& l = lanes_[e.id];
  l = std::make_unique<lane>();
  l->home = &tenant_of(e.org_id);
  l->cursor = e.floor;
  l->e = std::move(e);
  behind_.insert(l.get());
  return *l;
}

void dispatcher::engine::remove(lane& l) {
  leave_live(l);
  behind_.erase(&l);
  timed_.erase(&l);
  store.erase(l.e);
  out_.forget(l.e.id);
  lanes_.erase(l.e.id); // its deliveries under way find it gone
}

void dispatcher::engine::load() {
  if (!store.belongs_to(parts_.log)) return adopt();
  seen = store.followed();
  for (auto& e : store.endpoints()) {
    // What it had not been set apart for was looked at as far as the log was followed.
    if (!e.apart) e.floor = std::max<events::position>(e.floor, seen);
    queue(add(std::move(e)));
  }
  for (auto& d : store.pending())
    if (auto const l = lanes_.find(d.webhook_id); l != lanes_.end()) {
      auto const due = d.next_attempt_at ? d.next_attempt_at->ms : 0;
      wait_for(*l->second, std::move(d), due);
    }
}

// The store is new: whatever the log holds by now was somebody else's to deliver.
void dispatcher::engine::adopt() {
  seen = parts_.log.head();
  auto const slugs = key(identity_tenant, table::org_by_slug).str();
  parts_.state.scan(slugs, after_prefix(slugs), direction::ascending, [&](std::string_view, std::string_view id) {
    auto const prefix = key(uuid::from_view(id), table::webhook).str();
    parts_.state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view, std::string_view row) {
      auto e = json::stored<webhooks::endpoint>(row.substr(4));
      e.floor = e.reached = e.applied = seen;
      store.put(e);
      queue(add(std::move(e)));
      return true;
    });
    return true;
  });
  if (!lanes_.empty())
    log::warn("the store of webhook deliveries is new: events up to here are not delivered; replay what is missing",
              {{"position", seen.load()}, {"endpoints", lanes_.size()}});
  store.put_followed(parts_.log, seen);
  store.commit();
}

void dispatcher::engine::follow() {
  rung_ = false;
  fault_points::pass("webhooks.follow");
  for (auto const& r : parts_.log.read(seen + 1, records_per_read)) take(r);
  if (seen < parts_.log.head()) ring();
  save_soon();
  pump();
}

void dispatcher::engine::take(events::stored_record const& r) {
  auto const org = tenant_in(r.bytes);
  auto const known = org ? tenants_.find(*org) : tenants_.end();
  bool const about_webhooks = r.bytes.find("\"type\":\"webhook.") != std::string::npos;
  if (about_webhooks || known != tenants_.end()) {
    auto outside = events::read_outside(r.first, r.bytes);
    auto const head = std::make_shared<events::record_head const>(outside.head);
    auto next = outside.events.begin();
    auto const offer_until = [&](events::position until) {
      for (; next != outside.events.end() && next->position < until; ++next) {
        seen = next->position;
        offer(tenant_of(head->tenant), std::make_shared<sendable>(sendable{head, std::move(*next), outside.last}));
      }
    };
    if (about_webhooks)
      for (auto const& e : events::decode_record(r.first, r.bytes).events) {
        offer_until(e.position + 1);
        seen = e.position;
        apply(e);
      }
    offer_until(outside.last + 1);
  }
  seen = r.first + r.count - 1;
}

void dispatcher::engine::offer(tenant& t, sendable_ptr s) {
  std::string const type(s->event.type);
  for (auto const& name : {std::string("*"), type.substr(0, type.find('.')) + ".*", type}) {
    auto const bucket = t.live.find(name);
    if (bucket == t.live.end()) continue;
    for (auto* const l : std::vector(bucket->second.begin(), bucket->second.end())) {
      leave_live(*l);
      l->cursor = s->event.position - 1;
      behind_.insert(l);
      queue(*l);
    }
  }
  t.recent.push_back(std::move(s));
  if (t.recent.size() <= recent_max) return;
  t.recent_from = t.recent.front()->event.position;
  t.recent.pop_front();
}

void dispatcher::engine::go_live(lane& l) {
  l.cursor = seen;
  l.is_live = true;
  if (l.open.empty()) behind_.erase(&l);
  for (auto const& pattern : l.e.event_types) l.home->live[pattern].insert(&l);
  if (!l.e.apart || !l.open.empty()) return;
  l.e.apart = false;
  save(l);
}

void dispatcher::engine::leave_live(lane& l) {
  if (!l.is_live) return;
  l.is_live = false;
  l.cursor = seen; // up to here nothing was for it, or it would not be live
  for (auto const& pattern : l.e.event_types)
    if (auto const bucket = l.home->live.find(pattern); bucket != l.home->live.end()) bucket->second.erase(&l);
}

// From now on its own floor says how far it is, and nobody else waits for it.
void dispatcher::engine::set_apart(lane& l) {
  leave_live(l);
  behind_.insert(&l);
  if (l.e.apart) return;
  l.e.apart = true;
  save(l);
}

void dispatcher::engine::apply(events::stored_event const& e) {
  if (auto const* made = std::get_if<events::webhook_created>(&e.what)) {
    if (lanes_.contains(e.subject.id)) return; // read again after a crash
    webhooks::endpoint p;
    p.id = e.subject.id;
    p.org_id = e.tenant;
    p.created_by = e.actor.user_id;
    p.url = made->url;
    p.secret_sealed = made->secret_sealed;
    p.event_types = made->event_types;
    p.ordered = made->ordered;
    p.applied = e.position;
    p.floor = p.previous_position = std::min(made->from.value_or(e.position), e.position);
    auto& l = add(std::move(p));
    if (l.cursor < seen) l.e.apart = true;
    save(l);
    return queue(l);
  }
  auto const found = lanes_.find(e.subject.id);
  if (found == lanes_.end() || e.position <= found->second->e.applied) return;
  auto& l = *found->second;
  l.e.applied = e.position;
  if (auto const* c = std::get_if<events::webhook_updated>(&e.what)) {
    changed(l, c->changes, e.position);
  } else if (auto const* rotated = std::get_if<events::webhook_secret_rotated>(&e.what)) {
    l.e.previous_secret_sealed = std::move(l.e.secret_sealed);
    l.e.previous_secret_until = rotated->overlap_until;
    l.e.secret_sealed = rotated->secret_sealed;
    l.secrets.clear();
    save(l);
  } else if (std::holds_alternative<events::webhook_disabled>(e.what)) {
    l.e.active = false;
    l.disabling_ms = 0;
    set_apart(l);
    save(l);
  } else if (std::holds_alternative<events::webhook_deleted>(e.what)) {
    remove(l);
  } else if (auto const* pinged = std::get_if<events::webhook_pinged>(&e.what)) {
    ping(l, e, pinged->delivery_id);
  } else if (auto const* again = std::get_if<events::webhook_redelivered>(&e.what)) {
    redeliver(l, again->delivery_id);
  } else if (auto const* replayed = std::get_if<events::webhook_replayed>(&e.what)) {
    l.e.replays.push_back({replayed->from, replayed->to, replayed->event_types});
    save(l);
    queue(l);
  }
}

void dispatcher::engine::changed(lane& l, events::webhook_changes const& c, events::position at) {
  if (c.url) {
    l.e.url = c.url.value->to;
    out_.forget(l.e.id);
  }
  if (c.event_types) {
    bool const was_live = l.is_live;
    leave_live(l);
    if (!was_live) l.e.former.push_back({at, l.e.event_types});
    l.e.event_types = c.event_types.value->to;
    if (was_live) go_live(l);
  }
  if (c.ordered) l.e.ordered = c.ordered.value->to;
  if (c.active && c.active.value->to != l.e.active) {
    l.e.active = c.active.value->to;
    l.e.active ? enabled(l) : set_apart(l);
  }
  save(l);
  queue(l);
}

// A new beginning: what waited for its time is due now.
void dispatcher::engine::enabled(lane& l) {
  l.e.failures = l.e.failing_since_ms = l.e.paused_until_ms = 0;
  std::set<std::pair<std::int64_t, uuid>> due;
  for (auto const& [at, id] : l.waiting) due.emplace(0, id);
  l.waiting.swap(due);
}

void dispatcher::engine::ping(lane& l, events::stored_event const& e, uuid const& id) {
  delivery d;
  d.id = id;
  d.org_id = l.e.org_id;
  d.webhook_id = l.e.id;
  d.event_id = e.id;
  d.event_type = ping_type;
  d.event_position = e.position;
  d.previous_position = l.e.previous_position;
  d.trigger = trigger::ping;
  d.created_at = d.updated_at = e.at;
  d.next_attempt_at = e.at;
  store.put(d);
  save(l);
  l.asked.push_back(d.id);
  l.pending[d.id] = std::move(d);
  queue(l);
}

void dispatcher::engine::redeliver(lane& l, uuid const& id) {
  auto d = store.find(l.e.org_id, id);
  if (!d || d->webhook_id != l.e.id) return save(l);
  d->status = delivery_status::Pending;
  d->trigger = trigger::redeliver;
  d->tries = 0;
  d->next_attempt_at = now();
  store.put(*d);
  save(l);
  std::erase_if(l.waiting, [&](auto const& one) { return one.second == id; });
  if (std::ranges::find(l.asked, id) == l.asked.end()) l.asked.push_back(id);
  l.pending[id] = std::move(*d);
  queue(l);
}

bool dispatcher::engine::wants(lane const& l, sendable const& s) const {
  for (auto const& f : l.e.former)
    if (s.event.position <= f.until) return matches(f.event_types, s.event.type);
  return matches(l.e.event_types, s.event.type);
}

// The next event that is to be sent to it, behind its cursor; none: it is up to date.
sendable_ptr dispatcher::engine::next_event(lane& l) {
  auto& recent = l.home->recent;
  for (;;) {
    sendable_ptr s;
    if (l.cursor >= l.home->recent_from) {
      l.ahead.clear();
      auto const at = std::ranges::upper_bound(recent, l.cursor, {}, [](auto const& r) { return r->event.position; });
      if (at != recent.end()) s = *at;
    } else {
      s = next_from_log(l);
    }
    if (!s) return nullptr;
    l.cursor = s->event.position;
    if (!wants(l, *s)) continue;
    // After a crash some of it may have been sent and written down beyond the floor.
    if (s->event.position <= l.e.reached && store.find(l.e.org_id, delivery_id(l.e.id, s->event.id))) {
      l.e.previous_position = s->event.position;
      continue;
    }
    return s;
  }
}

sendable_ptr dispatcher::engine::next_from_log(lane& l) {
  while (!l.ahead.empty() && l.ahead.front()->event.position <= l.cursor) l.ahead.pop_front();
  if (l.ahead.empty()) {
    events::tenant_feed feed(parts_.log, parts_.state, l.e.org_id, l.cursor);
    for (bool more = true; more && l.ahead.empty();) {
      auto const records = feed.next(records_ahead);
      more = records.size() == records_ahead;
      for (auto const& r : records) {
        auto outside = events::read_outside(r.first, r.bytes);
        auto const head = std::make_shared<events::record_head const>(outside.head);
        for (auto& e : outside.events)
          if (e.position > l.cursor && e.position <= seen)
            l.ahead.push_back(std::make_shared<sendable>(sendable{head, std::move(e), outside.last}));
      }
    }
  }
  return l.ahead.empty() ? nullptr : l.ahead.front();
}

// One that is sent again, or a ping.
sendable_ptr dispatcher::engine::load_event(uuid const& org, events::position at) const {
  auto const stored = parts_.log.read(at, 1);
  if (stored.empty()) return nullptr;
  auto outside = events::read_outside(stored.front().first, stored.front().bytes);
  if (outside.head.tenant != org) return nullptr;
  auto const head = std::make_shared<events::record_head const>(outside.head);
  for (auto& e : outside.events)
    if (e.position == at) return std::make_shared<sendable>(sendable{head, std::move(e), outside.last});
  for (auto const& e : events::decode_record(stored.front().first, stored.front().bytes).events)
    if (e.position == at)
      return std::make_shared<sendable>(
          sendable{head, {e.position, e.id, ping_type, 1, e.subject, "{}"}, outside.last});
  return nullptr;
}

} // namespace alloy::webhooks
