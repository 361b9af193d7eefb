// How the dispatcher follows the log: subscriptions as they change, and which endpoint has something to send.
#include "core/fault_point.hpp"
#include "core/key.hpp"
#include "core/log.hpp"
#include "events/feed.hpp"
#include "events/ledger.hpp"
#include "webhooks/dispatcher_impl.hpp"
#include "webhooks/matcher.hpp"

#include <algorithm>

namespace alloy::webhooks {
namespace {

constexpr std::size_t records_per_read = 256, records_ahead = 64;
// Of the events that are kept for each organization; what is older is read from the log.
constexpr std::size_t recent_max = 4096, recent_bytes_max = std::size_t{1} << 20;
constexpr std::string_view ping_type = "ping";

std::size_t bytes_of(sendable const& s) {
  return sizeof s + s.event.data.size();
}

// The tenant of a record, without reading it: its JSON begins so (codec.cpp).
std::optional<uuid> tenant_in(std::string_view bytes) {
  constexpr std::string_view begin = "{\"org_id\":\"";
  auto const json = bytes.substr(std::min(bytes.size(), events::record_header_bytes));
  return json.starts_with(begin) ? parse_uuid(json.substr(begin.size(), 36)) : std::nullopt;
}

// Every endpoint there is at the head of the log.
template <class F> void each_in_state(reader const& state, F f) {
  auto const slugs = key(identity_tenant, table::org_by_slug).str();
  state.scan(slugs, after_prefix(slugs), direction::ascending, [&](std::string_view, std::string_view id) {
    auto const prefix = key(uuid::from_view(id), table::webhook).str();
    state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view, std::string_view row) {
      f(json::stored<webhooks::endpoint>(row.substr(4)));
      return true;
    });
    return true;
  });
}

bool has_org(reader const& state, uuid const& org) {
  return state.has(key(org, table::org).add(org));
}

bool same_target(endpoint const& a, endpoint const& b) {
  return a.url == b.url && a.secret_sealed == b.secret_sealed && a.previous_secret_sealed == b.previous_secret_sealed &&
         a.previous_secret_until == b.previous_secret_until;
}
bool same_terms(endpoint const& a, endpoint const& b) {
  return a.event_types == b.event_types && a.active == b.active && a.ordered == b.ordered;
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

lane* dispatcher::engine::find(endpoint_name const& n) const {
  auto const found = lanes_.find(n);
  return found == lanes_.end() ? nullptr : found->second.get();
}

lane& dispatcher::engine::add(webhooks::endpoint e) {
  auto const [at, is_new] = lanes_.try_emplace(e.name());
  if (!is_new) return *at->second; // it is observed: nothing takes its place
  at->second = std::make_unique<lane>();
  auto& l = *at->second;
  l.number = ++last_lane_;
  wait_for_log(l, e.name());
  l.home = &tenant_of(e.org_id);
  ++l.home->lanes;
  l.cursor = e.floor;
  l.e = std::move(e);
  behind_.insert(&l);
  return l;
}

void dispatcher::engine::remove(lane& l) {
  leave_live(l);
  behind_.erase(&l);
  timed_.erase(&l);
  store.erase(l.e);
  auto const name = l.e.name();
  out_.forget(name);
  bool const is_last = --l.home->lanes == 0;
  lanes_.erase(name); // its deliveries under way find it gone
  if (is_last) tenants_.erase(name.org_id);
}

void dispatcher::engine::load() {
  if (!store.belongs_to(parts_.log)) return adopt();
  seen = store.followed();
  std::size_t strays = 0;
  for (auto& e : store.endpoints()) {
    if (is_stray(parts_.state, e.name(), seen)) {
      store.erase(e);
      ++strays;
      continue;
    }
    if (!has_org(parts_.state, e.org_id)) ending_.push_back(e.name());
    // What it had not been set apart for was looked at as far as the log was followed.
    if (!e.apart) e.floor = std::max<events::position>(e.floor, seen);
    queue(add(std::move(e)));
  }
  if (strays > 0) log::warn("endpoints of webhooks that the log does not have are forgotten", {{"endpoints", strays}});
  agree_with_state();
  for (auto& d : store.pending())
    if (auto* const l = find({d.org_id, d.webhook_id})) {
      auto const due = d.next_attempt_at ? d.next_attempt_at->ms : 0;
      wait_for(*l, std::move(d), due);
    }
}

// The store is new: whatever the log holds by now was somebody else's to deliver.
void dispatcher::engine::adopt() {
  seen = parts_.log.head();
  each_in_state(parts_.state, [&](webhooks::endpoint e) {
    e.floor = e.reached = e.applied = seen;
    store.put(e);
    queue(add(std::move(e)));
  });
  if (!lanes_.empty())
    log::warn("the store of webhook deliveries is new: events up to here are not delivered; replay what is missing",
              {{"position", seen.load()}, {"endpoints", lanes_.size()}});
  store.put_followed(parts_.log, seen);
  store.commit();
}

// An older version knew endpoints by their id alone, so that a twin in another organization changed, took over or ended
// the one it was named after, in the store and not in the state. The state is right; it may be ahead of the store, and
// what the log still brings leads to the same in the end.
void dispatcher::engine::agree_with_state() {
  std::size_t mended = 0;
  each_in_state(parts_.state, [&](webhooks::endpoint w) {
    auto* l = find(w.name());
    if (!l) {
      if (edge_of(parts_.state, w.name(), direction::ascending) > seen) return; // the log brings it
      w.floor = w.reached = w.applied = seen;
      l = &add(std::move(w));
      queue(*l);
    } else {
      bool const knows_all =
          std::max<events::position>(l->e.applied, seen) >= edge_of(parts_.state, w.name(), direction::descending);
      if (same_target(l->e, w) && (!knows_all || same_terms(l->e, w))) return;
      l->e.url = std::move(w.url);
      l->e.secret_sealed = std::move(w.secret_sealed);
      l->e.previous_secret_sealed = std::move(w.previous_secret_sealed);
      l->e.previous_secret_until = w.previous_secret_until;
      if (knows_all) {
        l->e.event_types = std::move(w.event_types);
        l->e.active = w.active;
        l->e.ordered = w.ordered;
      }
    }
    save(*l);
    ++mended;
  });
  if (mended > 0)
    log::warn("endpoints of webhooks are set right by the log; replay what they have missed", {{"endpoints", mended}});
}

void dispatcher::engine::follow() {
  rung_ = false;
  fault_points::pass("webhooks.follow");
  for (auto const& r : parts_.log.read(seen + 1, records_per_read)) take(r);
  if (seen < parts_.log.head()) ring();
  std::erase_if(fresh_, [&](endpoint_name const& n) {
    auto* const l = find(n);
    if (l && l->sends_after > seen) return false;
    if (l) queue(*l);
    return true;
  });
  save_soon();
  pump();
}

void dispatcher::engine::take(events::stored_record const& r) {
  auto const org = tenant_in(r.bytes);
  auto const known = org ? tenants_.find(*org) : tenants_.end();
  bool const about_webhooks = r.bytes.find("\"type\":\"webhook.") != std::string::npos;
  if (about_webhooks || known != tenants_.end()) {
    auto outside = events::read_public(r.first, r.bytes);
    auto const head = std::make_shared<events::record_head const>(outside.head);
    auto next = outside.events.begin();
    auto const offer_until = [&](events::position until) {
      for (; next != outside.events.end() && next->position < until; ++next) {
        seen = next->position;
        if (auto const home = tenants_.find(head->tenant); home != tenants_.end())
          offer(*home->second, std::make_shared<sendable>(sendable{head, std::move(*next), outside.last}));
      }
    };
    if (about_webhooks)
      for (auto const& e : events::decode_record(r.first, r.bytes).events) {
        offer_until(e.position + 1);
        seen = e.position;
        apply(e);
      }
    offer_until(outside.last + 1);
    if (org && r.bytes.find("\"type\":\"org.deleted\"") != std::string::npos) note_end_of(*org);
  }
  seen = r.first + r.count - 1;
}

// Its endpoints send what they still have, and go.
void dispatcher::engine::note_end_of(uuid const& org) {
  for (auto const& [name, l] : lanes_)
    if (name.org_id == org && std::ranges::find(ending_, name) == ending_.end()) ending_.push_back(name);
}

void dispatcher::engine::end_those_of_no_org() {
  std::erase_if(ending_, [&](endpoint_name const& n) {
    auto* const l = find(n);
    if (!l || has_org(parts_.state, n.org_id)) return true;
    bool const followed = seen >= parts_.log.head();
    bool const can_send = l->e.active && !parts_.is_held(n.org_id) && !secrets_of(*l, now()).front().empty();
    bool const is_idle = l->is_live && l->open.empty() && l->waiting.empty() && l->asked.empty() &&
                         l->e.replays.empty() && l->in_flight == 0;
    if (!followed || (can_send && !is_idle)) return false;
    remove(*l);
    save_soon();
    return true;
  });
}

// It sends nothing until all is followed that the log holds now: that may have switched it off, as the end of an import
// does.
void dispatcher::engine::wait_for_log(lane& l, endpoint_name const& n) {
  l.sends_after = std::max(parts_.log.head(), events::head_of(parts_.state, n.org_id).position);
  if (l.sends_after > seen) fresh_.push_back(n);
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
  t.recent_bytes += bytes_of(*s);
  t.recent.push_back(std::move(s));
  while (t.recent.size() > recent_max || (t.recent_bytes > recent_bytes_max && t.recent.size() > 1)) {
    t.recent_from = t.recent.front()->event.position;
    t.recent_bytes -= bytes_of(*t.recent.front());
    t.recent.pop_front();
  }
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
    if (auto* const known = find({e.tenant, e.subject.id})) {
      // Read again after a crash; or it was made anew since, where this one's past is not the log's.
      if (known->e.applied == 0 || e.position <= known->e.applied) return;
      remove(*known);
    }
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
  auto* const found = find({e.tenant, e.subject.id});
  if (!found || e.position <= found->e.applied) return;
  auto& l = *found;
  l.e.applied = e.position;
  if (auto const* c = std::get_if<events::webhook_updated>(&e.what)) {
    changed(l, c->changes, e.position);
  } else if (auto const* rotated = std::get_if<events::webhook_secret_rotated>(&e.what)) {
    if (l.e.secret_sealed != rotated->secret_sealed) l.e.previous_secret_sealed = std::move(l.e.secret_sealed);
    l.e.previous_secret_until = rotated->overlap_until;
    l.e.secret_sealed = rotated->secret_sealed;
    l.secrets.clear();
    save(l);
  } else if (auto const* disabled = std::get_if<events::webhook_disabled>(&e.what)) {
    l.e.active = false;
    l.disabling_ms = 0;
    if (disabled->reason == disabled_by_import) forget_requests(l);
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

// What was asked for on the server that it comes from, which has done it.
void dispatcher::engine::forget_requests(lane& l) {
  for (auto const& [id, d] : l.pending) store.erase(d);
  l.pending.clear();
  l.waiting.clear();
  l.asked.clear();
  l.e.replays.clear();
  l.replaying.reset();
}

void dispatcher::engine::changed(lane& l, events::webhook_changes const& c, events::position at) {
  if (c.url) {
    l.e.url = c.url.value->to;
    out_.forget(l.e.name());
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
        auto outside = events::read_public(r.first, r.bytes);
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
  auto outside = events::read_public(stored.front().first, stored.front().bytes);
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
