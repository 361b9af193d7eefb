#pragma once
// The dispatcher's insides, shared by dispatcher.cpp (sending, outcomes, time) and log_consumer.cpp (the log). One
// thread.
#include "webhooks/dispatcher.hpp"
#include "webhooks/org_turns.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <unordered_set>

namespace alloy::webhooks {

// An event that may be delivered to several endpoints; its `data` is made once with amounts and once without.
struct sendable {
  std::shared_ptr<events::record_head const> head;
  events::public_event event;
  events::position last = 0; // of its command's events
  std::array<std::string, 2> data = {};
};
using sendable_ptr = std::shared_ptr<sendable>;

struct lane;

// An organization that has endpoints.
struct tenant {
  std::deque<sendable_ptr> recent; // everything public of it behind `recent_from` and up to what was followed
  events::position recent_from = 0;
  std::size_t recent_bytes = 0;
  // Endpoints that are up to date, by what they subscribed to. An event takes those that want it out of all of them.
  std::unordered_map<std::string, std::unordered_set<lane*>> live;
  std::size_t lanes = 0;
};

struct lane {
  webhooks::endpoint e;
  std::uint64_t number = 0; // an endpoint that is deleted and made again has another lane
  tenant* home = nullptr;
  events::position cursor = 0;                            // everything up to it has been looked at
  std::map<events::position, events::position> open = {}; // under way without a row -> previous_position
  std::deque<sendable_ptr> ahead = {};                    // read from the log, where `recent` does not reach back
  std::set<std::pair<std::int64_t, uuid>> waiting = {};   // due -> delivery
  std::unordered_map<uuid, delivery> pending = {};        // those of `waiting` and `asked`
  std::deque<uuid> asked = {};                            // by somebody, for now
  std::vector<std::string> secrets = {};                  // opened; empty: not yet
  std::unique_ptr<lane> replaying = {};                   // how far the first of e.replays has been read
  std::size_t in_flight = 0;
  std::int64_t disabling_ms = 0;    // when it was asked for
  events::position sends_after = 0; // nothing until the log is followed up to here
  bool is_live = false, is_queued = false, replays_next = false, was_held = false;

  // Nothing up to it is under way without a row.
  events::position floor() const noexcept { return open.empty() ? cursor : open.begin()->first - 1; }
};

class dispatcher::engine {
 public:
  engine(dispatcher_parts parts, dispatcher_settings s, storage::settings at, transport_settings t,
         address_policy guard, resolver how);
  ~engine();
  void stop();
  void ring();

  delivery_store store;
  std::atomic<events::position> seen{0};

 private:
  // dispatcher.cpp
  void run() noexcept;
  bool run_once();
  void begin_anew();
  void tick();
  void pump();
  bool start_one(lane& l);
  bool start_kept(lane& l, uuid const& id);
  std::deque<uuid>::iterator next_asked(lane& l);
  bool start_replay(lane& l);
  bool start_new(lane& l);
  void send(lane& l, delivery d, sendable_ptr s);
  void arrived(endpoint_name const& to, std::uint64_t lane_number, delivery d, timestamp began, outcome o);
  void failed(lane& l, delivery& d, outcome const& o, std::int64_t now_ms);
  void wait_for(lane& l, delivery d, std::int64_t due_ms);
  void queue(lane& l);
  void save_soon();
  void save();
  void save(lane& l);
  std::vector<std::string> const& secrets_of(lane& l, timestamp at);
  std::string body_of(lane const& l, delivery const& d, sendable& s);
  void hold_or_release();
  void sweep();

  // log_consumer.cpp
  void load();
  void adopt();
  void agree_with_state();
  void follow();
  void take(events::stored_record const& r);
  void note_end_of(uuid const& org);
  void end_those_of_no_org();
  void wait_for_log(lane& l, endpoint_name const& n);
  void forget_requests(lane& l);
  void offer(tenant& t, sendable_ptr s);
  void apply(events::stored_event const& e);
  lane& add(webhooks::endpoint e);
  void remove(lane& l);
  lane* find(endpoint_name const& n) const;
  void changed(lane& l, events::webhook_changes const& c, events::position at);
  void enabled(lane& l);
  void ping(lane& l, events::stored_event const& e, uuid const& id);
  void redeliver(lane& l, uuid const& id);
  void go_live(lane& l);
  void leave_live(lane& l);
  void set_apart(lane& l);
  sendable_ptr next_event(lane& l);
  sendable_ptr next_from_log(lane& l);
  bool wants(lane const& l, sendable const& s) const;
  sendable_ptr load_event(uuid const& org, events::position at) const;
  tenant& tenant_of(uuid const& org);

  dispatcher_parts parts_;
  dispatcher_settings set_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> stay_;
  boost::asio::steady_timer tick_, save_;
  transport out_;
  // These two own. A lane is made by add() alone and goes by remove() alone, which takes it out of everything that only
  // observes it: `timed_`, `behind_` and its tenant's `live`. What may outlive a lane (`ready_`, a delivery under way)
  // holds its name and looks it up. A tenant goes with its last lane.
  std::unordered_map<endpoint_name, std::unique_ptr<lane>, endpoint_name::hash> lanes_;
  std::unordered_map<uuid, std::unique_ptr<tenant>> tenants_;
  std::unordered_set<lane*> timed_;  // wait for a time
  std::unordered_set<lane*> behind_; // not live, or something of theirs is under way
  // Endpoints that may have something to send, and the places of deliveries under way. They are counted by organization
  // here and not in `tenant`, which goes with its last lane while its deliveries are under way.
  org_turns<uuid> ready_;
  std::vector<endpoint_name> fresh_;  // wait for the log to be followed up to their `sends_after`
  std::vector<endpoint_name> ending_; // of organizations that are deleted; no endpoints that anybody has
  std::uint64_t last_lane_ = 0, sent_ = 0;
  bool is_held_ = false, save_is_due_ = false, stops_ = false;
  bool is_ailing_ = false;       // after an exception, until it begins anew: what is in memory is not to be trusted
  std::uint64_t beginnings_ = 0; // what an attempt of an earlier one comes to is nobody's any more
  std::int64_t ailed_ms_ = 0, pause_ms_ = 0;
  std::atomic<bool> rung_{false};
  std::int64_t looked_at_hold_ms_ = 0, swept_ms_ = 0;
  std::mt19937_64 rng_{std::random_device{}()};
  metrics::counter delivered_, failed_, given_up_;
  metrics::gauge in_flight_gauge_, waiting_gauge_, endpoints_gauge_, lag_gauge_, held_gauge_, lookups_gauge_;
  std::thread thread_;
};

} // namespace alloy::webhooks
