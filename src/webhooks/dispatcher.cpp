#include "webhooks/dispatcher.hpp"

#include "core/base64.hpp"
#include "core/derived_key.hpp"
#include "core/exceptions.hpp"
#include "core/fault_point.hpp"
#include "core/log.hpp"
#include "webhooks/dispatcher_impl.hpp"
#include "webhooks/matcher.hpp"
#include "webhooks/signature.hpp"

#include <boost/asio/post.hpp>

#include <filesystem>
#include <limits>
#include <sys/resource.h>
#include <unistd.h>

namespace alloy::webhooks {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr int niceness = 5;
constexpr auto tick_every = 100ms, save_within = 20ms;
constexpr std::int64_t ask_again_ms = 60'000; // to be disabled, where the queue of commands was full
constexpr std::int64_t look_at_hold_every_ms = 1'000, sweep_every_ms = 60'000;
constexpr std::size_t attempts_kept = 20, unsaved_bytes_max = 256u << 10, swept_rows_max = 1'000;
constexpr std::size_t replays_open_max = 64; // deliveries of a replay that wait
constexpr std::int64_t pause_least_ms = 10, pause_most_ms = 60'000, well_again_ms = 60'000;

} // namespace

dispatcher::engine::engine(dispatcher_parts parts, dispatcher_settings s, storage::settings at, transport_settings t,
                           address_policy guard, resolver how)
    : store(std::move(at)), parts_(std::move(parts)), set_(std::move(s)), stay_(io_.get_executor()), tick_(io_),
      save_(io_), out_(io_, std::move(t), std::move(guard), std::move(how)),
      ready_(set_.in_flight_max, set_.in_flight_per_org) {
  auto& m = parts_.metrics;
  constexpr auto attempts = "alloy_webhook_attempts_total", words = "Attempts to deliver an event, by outcome";
  delivered_ = m.make_counter(attempts, words, {{"outcome", "delivered"}});
  failed_ = m.make_counter(attempts, words, {{"outcome", "failed"}});
  given_up_ = m.make_counter("alloy_webhook_given_up_total", "Deliveries whose last try has failed");
  in_flight_gauge_ = m.make_gauge("alloy_webhook_in_flight", "Deliveries under way");
  waiting_gauge_ = m.make_gauge("alloy_webhook_waiting", "Deliveries that wait for their next try");
  endpoints_gauge_ = m.make_gauge("alloy_webhook_endpoints", "Endpoints there are");
  held_gauge_ =
      m.make_gauge("alloy_webhook_held_orgs", "Organizations that have all the deliveries under way that they may");
  lookups_gauge_ = m.make_gauge("alloy_webhook_lookups_waiting", "Look-ups of receivers' names that wait for a thread");
  lag_gauge_ = m.make_gauge("alloy_webhook_lag_events", "Positions of the log that the dispatcher has not seen yet");
  load();
  thread_ = std::thread([this] { run(); });
}

dispatcher::engine::~engine() {
  stop();
}

void dispatcher::engine::stop() {
  if (!thread_.joinable()) return;
  asio::post(io_, [this] {
    stops_ = true;
    tick_.cancel();
    save_.cancel();
    out_.stop();
    if (!is_ailing_) save();
    stay_.reset();
    io_.stop();
  });
  thread_.join();
}

void dispatcher::engine::ring() {
  if (!rung_.exchange(true))
    asio::post(io_, [this] {
      if (!stops_ && !is_ailing_) follow();
    });
}

void dispatcher::engine::run() noexcept {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
  bool goes_on = true;
  while (goes_on) goes_on = run_once();
}

// True where it is to be called again: what was thrown leaves the store as it was last committed, and from there the
// dispatcher begins anew as after a restart. A store that fails ends the process.
bool dispatcher::engine::run_once() {
  std::string why;
  try {
    if (is_ailing_) begin_anew();
    hold_or_release();
    tick();
    ring();
    io_.run();
    return false;
  } catch (storage::read_failed const& broken) {
    why = broken.what();
  } catch (storage::write_failed const& broken) {
    why = broken.what();
  } catch (...) {
    note_exception(thrown_at::webhooks);
    is_ailing_ = true;
    auto const at = now().ms;
    pause_ms_ = at > ailed_ms_ + well_again_ms ? pause_least_ms : std::min(pause_ms_ * 4, pause_most_ms);
    ailed_ms_ = at;
    contained(thrown_at::webhooks, [this] { io_.run_for(std::chrono::milliseconds(pause_ms_)); });
    return !stops_;
  }
  log::error("webhooks cannot be delivered; stopping", {{"why", why}});
  parts_.on_failure(why);
  return false;
}

void dispatcher::engine::begin_anew() {
  ++beginnings_;
  tick_.cancel();
  save_.cancel();
  out_.cut();
  store.forget_unsaved();
  timed_.clear();
  behind_.clear();
  ready_.clear();
  fresh_.clear();
  ending_.clear();
  lanes_.clear();
  tenants_.clear();
  save_is_due_ = rung_ = false;
  load();
  is_ailing_ = false;
  log::warn("the webhooks' dispatcher has begun anew", {{"position", seen.load()}, {"endpoints", lanes_.size()}});
}

void dispatcher::engine::tick() {
  if (stops_ || is_ailing_) return;
  hold_or_release();
  auto const at = now().ms;
  for (auto* const l : std::vector(timed_.begin(), timed_.end())) {
    bool const is_due = !l->waiting.empty() && l->waiting.begin()->first <= at;
    bool const may = l->e.active && l->e.paused_until_ms <= at;
    if (may && (is_due || !l->is_live)) queue(*l);
    if (l->waiting.empty() && l->e.paused_until_ms <= at) timed_.erase(l);
  }
  end_those_of_no_org();
  sweep();
  out_.sweep();
  lookups_gauge_.set(static_cast<double>(out_.lookups_waiting()));
  std::size_t waiting = 0;
  for (auto const* l : timed_) waiting += l->waiting.size();
  waiting_gauge_.set(static_cast<double>(waiting));
  endpoints_gauge_.set(static_cast<double>(lanes_.size() - std::min(lanes_.size(), ending_.size())));
  auto const followed_to = seen.load();
  lag_gauge_.set(static_cast<double>(parts_.log.head() - followed_to));
  pump();
  tick_.expires_after(tick_every);
  tick_.async_wait([this](boost::system::error_code ec) {
    if (!ec) tick();
  });
}

void dispatcher::engine::hold_or_release() {
  auto const at = now().ms;
  if (set_.hold_file.empty() || at < looked_at_hold_ms_ + look_at_hold_every_ms) return;
  looked_at_hold_ms_ = at;
  std::error_code ignored;
  bool const held = std::filesystem::exists(set_.hold_file, ignored);
  if (held != is_held_)
    log::warn(held ? "webhooks are held back: alloy webhooks release lets them go" : "webhooks are sent again",
              {{"file", set_.hold_file}});
  is_held_ = held;
  if (!held)
    for (auto const& [id, l] : lanes_)
      if (!l->is_live || !l->asked.empty()) queue(*l);
}

void dispatcher::engine::sweep() {
  auto const at = now();
  if (at.ms < swept_ms_ + sweep_every_ms) return;
  swept_ms_ = at.ms;
  for (auto const& [id, l] : lanes_)
    if (store.sweep(l->e, {at.ms - set_.retention_ms}, swept_rows_max) > 0) save_soon();
}

void dispatcher::engine::queue(lane& l) {
  if (l.is_queued) return;
  l.is_queued = true;
  ready_.add(l.e.org_id, l.e.id);
}

// In turn by organization and then by endpoint, a delivery each, so that nobody waits for somebody else's backlog, nor
// for somebody else's receivers to answer.
void dispatcher::engine::pump() {
  if (is_held_) return;
  while (auto const turn = ready_.next()) {
    auto const& [org, webhook] = *turn;
    auto const sent_before = sent_;
    if (auto* const l = find({org, webhook})) {
      l->is_queued = false;
      if (start_one(*l)) queue(*l);
    }
    if (sent_ == sent_before) ready_.done(org);
  }
  in_flight_gauge_.set(static_cast<double>(ready_.taken()));
  held_gauge_.set(static_cast<double>(ready_.held()));
}

// False where it has nothing to send now; what changes that queues it again.
bool dispatcher::engine::start_one(lane& l) {
  auto const at = now().ms;
  bool const probing = l.e.failures >= set_.retry.failures_before_pause; // one, to see whether it is well again
  if (l.in_flight >= (l.e.ordered || probing ? 1 : set_.in_flight_per_endpoint)) return false;
  bool const is_held = parts_.is_held(l.e.org_id);
  if (l.was_held && !is_held) wait_for_log(l, l.e.name());
  l.was_held = is_held;
  if (secrets_of(l, {at}).front().empty() || is_held) { // until it is rotated, or switched on
    set_apart(l);
    return false;
  }
  if (l.sends_after > seen) return false; // follow() queues it
  if (auto const asked = next_asked(l); asked != l.asked.end()) {
    auto const id = *asked;
    l.asked.erase(asked);
    return start_kept(l, id);
  }
  if (!l.e.active || l.e.paused_until_ms > at) {
    if (l.e.active) timed_.insert(&l);
    set_apart(l);
    return false;
  }
  if (!l.waiting.empty()) {
    auto const [due, id] = *l.waiting.begin();
    if (due > at && l.e.ordered) return false; // what failed holds up the rest
    if (due <= at) {
      l.waiting.erase(l.waiting.begin());
      return start_kept(l, id);
    }
  }
  l.replays_next = !l.replays_next;
  if (l.replays_next && start_replay(l)) return true;
  return start_new(l) || (!l.replays_next && start_replay(l));
}

// What somebody has asked for is sent before the rest; to one that is switched off, a ping alone.
std::deque<uuid>::iterator dispatcher::engine::next_asked(lane& l) {
  if (l.e.active) return l.asked.begin();
  return std::ranges::find_if(l.asked, [&](uuid const& id) {
    auto const found = l.pending.find(id);
    return found == l.pending.end() || found->second.trigger == trigger::ping;
  });
}

bool dispatcher::engine::start_kept(lane& l, uuid const& id) {
  auto kept = l.pending.extract(id);
  if (kept.empty()) return true; // asked for again while it was under way
  if (auto s = load_event(l.e.org_id, kept.mapped().event_position)) send(l, std::move(kept.mapped()), std::move(s));
  return true;
}

bool dispatcher::engine::start_replay(lane& l) {
  if (l.e.replays.empty() || l.waiting.size() >= replays_open_max) return false;
  auto& job = l.e.replays.front();
  if (!l.replaying) { // reads like a lane of its own
    l.replaying = std::make_unique<lane>();
    l.replaying->e.id = l.e.id;
    l.replaying->e.org_id = l.e.org_id;
    l.replaying->e.event_types = job.event_types.empty() ? l.e.event_types : job.event_types;
    l.replaying->home = l.home;
    l.replaying->cursor = job.next == 0 ? 0 : job.next - 1;
  }
  auto const s = next_event(*l.replaying);
  if (!s || s->event.position > job.to) {
    l.e.replays.erase(l.e.replays.begin());
    l.replaying.reset();
    save(l);
    return !l.e.replays.empty();
  }
  job.next = s->event.position + 1;
  auto const id = delivery_id(l.e.id, s->event.id);
  auto d = store.find(l.e.org_id, id).value_or(delivery{});
  if (d.id.is_nil()) {
    d.id = id;
    d.org_id = l.e.org_id;
    d.webhook_id = l.e.id;
    d.event_id = s->event.id;
    d.event_type = s->event.type;
    d.event_position = s->event.position;
    d.previous_position = l.e.previous_position;
    d.created_at = now();
  } else if (d.status == delivery_status::Pending && l.pending.contains(id)) {
    save(l); // it will be sent anyhow
    return true;
  }
  d.status = delivery_status::Pending;
  d.trigger = trigger::replay;
  d.tries = 0;
  d.next_attempt_at = d.updated_at = now();
  store.put(d); // so that it is sent even if this process is not there any more
  save(l);
  send(l, std::move(d), s);
  return true;
}

bool dispatcher::engine::start_new(lane& l) {
  if (l.is_live) return false;
  auto s = next_event(l);
  if (!s) {
    go_live(l);
    return false;
  }
  delivery d;
  d.id = delivery_id(l.e.id, s->event.id);
  d.org_id = l.e.org_id;
  d.webhook_id = l.e.id;
  d.event_id = s->event.id;
  d.event_type = s->event.type;
  d.event_position = s->event.position;
  d.previous_position = l.e.previous_position;
  d.created_at = now();
  l.open.emplace(d.event_position, l.e.previous_position);
  l.e.previous_position = d.event_position;
  send(l, std::move(d), std::move(s));
  return true;
}

std::vector<std::string> const& dispatcher::engine::secrets_of(lane& l, timestamp at) {
  auto const open = [&](std::string const& sealed) {
    auto const bytes = decode_base64(sealed);
    crypto::sealer const of(parts_.sealing_key, crypto::key_use::webhook_secrets);
    auto secret = bytes ? of.open(*bytes, l.e.id.view()) : std::nullopt;
    // One that was sealed by another server, of which this organization was imported, opens to nothing.
    l.secrets.push_back(secret ? std::move(*secret) : std::string());
  };
  if (l.secrets.empty()) {
    open(l.e.secret_sealed);
    if (l.e.previous_secret_sealed) open(*l.e.previous_secret_sealed);
  }
  if (l.secrets.size() > 1 && (!l.e.previous_secret_until || *l.e.previous_secret_until <= at)) l.secrets.resize(1);
  return l.secrets;
}

std::string dispatcher::engine::body_of(lane const& l, delivery const& d, sendable& s) {
  bool const money = parts_.may_see_money(l.e.org_id, l.e.created_by);
  auto& data = s.data[money ? 1 : 0];
  if (data.empty()) data = parts_.data(*s.head, s.event, s.last, money);
  std::string body;
  body.reserve(data.size() + 512);
  auto const member = [&](char const* name, auto const& value) {
    body += name;
    json::write(body, value);
  };
  member("{\"id\":", s.event.id);
  member(",\"type\":", s.event.type);
  member(",\"timestamp\":", s.head->at);
  member(",\"position\":", s.event.position);
  member(",\"previous_position\":", d.previous_position);
  member(",\"org_id\":", l.e.org_id);
  member(",\"actor\":", s.head->actor);
  body += ",\"data\":" + data + "}";
  return body;
}

void dispatcher::engine::send(lane& l, delivery d, sendable_ptr s) {
  auto const began = now();
  auto const url = parse_web_url(l.e.url);
  message m;
  m.endpoint = l.e.name();
  std::string bug;
  try {
    fault_points::pass("webhooks.send");
    m.body = body_of(l, d, *s);
  } catch (storage::read_failed const&) {
    throw;
  } catch (...) {
    bug = what_of(std::current_exception());
    note_exception(thrown_at::webhooks, std::current_exception(), to_string(d.id));
  }
  auto const id = to_string(d.id);
  auto const& secrets = secrets_of(l, began);
  auto const seconds = began.ms / 1000;
  m.headers = {{"X-Alloy-Signature", alloy_signature(secrets.front(), m.body)},
               {"X-Alloy-Event", d.event_type},
               {"X-Alloy-Delivery", id},
               {"X-Alloy-Attempt", std::to_string(d.attempt_count + 1)},
               {"webhook-id", id},
               {"webhook-timestamp", std::to_string(seconds)},
               {"webhook-signature", standard_signature(secrets, id, seconds, m.body)}};
  ++l.in_flight;
  ++sent_;
  auto then = [this, to = l.e.name(), number = l.number, d = std::move(d), began, of = beginnings_](outcome o) mutable {
    if (of == beginnings_) arrived(to, number, std::move(d), began, std::move(o));
  };
  if (!url || !bug.empty()) { // a URL that an older version took
    outcome o;
    o.error = bug.empty() ? failure::refused_target : failure::http;
    o.detail = bug.empty() ? "this is no URL that may be connected to" : "the payload could not be made";
    asio::post(io_, [then = std::move(then), o]() mutable { then(std::move(o)); });
    return;
  }
  m.url = *url;
  out_.send(std::move(m), std::move(then));
}

void dispatcher::engine::arrived(endpoint_name const& to, std::uint64_t lane_number, delivery d, timestamp began,
                                 outcome o) {
  ready_.done(to.org_id);
  auto* const found = find(to);
  if (!found || found->number != lane_number) return pump(); // deleted meanwhile
  auto& l = *found;
  --l.in_flight;
  auto const at = now();
  attempt a;
  a.number = ++d.attempt_count;
  a.trigger = d.trigger;
  a.started_at = began;
  a.duration_ms = o.duration_ms;
  if (o.status) a.status_code = o.status;
  a.error = o.error;
  if (o.error) a.error_detail = o.detail;
  if (o.status) a.response = json::is_utf8(o.body) ? o.body : encode_base64(o.body);
  ++d.tries;
  d.updated_at = at;
  d.next_attempt_at.reset();
  if (o.is_success()) {
    delivered_.add();
    d.status = delivery_status::Delivered;
    l.e.failures = l.e.failing_since_ms = l.e.paused_until_ms = 0;
  } else {
    failed_.add();
    failed(l, d, o, at.ms);
    a.next_attempt_at = d.next_attempt_at;
  }
  d.attempts.push_back(std::move(a));
  if (d.attempts.size() > attempts_kept) d.attempts.erase(d.attempts.begin());
  l.e.reached = std::max<std::uint64_t>(l.e.reached, d.event_position);
  l.open.erase(d.event_position);
  if (l.is_live && l.open.empty()) behind_.erase(&l);
  store.put(d);
  if (d.next_attempt_at) wait_for(l, d, d.next_attempt_at->ms);
  save(l);
  queue(l);
  pump();
}

void dispatcher::engine::failed(lane& l, delivery& d, outcome const& o, std::int64_t now_ms) {
  auto const& policy = set_.retry;
  auto const random = std::uniform_real_distribution<double>(0, 1)(rng_);
  auto const wait = wait_before_next(policy, d.tries, random, o.retry_after_ms);
  if (wait) {
    d.status = delivery_status::Pending;
    d.next_attempt_at = timestamp{now_ms + *wait};
  } else {
    d.status = delivery_status::Failed;
    given_up_.add();
  }
  if (l.e.failing_since_ms == 0) l.e.failing_since_ms = now_ms;
  if (l.e.paused_until_ms <= now_ms) { // those that were under way together count once
    ++l.e.failures;
    if (auto const pause = pause_after(policy, l.e.failures); pause > 0) l.e.paused_until_ms = now_ms + pause;
  }
  if ((o.status == 429 || o.status == 503) && o.retry_after_ms > 0)
    l.e.paused_until_ms = std::max(l.e.paused_until_ms, now_ms + std::min(o.retry_after_ms, policy.retry_after_max_ms));
  if (l.e.paused_until_ms > now_ms) timed_.insert(&l);
  bool const gone = o.status == 410;
  if ((gone || has_failed_for_good(policy, l.e.failing_since_ms, now_ms)) && l.e.active &&
      now_ms >= l.disabling_ms + ask_again_ms) {
    l.disabling_ms = now_ms;
    if (gone) l.e.paused_until_ms = now_ms + policy.pause_max_ms; // until the log says so, too
    parts_.disable(l.e.org_id, l.e.id, gone ? "gone" : "failing");
  }
}

void dispatcher::engine::wait_for(lane& l, delivery d, std::int64_t due_ms) {
  auto const id = d.id;
  l.pending[id] = std::move(d);
  l.waiting.emplace(due_ms, id);
  timed_.insert(&l);
}

// Its floor is what no crash can take back: nothing before it is under way without a row.
void dispatcher::engine::save(lane& l) {
  auto row = l.e;
  row.floor = l.floor();
  if (!l.open.empty()) row.previous_position = l.open.begin()->second;
  std::erase_if(l.e.former, [&](auto const& f) { return f.until <= row.floor; });
  l.e.floor = row.floor;
  store.put(row);
  save_soon();
}

void dispatcher::engine::save_soon() {
  if (store.unsaved_bytes() > unsaved_bytes_max) return save();
  if (save_is_due_) return;
  save_is_due_ = true;
  save_.expires_after(save_within);
  save_.async_wait([this](boost::system::error_code ec) {
    if (!ec && !stops_ && !is_ailing_) save();
  });
}

void dispatcher::engine::save() {
  save_is_due_ = false;
  events::position followed_to = seen;
  for (auto const* l : behind_)
    if (!l->e.apart) followed_to = std::min(followed_to, l->floor());
  store.put_followed(parts_.log, followed_to);
  store.commit();
}

dispatcher::dispatcher(dispatcher_parts parts, dispatcher_settings s, storage::settings at, transport_settings t,
                       address_policy guard, resolver how)
    : engine_(std::make_unique<engine>(std::move(parts), std::move(s), std::move(at), std::move(t), std::move(guard),
                                       std::move(how))) {}
dispatcher::~dispatcher() = default;

void dispatcher::stop() {
  engine_->stop();
}
void dispatcher::ring() {
  engine_->ring();
}
reader const& dispatcher::rows() const noexcept {
  return engine_->store.rows();
}
events::position dispatcher::followed() const noexcept {
  return engine_->seen;
}
void dispatcher::checkpoint(std::string const& folder) const {
  engine_->store.checkpoint(folder);
}

} // namespace alloy::webhooks
