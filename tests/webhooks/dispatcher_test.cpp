// The dispatcher over a real log and a real store. No socket is opened: a target is known by the name that is looked
// up, and no name leads anywhere.
#include "webhooks/dispatcher.hpp"

#include "core/base64.hpp"
#include "core/crypto.hpp"
#include "events/ledger.hpp"
#include "projections/fold.hpp"
#include "tests/support/decider.hpp"
#include "tests/support/scratch_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <condition_variable>
#include <set>
#include <thread>

namespace alloy::webhooks {
namespace {

using storage::family;
using tests::id_of;
using namespace std::chrono_literals;

uuid const ours = id_of(1), theirs = id_of(2), hook = id_of(10), somebody = id_of(20);
std::string const sealing_key(32, 'k');
constexpr auto patience = 60s;

storage::settings store_at(std::string path) {
  storage::settings s;
  s.path = std::move(path);
  return s;
}

std::string url_of(std::string const& host) {
  return "https://" + host + ".example/in";
}
std::string secret(uuid const& id) {
  return encode_base64(crypto::seal(sealing_key, "whsec_" + std::string(32, 'A'), id.view()));
}

class context {
 public:
  context() {
    for (auto const& [org, slug] : {std::pair(ours, "ours"), std::pair(theirs, "theirs")}) {
      write(org, {entity::org, org}, events::org_created{slug, slug, "UTC", "USD"});
      write(org, {entity::member, somebody}, events::member_added{somebody, role::Owner, true, {}});
    }
  }
  ~context() {
    release();
    stop();
  }

  events::position write(uuid const& org, events::subject const& about, events::event what) {
    storage::transaction txn(db_);
    view& state = txn.of(family::state);
    auto const chain = events::head_of(state, org);
    events::draft const d{org, about, std::move(what)};
    std::vector<events::encoded_event> const encoded{{new_uuid(), &d}};
    events::record_head const head{org, chain.seq + 1, new_uuid(), now(), {somebody, credential::session, {}}, "r", 0};
    events::new_record n{
        org, head.tenant_seq, head.command_id, false, 1, events::encode_record(head, encoded, chain.crc)};
    projections::fold(state, events::decode_record(log_->head() + 1, n.bytes), n.bytes);
    txn.keep_command();
    log_->append(std::vector{std::move(n)}, txn);
    if (dispatcher_) dispatcher_->ring();
    return log_->head();
  }
  void make_hook(uuid const& org, std::string const& host, uuid const& id = hook) {
    write(org, {entity::webhook, id}, events::webhook_created{url_of(host), secret(id), {"label.created"}});
  }
  void move_hook(uuid const& org, std::string const& from, std::string const& to) {
    events::webhook_changes c;
    c.url.value = {url_of(from), url_of(to)};
    write(org, {entity::webhook, hook}, events::webhook_updated{c});
  }
  void delete_hook(uuid const& org, uuid const& id = hook) {
    write(org, {entity::webhook, id}, events::webhook_deleted{});
  }
  events::position label(uuid const& org) {
    auto const id = new_uuid();
    return write(org, {entity::label, id}, events::label_created{to_string(id), "#000000"});
  }

  void start(dispatcher_settings s = {}, transport_settings t = {}) {
    s.retry.waits_ms = {0};
    s.retry.failures_before_pause = 1'000'000;
    dispatcher_parts parts{*log_,
                           db_.latest(family::state),
                           sealing_key,
                           metrics_,
                           [](auto const&, auto const&, events::position, bool) { return std::string("{}"); },
                           [](uuid const&, uuid const&) { return true; },
                           [](uuid const&) { return false; },
                           [](uuid const&, uuid const&, std::string_view) {},
                           [](std::string const& why) { BOOST_ERROR(why); }};
    dispatcher_.emplace(std::move(parts), s, store_at(folder_ / "webhooks"), std::move(t),
                        address_policy({}, {"https"}, {}), [this](std::string const& host) { return look_up(host); });
  }
  void stop() {
    if (!dispatcher_) return;
    dispatcher_->stop();
    dispatcher_.reset();
  }
  // What an older version has left beside the log.
  void spoil(std::function<void(delivery_store&, events::log const&)> const& how) {
    delivery_store store(store_at(folder_ / "webhooks"));
    how(store, *log_);
    store.commit();
  }

  events::position head() const { return log_->head(); }
  void moved_here(delivery_store& store) { store.move_to(*log_, db_.latest(family::state)); }
  // The delivery of the event at the position.
  uuid delivery_of(uuid const& org, events::position at) {
    auto const prefix = delivery_index(org, hook).add(at).str();
    uuid found;
    dispatcher_->rows().scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, auto) {
      found = uuid::from_view(k.substr(prefix.size()));
      return false;
    });
    return found;
  }
  // Once the store has no endpoint of the organization.
  void gone(uuid const& org) {
    auto const row = key(org, table::delivery_endpoint).add(hook).str();
    auto const until = std::chrono::steady_clock::now() + patience;
    while (dispatcher_->rows().has(row) && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(1ms);
    BOOST_TEST(!dispatcher_->rows().has(row));
  }

  // Look-ups of hosts that begin so hang from now on.
  void hold(std::string const& hosts = {}) {
    std::lock_guard const lock(guard_);
    is_held_ = true;
    held_hosts_ = hosts;
  }
  void release() {
    {
      std::lock_guard const lock(guard_);
      is_held_ = false;
    }
    bell_.notify_all();
  }
  // Hosts that were looked up since the last call, once `count` were.
  std::multiset<std::string> asked(std::size_t count) {
    std::unique_lock lock(guard_);
    BOOST_TEST(bell_.wait_for(lock, patience, [&] { return asked_.size() >= count; }));
    return std::exchange(asked_, {});
  }
  // Once the deliveries of all that the log holds are written down.
  void settled(uuid const& org, events::position at, uuid const& id = hook) {
    auto const prefix = delivery_index(org, id).add(at).str();
    auto const until = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < until) {
      bool there = false;
      dispatcher_->rows().scan(prefix, after_prefix(prefix), direction::ascending,
                               [&](std::string_view, std::string_view) { return there = true, false; });
      if (there) return;
      std::this_thread::sleep_for(1ms);
    }
    BOOST_ERROR("waited in vain for a delivery");
  }

  std::vector<std::string> order() {
    std::lock_guard const lock(guard_);
    return order_;
  }
  // The value of a gauge, once it is `wanted` or patience ends.
  double gauge(std::string const& name, double wanted) {
    auto const until = std::chrono::steady_clock::now() + patience;
    for (;;) {
      auto const text = "\n" + metrics_.scrape();
      auto const at = text.find("\n" + name + " ");
      double const value = at == text.npos ? -1 : std::stod(text.substr(at + name.size() + 2));
      if (value == wanted || std::chrono::steady_clock::now() > until) return value;
      std::this_thread::sleep_for(1ms);
    }
  }

 private:
  std::vector<ip_address> look_up(std::string const& host) {
    std::unique_lock lock(guard_);
    asked_.insert(host.substr(0, host.find('.')));
    order_.push_back(host.substr(0, host.find('.')));
    bell_.notify_all();
    if (host.starts_with(held_hosts_)) bell_.wait_for(lock, patience, [&] { return !is_held_; });
    return {};
  }

  tests::scratch_folder folder_;
  storage::database db_{store_at(folder_ / "store")};
  std::unique_ptr<events::log> log_ = events::open_rocksdb_log(db_);
  metrics::registry metrics_;
  std::mutex guard_;
  std::condition_variable bell_;
  std::multiset<std::string> asked_;
  std::vector<std::string> order_;
  bool is_held_ = false;
  std::string held_hosts_;
  std::optional<dispatcher> dispatcher_;
};

using hosts = std::multiset<std::string>;

} // namespace

BOOST_AUTO_TEST_SUITE(endpoints_of_two_organizations)

BOOST_AUTO_TEST_CASE(one_id_in_two_organizations_is_two_endpoints) {
  context h;
  h.make_hook(ours, "ours");
  h.make_hook(theirs, "theirs");
  h.start();
  h.settled(ours, h.label(ours));
  BOOST_TEST((h.asked(1) == hosts{"ours"}));
  h.settled(theirs, h.label(theirs));
  BOOST_TEST((h.asked(1) == hosts{"theirs"}));
  h.move_hook(theirs, "theirs", "elsewhere");
  h.settled(theirs, h.label(theirs));
  h.settled(ours, h.label(ours));
  BOOST_TEST((h.asked(2) == hosts{"elsewhere", "ours"}));
  // A replay is of one's own past.
  h.write(theirs, {entity::webhook, hook}, events::webhook_replayed{1, 1'000, {}});
  BOOST_TEST((h.asked(2) == hosts{"elsewhere", "elsewhere"}));
  h.delete_hook(theirs);
  h.settled(ours, h.label(ours));
  BOOST_TEST((h.asked(1) == hosts{"ours"}));
}

BOOST_AUTO_TEST_CASE(twins_that_come_while_it_runs_and_stay_over_a_start) {
  context h;
  h.start();
  h.make_hook(ours, "ours");
  h.make_hook(theirs, "theirs");
  h.settled(theirs, h.label(theirs));
  h.settled(ours, h.label(ours));
  BOOST_TEST((h.asked(2) == hosts{"ours", "theirs"}));
  h.stop();
  h.start();
  h.delete_hook(theirs);
  h.settled(ours, h.label(ours));
  BOOST_TEST((h.asked(1) == hosts{"ours"}));
}

// The state brings both at once: neither takes the place of the other, which others point to.
BOOST_AUTO_TEST_CASE(a_new_store_takes_in_both_twins) {
  context h;
  h.make_hook(ours, "ours");
  h.make_hook(theirs, "theirs");
  h.label(ours);
  h.start();
  for (int n = 0; n < 3; ++n) {
    h.settled(ours, h.label(ours));
    h.settled(theirs, h.label(theirs));
  }
  BOOST_TEST((h.asked(6) == hosts{"ours", "ours", "ours", "theirs", "theirs", "theirs"}));
  h.delete_hook(ours);
  h.settled(theirs, h.label(theirs));
  BOOST_TEST((h.asked(1) == hosts{"theirs"}));
}

BOOST_AUTO_TEST_CASE(what_a_twin_did_to_a_store_of_an_older_version_is_set_right) {
  for (bool const was_deleted : {false, true}) {
    context h;
    h.make_hook(ours, "ours");
    h.start();
    h.settled(ours, h.label(ours));
    BOOST_TEST((h.asked(1) == hosts{"ours"}));
    h.stop();
    h.make_hook(theirs, "theirs");
    h.spoil([&](delivery_store& store, events::log const& log) {
      auto e = store.endpoints().at(0);
      BOOST_TEST((e.org_id == ours));
      if (was_deleted) return store.put_followed(log, log.head()), store.erase(e);
      e.url = url_of("theirs");
      e.event_types = {"ticket.*"};
      e.applied = log.head();
      store.put(e);
      store.put_followed(log, log.head());
    });
    h.start();
    h.settled(ours, h.label(ours));
    h.settled(theirs, h.label(theirs));
    BOOST_TEST((h.asked(2) == hosts{"ours", "theirs"}));
  }
}

BOOST_AUTO_TEST_CASE(one_that_is_made_again_while_a_delivery_is_under_way_goes_on) {
  context h;
  h.make_hook(ours, "ours");
  h.start();
  h.hold();
  h.label(ours);
  BOOST_TEST((h.asked(1) == hosts{"ours"}));
  h.delete_hook(ours);
  h.make_hook(ours, "again"); // as an undo does, under the same id
  h.label(ours);
  BOOST_TEST((h.asked(1) == hosts{"again"}));
  h.release();
  for (int n = 0; n < 10; ++n) h.settled(ours, h.label(ours)); // more than are under way at once
  BOOST_TEST(h.asked(10).size() == 10U);
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_the_log_does_not_have_gets_nothing_and_gives_way_to_its_name) {
  context h;
  h.label(ours);
  h.start();
  h.stop();
  h.spoil([&](delivery_store& store, events::log const& log) {
    endpoint e;
    e.id = hook;
    e.org_id = ours;
    e.url = url_of("stray");
    e.secret_sealed = secret(hook);
    e.event_types = {"*"};
    e.floor = e.reached = e.applied = log.head();
    store.put(e);
  });
  h.start();
  h.label(ours);
  h.make_hook(ours, "again");
  h.settled(ours, h.label(ours));
  BOOST_TEST((h.asked(1) == hosts{"again"}));
}

BOOST_AUTO_TEST_CASE(one_that_an_older_version_took_along_does_not_take_the_place_of_one_that_is_made_anew) {
  context h;
  h.start();
  h.stop();
  h.spoil([&](delivery_store& store, events::log const& log) {
    endpoint e;
    e.id = hook;
    e.org_id = ours;
    e.url = url_of("stray");
    e.secret_sealed = secret(hook);
    e.event_types = {"*"};
    e.floor = e.reached = e.applied = log.head();
    store.put(e);
  });
  h.make_hook(ours, "again"); // it is behind what the store has followed
  h.start();
  h.settled(ours, h.label(ours));
  BOOST_TEST((h.asked(1) == hosts{"again"}));
}

BOOST_AUTO_TEST_CASE(a_store_that_moves_to_an_earlier_log_forgets_what_was_made_behind_its_end) {
  context before;
  before.make_hook(ours, "ours");
  auto const end = before.head();
  before.make_hook(theirs, "theirs");
  before.write(ours, {entity::webhook, hook}, events::webhook_replayed{1, end, {}});
  before.start();
  before.settled(ours, before.label(ours));
  before.stop();
  context after;
  after.make_hook(ours, "ours");
  BOOST_TEST(after.head() == end);
  before.spoil([&](delivery_store& store, events::log const&) {
    BOOST_TEST(store.endpoints().size() == 2U);
    auto e = store.endpoints().front();
    e.replays.push_back({1, end, {}});
    store.put(e);
    store.commit();
    after.moved_here(store);
    auto const left = store.endpoints();
    BOOST_TEST_REQUIRE(left.size() == 1U);
    BOOST_TEST((left.front().org_id == ours));
    BOOST_TEST(left.front().replays.empty());
  });
}

BOOST_AUTO_TEST_CASE(endpoints_of_a_deleted_organization_send_what_is_left_and_go) {
  context h;
  h.make_hook(ours, "ours");
  h.make_hook(theirs, "theirs");
  h.start();
  h.stop();
  auto const last = h.label(ours); // the store is behind all of this
  h.write(ours, {entity::member, somebody}, events::member_removed{somebody, role::Owner});
  h.write(ours, {entity::org, ours}, events::org_deleted{"ours", "ours"});
  BOOST_TEST(last < h.head());
  h.start();
  BOOST_TEST((h.asked(1) == hosts{"ours"}));
  h.gone(ours);
  h.settled(theirs, h.label(theirs));
  BOOST_TEST((h.asked(1) == hosts{"theirs"}));
}

BOOST_AUTO_TEST_CASE(one_that_is_off_gets_a_ping_that_is_asked_for_and_nothing_else) {
  context h;
  h.make_hook(ours, "ours");
  h.start();
  auto const sent = h.label(ours);
  h.settled(ours, sent);
  BOOST_TEST((h.asked(1) == hosts{"ours"}));
  events::webhook_changes off;
  off.active.value = {true, false};
  h.write(ours, {entity::webhook, hook}, events::webhook_updated{off});
  h.write(ours, {entity::webhook, hook}, events::webhook_redelivered{h.delivery_of(ours, sent)});
  h.settled(ours, h.write(ours, {entity::webhook, hook}, events::webhook_pinged{new_uuid()}));
  BOOST_TEST((h.asked(1) == hosts{"ours"}));
  events::webhook_changes on;
  on.active.value = {false, true};
  h.write(ours, {entity::webhook, hook}, events::webhook_updated{on});
  BOOST_TEST((h.asked(1) == hosts{"ours"})); // the one that was asked for again
}

BOOST_AUTO_TEST_CASE(what_was_asked_for_on_the_server_that_an_import_comes_from_is_not_done_here) {
  context h;
  h.make_hook(ours, "ours");
  h.write(ours, {entity::webhook, hook}, events::webhook_pinged{new_uuid()});
  h.start(); // a new store takes in the state: the ping was somebody else's
  h.stop();
  h.make_hook(theirs, "theirs"); // as if imported: all of it is there before any of it is followed
  h.write(theirs, {entity::webhook, hook}, events::webhook_pinged{new_uuid()});
  h.write(theirs, {entity::webhook, hook}, events::webhook_replayed{1, 1'000, {}});
  h.write(theirs, {entity::webhook, hook}, events::webhook_disabled{std::string(disabled_by_import)});
  h.write(theirs, {entity::webhook, hook}, events::webhook_secret_rotated{secret(hook), now()});
  h.start();
  h.settled(ours, h.label(ours));
  h.settled(theirs, h.write(theirs, {entity::webhook, hook}, events::webhook_pinged{new_uuid()}));
  BOOST_TEST((h.asked(2) == hosts{"ours", "theirs"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(shares_of_the_dispatcher)

namespace {

constexpr unsigned dead_hooks = 130;

uuid dead_hook(unsigned n) {
  return id_of(1000 + n);
}

// Ours has many endpoints under names whose look-up hangs; theirs has one that is well.
struct neighbours : context {
  explicit neighbours(unsigned dead = dead_hooks) {
    for (unsigned n = 0; n < dead; ++n) make_hook(ours, "dead" + std::to_string(n), dead_hook(n));
    make_hook(theirs, "theirs");
    hold("dead");
  }

  std::size_t dead_asked() {
    auto const all = order();
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [](auto const& host) { return host.starts_with("dead"); }));
  }
};

// What hangs hangs for longer than the test.
transport_settings patient() {
  transport_settings t;
  t.connect_timeout_ms = t.timeout_ms = 3'600'000;
  return t;
}

} // namespace

BOOST_AUTO_TEST_CASE(names_that_hang_hold_up_nobody_else) {
  neighbours h;
  h.start({}, patient());
  h.label(ours);
  h.asked(2);
  BOOST_TEST(h.gauge("alloy_webhook_lookups_waiting", 62) == 62); // of 64 that an organization has under way
  for (int n = 0; n < 5; ++n) h.settled(theirs, h.label(theirs));
  BOOST_TEST(h.dead_asked() == 2u);
  h.release();
  h.asked(dead_hooks - 2 + 5);
}

BOOST_AUTO_TEST_CASE(a_thread_stays_free_however_many_one_organization_may_have) {
  neighbours h(20);
  auto t = patient();
  t.resolver_threads = 2;
  t.resolver_threads_per_org = 2;
  h.start({}, t);
  h.label(ours);
  h.asked(1);
  h.settled(theirs, h.label(theirs));
  BOOST_TEST(h.dead_asked() == 1u);
}

BOOST_AUTO_TEST_CASE(an_organization_has_so_many_deliveries_under_way) {
  neighbours h(20);
  dispatcher_settings s;
  s.in_flight_per_org = 3;
  h.start(s, patient());
  h.label(ours);
  BOOST_TEST(h.gauge("alloy_webhook_held_orgs", 1) == 1);
  BOOST_TEST(h.gauge("alloy_webhook_in_flight", 3) == 3);
  h.settled(theirs, h.label(theirs));
  BOOST_TEST(h.gauge("alloy_webhook_in_flight", 3) == 3);
}

BOOST_AUTO_TEST_CASE(a_place_stays_free_however_many_one_organization_may_have) {
  neighbours h(20);
  dispatcher_settings s;
  s.in_flight_max = 4;
  h.start(s, patient());
  h.label(ours);
  BOOST_TEST(h.gauge("alloy_webhook_in_flight", 2) == 2);
  h.settled(theirs, h.label(theirs));
}

// Else a tenant that makes its endpoints anew has as many places as it likes.
BOOST_AUTO_TEST_CASE(deliveries_to_endpoints_that_are_gone_keep_their_places) {
  neighbours h(2);
  dispatcher_settings s;
  s.in_flight_per_org = 2;
  h.start(s, patient());
  h.label(ours);
  h.asked(2);
  for (unsigned n = 0; n < 2; ++n) h.delete_hook(ours, dead_hook(n)); // its last ones
  for (unsigned n = 2; n < 6; ++n) h.make_hook(ours, "dead" + std::to_string(n), dead_hook(n));
  h.label(ours);
  for (int n = 0; n < 3; ++n) h.settled(theirs, h.label(theirs));
  BOOST_TEST(h.dead_asked() == 2u);
  h.release();
  h.asked(3 + 4);
}

BOOST_AUTO_TEST_CASE(turns_go_by_organization_before_they_go_by_endpoint) {
  neighbours h(20);
  dispatcher_settings s;
  s.in_flight_max = 1;
  h.start(s, patient());
  auto const one = h.label(ours);
  h.asked(1);
  auto const other = h.label(theirs);
  h.release();
  h.settled(theirs, other);
  for (unsigned n = 0; n < 20; ++n) h.settled(ours, one, dead_hook(n));
  auto const order = h.order();
  auto const turn = std::ranges::find(order, "theirs") - order.begin();
  BOOST_TEST(turn <= 2); // behind the one that was under way, and at most one more
  BOOST_TEST(order.size() == 21u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::webhooks
