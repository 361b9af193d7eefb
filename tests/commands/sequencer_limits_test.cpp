#include "tests/commands/bench.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

namespace alloy::commands {
namespace {

using storage::family;
using tests::id_of;

// A log that fails at its next write, as a disk does.
class failing_log : public events::log {
 public:
  std::vector<events::appended> append(std::span<events::new_record const>, storage::transaction&) override {
    throw storage::write_failed("the disk is gone");
  }
  std::vector<events::stored_record> read(events::position, std::size_t) const override { return {}; }
  events::position head() const noexcept override { return 0; }
  bool wait_for(events::position, std::chrono::milliseconds) const override { return false; }
  uuid identity() const noexcept override { return {}; }
  events::position find(uuid const&) const override { return 0; }
};

} // namespace

BOOST_AUTO_TEST_SUITE(limits_of_the_sequencer)

BOOST_AUTO_TEST_CASE(a_full_queue_refuses_at_once) {
  sequencer_settings s;
  s.queue_max = 2;
  bench b("memory", s);
  b.before_batch.shut();
  auto first = b.found(1, "one");
  b.before_batch.wait_until_reached();
  auto second = b.submit(label(1, 50, "a")), third = b.submit(label(1, 51, "b"));
  auto const fourth = b.submit(label(1, 52, "c")).get(); // while nothing moves
  BOOST_TEST(name_of(fourth) == "overloaded");
  BOOST_TEST(fourth.error().retry_after_s == 1U);
  b.before_batch.open();
  BOOST_TEST(name_of(first.get()) == "ok");
  BOOST_TEST(name_of(second.get()) == "ok");
  BOOST_TEST(name_of(third.get()) == "ok");
  BOOST_TEST(name_of(b.submit(label(1, 52, "c")).get()) == "ok");
}

// Facts about `count` things, two about each, that take some 400 bytes a thing.
domain::facts long_facts(unsigned count) {
  domain::facts all;
  for (unsigned i = 0; i < count; ++i) {
    domain::record(all, id_of(1), entity::label, id_of(1000 + i),
                   events::label_created{"l" + std::to_string(i), "#000000"});
    events::label_updated changed;
    changed.changes.color.value = {"#000000", "#ffffff"};
    domain::record(all, id_of(1), entity::label, id_of(1000 + i), changed);
  }
  return all;
}

BOOST_AUTO_TEST_CASE(a_command_too_large_for_one_record_spans_several) {
  sequencer_settings s;
  s.record_max_bytes = 4096;
  bench b("rocksdb", s);
  BOOST_TEST(name_of(b.found(1, "one").get()) == "ok");
  auto const head = b.log->head();
  auto const done = b.submit(long_facts(50)).get();
  BOOST_TEST_REQUIRE(name_of(done) == "ok");
  BOOST_TEST(done->position == head + 100);
  std::size_t records = 0;
  for (events::position next = head + 1; next <= b.log->head();) {
    auto const stored = b.log->read(next, 1).front();
    auto const r = events::decode_record(stored.first, stored.bytes);
    BOOST_TEST(stored.bytes.size() <= s.record_max_bytes);
    BOOST_TEST(r.head.cause == (records == 0 ? 0 : head + 1));
    BOOST_TEST(stored.count % 2 == 0U); // what is said of one thing stays together
    next += stored.count;
    ++records;
  }
  BOOST_TEST(records > 1U);
  for (unsigned i = 0; i < 50; ++i)
    BOOST_TEST(domain::find<domain::label>(b.db->latest(family::state), id_of(1), id_of(1000 + i))->version == 1U);
}

BOOST_AUTO_TEST_CASE(a_command_is_all_or_nothing_whatever_its_size) {
  sequencer_settings s;
  s.record_max_bytes = 4096;
  s.command_max_bytes = 8192;
  bench b("memory", s);
  BOOST_TEST(name_of(b.found(1, "one").get()) == "ok");
  auto const head = b.log->head();
  auto const before = b.state_digest();
  BOOST_TEST(name_of(b.submit(long_facts(50)).get()) == "body_too_large");
  BOOST_TEST(b.log->head() == head);
  BOOST_TEST((b.state_digest() == before));
  BOOST_TEST(name_of(b.submit(long_facts(5)).get()) == "ok");
}

BOOST_AUTO_TEST_CASE(a_rehearsal_shows_its_events_and_leaves_none) {
  bench b;
  BOOST_TEST(name_of(b.found(1, "one").get()) == "ok");
  auto const head = b.log->head();
  auto const rehearsed = b.submit(label(1, 50, "bug"), "{}", {}, true).get();
  BOOST_TEST_REQUIRE(name_of(rehearsed) == "ok");
  BOOST_TEST(rehearsed->events.starts_with("[{\"type\":\"label.created\",\"schema\":1,"));
  BOOST_TEST(rehearsed->events.ends_with("\"data\":{\"name\":\"bug\",\"color\":\"#000000\"}}]"));
  BOOST_TEST(b.log->head() == head);
}

BOOST_AUTO_TEST_CASE(a_batch_takes_no_more_than_it_may) {
  sequencer_settings s;
  s.batch_max = 2;
  bench b("memory", s);
  b.before_batch.shut();
  auto first = b.found(1, "one");
  b.before_batch.wait_until_reached();
  std::vector<answered> rest;
  for (unsigned i = 0; i < 5; ++i) rest.push_back(b.submit(label(1, 50 + i, std::to_string(i))));
  b.before_batch.open();
  for (auto& a : rest) BOOST_TEST(name_of(a.get()) == "ok");
  BOOST_TEST(b.metrics.batch_commands.read().sum == 6.0);
  auto const read = b.metrics.batch_commands.read();
  std::uint64_t batches = 0;
  for (auto const n : read.buckets) batches += n;
  BOOST_TEST(batches == 4U); // 1, 2, 2, 1
}

BOOST_AUTO_TEST_CASE(stopping_finishes_what_waits_and_refuses_what_comes) {
  bench b;
  b.before_batch.shut();
  std::vector<answered> waiting;
  waiting.push_back(b.found(1, "one"));
  b.before_batch.wait_until_reached();
  for (unsigned i = 0; i < 5; ++i) waiting.push_back(b.submit(label(1, 50 + i, std::to_string(i))));
  std::thread stopping([&] { b.queue->stop(); });
  // Until the stop has begun commands are taken; each of those is answered, too.
  result<answer> last = answer{};
  do {
    auto one_more = b.submit(domain::facts{});
    if (one_more.wait_for(std::chrono::milliseconds(1)) == std::future_status::ready)
      last = one_more.get();
    else
      waiting.push_back(std::move(one_more));
  } while (last);
  BOOST_TEST(name_of(last) == "shutting_down");
  b.before_batch.open();
  for (auto& a : waiting) BOOST_TEST(name_of(a.get()) == "ok");
  stopping.join();
  BOOST_TEST(name_of(b.found(2, "two").get()) == "shutting_down");
  BOOST_TEST(b.log->head() == 8U);
}

BOOST_AUTO_TEST_CASE(a_record_that_would_be_too_large_is_refused) {
  sequencer_settings s;
  s.record_max_bytes = 2000;
  bench b("memory", s);
  b.found(1, "one").get();
  auto const before = b.state_digest();
  BOOST_TEST(name_of(b.submit(label(1, 50, std::string(2000, 'x'))).get()) == "body_too_large");
  BOOST_TEST(b.state_digest() == before);
  BOOST_TEST(name_of(b.submit(label(1, 50, "x")).get()) == "ok");
  BOOST_TEST(b.records() == "1+3 1/1\n4+1 1/2\n");
}

BOOST_AUTO_TEST_CASE(without_disk_space_writes_are_refused_and_the_rest_goes_on) {
  sequencer_settings s;
  s.free_space_min_bytes = std::numeric_limits<std::uint64_t>::max();
  bench b("memory", s);
  BOOST_TEST(!b.queue->writable());
  BOOST_TEST(name_of(b.found(1, "one").get()) == "insufficient_storage");
  BOOST_TEST(name_of(b.submit(domain::facts{}).get()) == "ok");
  BOOST_TEST(b.log->head() == 0U);
}

// ------------------------------------------------------------------------------- failures

BOOST_AUTO_TEST_CASE(where_a_write_fails_nobody_is_answered_and_the_process_is_told) {
  tests::scratch_folder folder;
  storage::settings store;
  store.path = folder / "store";
  storage::database db(store);
  failing_log log;
  metrics::registry metrics;
  idempotency_store const answers(std::string(32, 'k'), 1000);
  std::promise<std::string> failed;
  std::atomic<int> answered_count = 0, committed = 0;
  {
    sequencer queue({db,
                     log,
                     answers,
                     metrics,
                     projections::fold,
                     [&](std::span<events::record const>) { ++committed; },
                     {},
                     [&](std::string const& why) { failed.set_value(why); },
                     {}},
                    {});
    command c;
    c.decide = [](head const&, timestamp) -> result<plan> { return plan_of(founding_of(id_of(1), "one")); };
    c.done = [&](result<answer>) { ++answered_count; };
    queue.submit(std::move(c));
    BOOST_TEST(failed.get_future().get() == "the disk is gone");
  }
  BOOST_TEST(answered_count == 0);
  BOOST_TEST(committed == 0);
  BOOST_TEST(!db.latest(family::state).has(domain::key_of<domain::org>(id_of(1), id_of(1))));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::commands
