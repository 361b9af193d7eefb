#include "tests/commands/bench.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace alloy::commands {
namespace {

using storage::family;
using tests::id_of;

constexpr char const* logs[] = {"memory", "rocksdb"};

} // namespace

BOOST_AUTO_TEST_SUITE(the_sequencer)

BOOST_DATA_TEST_CASE(commands_take_dense_positions_and_tenants_count_their_records, logs, kind) {
  bench b(kind);
  auto const first = b.found(1, "one").get();
  BOOST_TEST_REQUIRE(first.has_value());
  BOOST_TEST(first->position == 3U); // of the last of its three events
  BOOST_TEST(b.found(2, "two").get()->position == 6U);
  BOOST_TEST(b.submit(label(1, 50, "bug")).get()->position == 7U);
  BOOST_TEST(b.submit(label(2, 51, "bug")).get()->position == 8U);
  BOOST_TEST(b.records() == "1+3 1/1\n4+3 2/1\n7+1 1/2\n8+1 2/2\n");
  BOOST_TEST(b.log->head() == 8U);
  b.queue->stop();
  BOOST_TEST(b.committed == (std::vector<events::position>{1, 4, 7, 8}), boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(commands_of_one_batch_see_those_before_them, logs, kind) {
  bench b(kind);
  b.before_batch.shut();
  auto first = b.found(100, "gate"); // taken alone, then held
  b.before_batch.wait_until_reached();
  auto const create = [](std::string const& slug, unsigned id) {
    return [slug, id](head const& h, timestamp at) -> result<plan> {
      domain::context const by{at, id_of(2), role::Owner, [id] { return id_of(id); }};
      auto d = domain::decide(h.state, tests::body<domain::create_org>(R"({"name":"N","slug":")" + slug + "\"}"), by);
      if (!d) return d.error();
      return plan_of(d->events, slug);
    };
  };
  auto one = b.submit(create("same", 1)), two = b.submit(create("same", 2)), three = b.submit(create("other", 3));
  BOOST_TEST(b.queue->waiting() == 3U);
  b.before_batch.open();
  BOOST_TEST(name_of(first.get()) == "ok");
  BOOST_TEST(name_of(one.get()) == "ok");
  BOOST_TEST(name_of(two.get()) == "already_exists");
  BOOST_TEST(name_of(three.get()) == "ok");
  BOOST_TEST(b.records() == "1+3 100/1\n4+3 1/1\n7+3 3/1\n"); // the refused one took no position
}

BOOST_AUTO_TEST_CASE(a_record_of_a_batch_follows_the_one_before_it_in_its_tenant) {
  bench b;
  b.before_batch.shut();
  auto first = b.found(1, "one");
  std::vector<answered> rest;
  for (unsigned i = 0; i < 20; ++i) rest.push_back(b.submit(label(1, 50 + i, "l" + std::to_string(i))));
  b.before_batch.open();
  for (auto& a : rest) BOOST_TEST(name_of(a.get()) == "ok");
  std::uint32_t crc = 0;
  std::uint64_t seq = 0;
  for (auto const& stored : b.log->read(1, 100)) {
    auto const r = events::decode_record(stored.first, stored.bytes);
    BOOST_TEST(r.previous_crc == crc);
    BOOST_TEST(r.head.tenant_seq == ++seq);
    crc = r.crc;
  }
  BOOST_TEST(seq == 21U);
}

BOOST_AUTO_TEST_CASE(a_refused_command_leaves_nothing) {
  bench b;
  b.found(1, "one").get();
  auto const before = b.state_digest();
  auto const refused = b.submit([](head const& h, timestamp) -> result<plan> {
                          h.local.put("zz", "written before it was refused");
                          return error(errc::wrong_state, "no");
                        }).get();
  BOOST_TEST(name_of(refused) == "wrong_state");
  BOOST_TEST(b.state_digest() == before);
  BOOST_TEST(b.local_rows() == 0U);
  BOOST_TEST(b.log->head() == 3U);
}

BOOST_AUTO_TEST_CASE(a_decision_that_throws_leaves_nothing_and_answers_internal) {
  bench b;
  b.before_batch.shut();
  auto first = b.found(1, "one");
  b.before_batch.wait_until_reached();
  auto in_deciding = b.submit([](head const& h, timestamp) -> result<plan> {
    h.local.put("zz", "x");
    throw std::runtime_error("a bug with a secret in its words");
  });
  auto in_rendering = b.submit([](head const& h, timestamp) -> result<plan> {
    h.local.put("zz", "x");
    auto p = plan_of(founding_of(id_of(2), "two"));
    p.render = [](reader const&) -> answer { throw std::logic_error("a bug"); };
    return p;
  });
  auto in_folding = b.submit([](head const&, timestamp) -> result<plan> { // about a ticket that is not there
    domain::facts out;
    domain::record(out, id_of(1), entity::ticket, id_of(77), events::ticket_labeled{id_of(5)});
    return plan_of(out);
  });
  auto behind = b.submit(label(1, 50, "bug"));
  b.before_batch.open();
  first.get();
  auto const told = in_deciding.get();
  BOOST_TEST(name_of(told) == "internal");
  BOOST_TEST(told.error().detail.find("secret") == std::string::npos);
  BOOST_TEST(name_of(in_rendering.get()) == "internal");
  BOOST_TEST(name_of(in_folding.get()) == "internal");
  BOOST_TEST(name_of(behind.get()) == "ok");
  BOOST_TEST(b.records() == "1+3 1/1\n4+1 1/2\n");
  BOOST_TEST(b.local_rows() == 0U);
  BOOST_TEST(!b.db->latest(family::state).has(domain::key_of<domain::org>(id_of(2), id_of(2))));
  BOOST_TEST(b.failures.empty());
}

BOOST_DATA_TEST_CASE(events_of_two_tenants_are_two_records_the_second_caused_by_the_first, logs, kind) {
  bench b(kind);
  b.found(1, "one").get();
  domain::facts both = label(1, 50, "bug");
  domain::record(both, identity_tenant, entity::user, id_of(2), events::user_registered{"e", "d", "h"});
  auto const more = label(1, 51, "urgent");
  both.insert(both.end(), more.begin(), more.end());
  auto const a = b.submit(both).get();
  BOOST_TEST(a->position == 6U);
  BOOST_TEST(b.records() == "1+3 1/1\n4+2 1/2\n6+1 0/1 by 4\n");
}

BOOST_AUTO_TEST_CASE(a_dry_run_answers_as_it_would_and_leaves_nothing) {
  bench b;
  b.found(1, "one").get();
  auto const before = b.state_digest();
  bool seen = false;
  auto const a = b.submit(
                      [&seen](head const& h, timestamp) -> result<plan> {
                        h.local.put("zz", "x");
                        auto p = plan_of(label(1, 50, "bug"));
                        p.render = [&seen](reader const& state) {
                          seen = state.has(domain::key_of<domain::label>(id_of(1), id_of(50)));
                          answer made;
                          made.status = 201;
                          return made;
                        };
                        return p;
                      },
                      idempotency_key{id_of(900), "f"}, true)
                     .get();
  BOOST_TEST_REQUIRE(a.has_value());
  BOOST_TEST(a->status == 201U);
  BOOST_TEST(seen);
  BOOST_TEST(b.state_digest() == before);
  BOOST_TEST(b.local_rows() == 0U);
  BOOST_TEST(b.log->head() == 3U);
  BOOST_TEST(name_of(b.submit(label(1, 50, "bug")).get()) == "ok");
  BOOST_TEST(b.log->head() == 4U); // the position was not used up
}

BOOST_AUTO_TEST_CASE(a_command_without_events_appends_nothing) {
  bench b;
  auto const a = b.submit(domain::facts{}, "same").get();
  BOOST_TEST(a->body == "same");
  BOOST_TEST(a->position == 0U);
  BOOST_TEST(b.log->head() == 0U);
}

BOOST_AUTO_TEST_CASE(the_plan_may_name_the_actor) {
  bench b;
  events::actor const self{id_of(77), credential::system, id_of(78)};
  b.submit([&](head const&, timestamp) -> result<plan> {
     auto p = plan_of(founding_of(id_of(1), "one"));
     p.actor = self;
     return p;
   }).get();
  auto const r = events::decode_record(1, b.log->read(1, 1).front().bytes);
  BOOST_TEST((r.head.actor == self));
}

// ------------------------------------------------------------------------------- threads

BOOST_DATA_TEST_CASE(eight_threads_submit_and_everything_happens_once, logs, kind) {
  constexpr unsigned threads = 8, each = 40;
  bench b(kind);
  b.found(1, "one").get();
  std::vector<std::vector<std::uint64_t>> positions(threads);
  std::vector<std::thread> running;
  for (unsigned t = 0; t < threads; ++t)
    running.emplace_back([&, t] {
      std::vector<answered> mine;
      for (unsigned i = 0; i < each; ++i) {
        auto const n = t * each + i;
        mine.push_back(
            b.submit(label(1, 10'000 + n, "l" + std::to_string(n)), "{}", idempotency_key{id_of(50'000 + n), "f"}));
      }
      for (auto& a : mine) {
        auto const got = a.get();
        positions[t].push_back(got ? got->position : 0);
      }
    });
  for (auto& t : running) t.join();
  std::vector<std::uint64_t> all;
  for (auto const& mine : positions) {
    BOOST_TEST(std::is_sorted(mine.begin(), mine.end())); // what one thread submits stays in order
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::sort(all.begin(), all.end());
  BOOST_TEST(all.size() == threads * each);
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i] != 4 + i) BOOST_FAIL("position " << all[i] << " where " << 4 + i << " is due");
  b.queue->stop();
  BOOST_TEST(b.log->head() == 3 + threads * each);
  BOOST_TEST(b.committed.size() == 1 + threads * each);
  BOOST_TEST(std::is_sorted(b.committed.begin(), b.committed.end()));
  std::uint64_t seq = 0;
  for (events::position next = 1; next <= b.log->head();)
    for (auto const& stored : b.log->read(next, 50)) {
      BOOST_TEST(stored.first == next);
      BOOST_TEST(events::decode_record(stored.first, stored.bytes).head.tenant_seq == ++seq);
      next = stored.first + stored.count;
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::commands
