#include "commands/turns.hpp"

#include "tests/commands/bench.hpp"

#include <boost/test/unit_test.hpp>
#include <numeric>
#include <thread>

namespace alloy::commands {
namespace {

using tests::id_of;

uuid user(unsigned n) {
  return id_of(100 + n);
}
uuid org(unsigned n) {
  return id_of(200 + n);
}

struct queue_of_names {
  explicit queue_of_names(turns::limits l = {}) : waiting(l) {}

  turns::admission put(std::string name, payer by) {
    command c;
    c.request_id = std::move(name);
    auto const admitted = waiting.put(c, by);
    BOOST_TEST(c.request_id.empty() == (admitted == turns::admission::taken));
    return admitted;
  }
  void put_many(std::string const& name, unsigned count, payer by) {
    for (unsigned i = 0; i < count; ++i) BOOST_TEST((put(name, by) == turns::admission::taken));
  }
  // The names of a group, in order.
  std::string take() {
    std::vector<turn_ptr> group;
    waiting.take(group);
    std::string names;
    for (auto const& t : group) names += (names.empty() ? "" : " ") + t->what.request_id;
    return names;
  }

  turns waiting;
};

turns::limits one_by_one() {
  turns::limits l;
  l.group_max = 1;
  return l;
}

} // namespace

BOOST_AUTO_TEST_SUITE(turns_of_those_who_write)

BOOST_AUTO_TEST_CASE(what_one_user_asks_for_keeps_its_order) {
  queue_of_names q;
  for (char const* const name : {"a", "b", "c", "d"})
    q.put(name, {user(1), org(1), name == std::string("b") ? 9u : 1u});
  BOOST_TEST(q.take() == "a b c d");
}

BOOST_AUTO_TEST_CASE(what_one_user_asks_for_in_several_organizations_keeps_its_order) {
  queue_of_names q(one_by_one());
  q.put("a", {user(1), org(1), 1000});
  q.put("b", {user(1), org(2), 1});
  q.put("c", {user(1), {}, 1});
  q.put("d", {user(1), org(3), 1});
  for (char const* const name : {"a", "b", "c", "d"}) BOOST_TEST(q.take() == name);
}

BOOST_AUTO_TEST_CASE(another_organization_goes_before_what_waits_still) {
  queue_of_names q(one_by_one());
  q.put_many("flood", 500, {user(1), org(1), 1});
  BOOST_TEST(q.take() == "flood");
  q.put("theirs", {user(2), org(2), 1});
  BOOST_TEST(q.take() == "theirs");
  BOOST_TEST(q.take() == "flood");
  q.put("theirs again", {user(2), org(2), 1});
  std::string order = q.take() + "," + q.take();
  BOOST_TEST(order.find("theirs again") != order.npos); // after one of the flooder's at most
}

BOOST_AUTO_TEST_CASE(a_command_on_many_things_costs_as_many_turns) {
  queue_of_names q(one_by_one());
  q.put_many("batch", 3, {user(1), org(1), 100});
  q.put_many("single", 100, {user(2), org(2), 1});
  for (int i = 0; i < 99; ++i) BOOST_TEST(q.take() == "single");
  BOOST_TEST(q.take() == "batch"); // it would end with the hundredth, and came first
  BOOST_TEST(q.take() == "single");
  BOOST_TEST(q.take() == "batch");
}

BOOST_AUTO_TEST_CASE(who_has_waited_for_nothing_has_saved_nothing_up) {
  queue_of_names q(one_by_one());
  q.put_many("a", 50, {user(1), org(1), 1});
  for (int i = 0; i < 40; ++i) q.take();
  q.put_many("b", 10, {user(2), org(2), 1});
  std::size_t b_among_ten = 0;
  for (int i = 0; i < 10; ++i) b_among_ten += q.take() == "b";
  BOOST_TEST(b_among_ten >= 5u);
  BOOST_TEST(b_among_ten <= 6u); // not ten: the forty turns of the other one were nobody else's
}

BOOST_AUTO_TEST_CASE(a_user_of_many_organizations_has_one_share) {
  queue_of_names q(one_by_one());
  for (unsigned n = 0; n < 20; ++n) q.put_many("many", 5, {user(1), org(n), 1});
  q.put_many("one", 10, {user(2), org(50), 1});
  std::size_t one_among_twenty = 0;
  for (int i = 0; i < 20; ++i) one_among_twenty += q.take() == "one";
  BOOST_TEST(one_among_twenty == 10u);
}

BOOST_AUTO_TEST_CASE(an_organization_of_many_users_has_one_share) {
  queue_of_names q(one_by_one());
  for (unsigned n = 0; n < 20; ++n) q.put_many("many", 5, {user(n), org(1), 1});
  q.put_many("one", 10, {user(50), org(2), 1});
  std::size_t one_among_twenty = 0;
  for (int i = 0; i < 20; ++i) one_among_twenty += q.take() == "one";
  BOOST_TEST(one_among_twenty == 10u);
}

BOOST_AUTO_TEST_CASE(where_the_organization_is_not_known_it_is_that_of_the_last_one) {
  queue_of_names q(one_by_one());
  for (unsigned n = 0; n < 20; ++n) {
    payer const by{user(n), {}, 1, {org(1), org(3)}};
    q.put_many("many", 5, by);
    q.waiting.charge({user(n), {}, 1, by.orgs, true}, 1, org(1));
    q.put_many("many", 5, by);
  }
  for (int i = 0; i < 100; ++i) q.take(); // those from before it was known
  q.put_many("one", 5, {user(50), org(2), 1});
  std::size_t one_among_ten = 0;
  for (int i = 0; i < 10; ++i) one_among_ten += q.take() == "one";
  BOOST_TEST(one_among_ten >= 4u);
}

BOOST_AUTO_TEST_CASE(an_organization_is_guessed_only_of_those_that_the_user_is_in) {
  auto const guessed = [](queue_of_names& q, payer by) {
    q.put("one", std::move(by));
    std::vector<turn_ptr> group;
    do {
      group.clear();
      q.waiting.take(group);
    } while (group.front()->what.request_id != "one");
    return group.front()->by.org;
  };
  queue_of_names q(one_by_one());
  q.put_many("others", 5, {user(9), org(9), 1000});
  BOOST_TEST((guessed(q, {user(1), {}, 1, {org(1)}}) == org(1))); // there is no other
  BOOST_TEST(guessed(q, {user(1), {}, 1, {org(1), org(2)}}).is_nil());
  q.waiting.charge({user(1), {}, 1, {org(1), org(2)}, true}, 1, org(2));
  BOOST_TEST((guessed(q, {user(1), {}, 1, {org(1), org(2)}}) == org(2)));
  BOOST_TEST(guessed(q, {user(1), {}, 1, {org(1), org(3)}}).is_nil()); // removed from where it was
  // Without a credential nobody is a member, whatever a registration has written.
  payer const address{user(2), {}, 1};
  q.put("registers", address);
  q.waiting.charge(address, 1, org(4));
  BOOST_TEST(guessed(q, address).is_nil());
}

BOOST_AUTO_TEST_CASE(an_organization_pays_nothing_for_what_wrote_no_log) {
  queue_of_names q(one_by_one());
  q.put("other", {user(9), org(9), 1000});
  for (int i = 0; i < 50; ++i) q.waiting.charge({user(1), org(1), 100, {org(1)}, true}, 100, {});
  q.put("other", {user(8), org(8), 100});
  q.put("of a member", {user(2), org(1), 50});
  BOOST_TEST(q.take() == "of a member"); // it may start at once, and costs less
}

BOOST_AUTO_TEST_CASE(of_those_that_may_start_at_once_the_cheapest_does) {
  queue_of_names q(one_by_one());
  for (unsigned n = 0; n < 5; ++n) q.put("batch", {user(n), org(n), 1000});
  q.put_many("create", 3, {user(9), org(9), 1});
  for (int i = 0; i < 3; ++i) BOOST_TEST(q.take() == "create"); // and not one for each round of batches
  BOOST_TEST(q.take() == "batch");
}

BOOST_AUTO_TEST_CASE(an_organization_that_was_guessed_wrongly_pays_nothing_and_is_not_guessed_again) {
  queue_of_names q(one_by_one());
  std::vector<turn_ptr> group;
  auto const write = [&](uuid const& where) { // as the sequencer does it; somebody else always waits
    q.put("one", {user(1), {}, 10, {org(1), org(2)}});
    do {
      group.clear();
      q.waiting.take(group);
      if (group.front()->what.request_id == "other") q.put("other", {user(9), org(9), 1});
    } while (group.front()->what.request_id != "one");
    auto const by = group.front()->by;
    q.waiting.charge(by, 10, where);
    return by.org;
  };
  q.put("other", {user(9), org(9), 1});
  BOOST_TEST(write(org(1)).is_nil());
  BOOST_TEST((write(org(2)) == org(1)));
  BOOST_TEST((write(org(2)) == org(2)));
  q.put("of the first", {user(2), org(1), 1}); // it pays for one write alone, and the second for two
  q.put("of the second", {user(3), org(2), 1});
  std::string order;
  for (int i = 0; i < 40; ++i) {
    auto const name = q.take();
    if (name == "other")
      q.put("other", {user(9), org(9), 1});
    else
      order += name + ",";
  }
  BOOST_TEST(order == "of the first,of the second,");
}

BOOST_AUTO_TEST_CASE(what_turned_out_dearer_is_paid_by_what_comes_later) {
  queue_of_names q(one_by_one());
  payer const cheap_words{user(1), org(1), 1};
  q.put("delete", cheap_words);
  q.put("first", cheap_words);
  BOOST_TEST(q.take() == "delete");
  q.waiting.charge(cheap_words, 50, org(1));
  q.put("second", cheap_words);
  q.put_many("other", 50, {user(2), org(2), 1});
  BOOST_TEST(q.take() == "other");
  BOOST_TEST(q.take() == "first"); // it had its place before
  for (int i = 0; i < 48; ++i) BOOST_TEST(q.take() == "other");
}

BOOST_AUTO_TEST_CASE(a_group_costs_what_it_may_at_most) {
  turns::limits l;
  l.group_cost_max = 100;
  queue_of_names q(l);
  for (unsigned n = 0; n < 10; ++n) q.put(std::to_string(n), {user(n), org(n), 24});
  BOOST_TEST(q.take() == "0 1 2 3");
  BOOST_TEST(q.take() == "4 5 6 7");
  BOOST_TEST(q.take() == "8 9");
  q.put("huge", {user(1), org(1), 5000}); // dearer than a group: it has its turn all the same
  BOOST_TEST(q.take() == "huge");
  BOOST_TEST(q.take() == "");
}

BOOST_AUTO_TEST_CASE(a_large_command_shares_its_group_with_nobody) {
  turns::limits l;
  l.group_cost_max = 100;
  queue_of_names q(l);
  q.put("small", {user(1), org(1), 1});
  q.put("large", {user(1), org(1), 26});
  for (char const* const name : {"small", "small", "later"}) q.put(name, {user(3), org(3), 1});
  q.put("after", {user(1), org(1), 1});
  BOOST_TEST(q.take() == "small small small later");
  BOOST_TEST(q.take() == "large");
  BOOST_TEST(q.take() == "after");
}

BOOST_AUTO_TEST_CASE(what_is_put_back_is_the_next_of_its_payer) {
  queue_of_names q(one_by_one());
  q.put("a", {user(1), org(1), 1});
  q.put("b", {user(1), org(1), 1});
  std::vector<turn_ptr> group;
  q.waiting.take(group);
  BOOST_TEST(group.front()->what.request_id == "a");
  q.waiting.put_back(std::move(group.front()));
  BOOST_TEST(q.waiting.size() == 2u);
  BOOST_TEST(q.take() == "a");
  BOOST_TEST(q.take() == "b");
}

// All of a flood are in the group; the first of them turned out to be as dear as a group may be.
BOOST_AUTO_TEST_CASE(who_comes_meanwhile_goes_before_what_is_put_back) {
  queue_of_names q;
  q.put_many("dear", 5, {user(1), org(1), 1});
  std::vector<turn_ptr> group;
  q.waiting.take(group);
  BOOST_TEST(group.size() == 5u);
  q.put("theirs", {user(2), org(2), 1});
  while (group.size() > 1) {
    q.waiting.put_back(std::move(group.back()));
    group.pop_back();
  }
  group.front()->spent = 1000;
  q.waiting.charge(*group.front());
  q.put("theirs too", {user(3), org(3), 1});
  BOOST_TEST(q.take() == "theirs theirs too dear dear dear dear");
  q.put("dear", {user(1), org(1), 1});
  q.put_many("theirs", 100, {user(2), org(2), 1});
  BOOST_TEST(q.take().ends_with(" dear")); // what came later pays
}

BOOST_AUTO_TEST_CASE(a_payer_has_so_many_places_and_all_have_so_many) {
  turns::limits l;
  l.waiting_max = 5;
  l.waiting_per_payer_max = 2;
  queue_of_names q(l);
  q.put_many("a", 2, {user(1), org(1), 1});
  BOOST_TEST((q.put("a", {user(1), org(2), 1}) == turns::admission::payer_full)); // as a user
  BOOST_TEST((q.put("a", {user(2), org(1), 1}) == turns::admission::payer_full)); // as an organization
  BOOST_TEST((q.put("a", {user(1), {}, 1}) == turns::admission::payer_full));
  q.put_many("b", 1, {user(3), org(3), 1});
  BOOST_TEST((q.put("b", {user(3), org(3), 1}) == turns::admission::payer_full)); // for another one has two of five
  q.put_many("the server itself", 2, {});
  BOOST_TEST((q.put("c", {user(4), org(4), 1}) == turns::admission::all_full));
  BOOST_TEST((q.put("a", {user(1), org(1), 1}) == turns::admission::payer_full)); // who floods is told so
  q.take();
  q.put_many("a", 2, {user(1), org(1), 1});
}

BOOST_AUTO_TEST_CASE(nothing_is_remembered_of_payers_once_nobody_waits) {
  queue_of_names q;
  for (unsigned n = 0; n < 50; ++n) q.put("a", {user(n), org(n), 1});
  BOOST_TEST(q.waiting.payers() == 100u);
  q.take();
  q.waiting.settle();
  BOOST_TEST(q.waiting.payers() == 0u);
}

BOOST_AUTO_TEST_CASE(those_who_have_had_their_turn_are_forgotten_though_somebody_always_waits) {
  queue_of_names q(one_by_one());
  q.put_many("flood", 200, {user(0), org(0), 100});
  for (unsigned n = 1; n <= 5000; ++n) {
    q.put("a", {id_of(10'000 + n), id_of(20'000 + n), 1});
    q.take();
    if (n % 100 == 0) q.take();
    q.waiting.settle();
  }
  BOOST_TEST(!q.waiting.empty());
  BOOST_TEST(q.waiting.payers() < 4000u);
}

BOOST_AUTO_TEST_CASE(what_was_taken_last_counts_until_it_is_done) {
  queue_of_names q(one_by_one());
  q.put("flood", {user(1), org(1), 400});
  BOOST_TEST(q.take() == "flood"); // it is under way, and nobody waits
  q.put_many("flood", 3, {user(1), org(1), 400});
  q.put("theirs", {user(2), org(2), 1});
  BOOST_TEST(q.take() == "theirs");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(shares_of_the_sequencer)

namespace {

struct paid_bench : bench {
  using bench::bench;

  answered ask(payer by, domain::facts events, std::vector<std::string>* order = nullptr, std::string name = {},
               int takes_ms = 0) {
    auto promise = std::make_shared<std::promise<result<answer>>>();
    auto future = promise->get_future();
    command c;
    c.actor = {by.user, credential::session, std::nullopt};
    c.request_id = "r";
    c.decide = [events = std::move(events), order, name, takes_ms](head const&, timestamp) -> result<plan> {
      std::this_thread::sleep_for(std::chrono::milliseconds(takes_ms));
      if (order) order->push_back(name);
      return plan_of(events);
    };
    c.done = [promise](result<answer> a) { promise->set_value(std::move(a)); };
    queue->submit(std::move(c), by);
    return future;
  }
};

domain::facts many_labels(unsigned from, unsigned count) {
  domain::facts all;
  for (unsigned i = 0; i < count; ++i)
    domain::record(all, id_of(1), entity::label, id_of(from + i),
                   events::label_created{"l" + std::to_string(from + i), "#000000"});
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(one_organization_that_fills_its_part_of_the_queue_is_refused_alone) {
  sequencer_settings s;
  s.queue_per_org_max = 2;
  paid_bench b("memory", s);
  BOOST_TEST(name_of(b.found(1, "one").get()) == "ok");
  b.before_batch.shut();
  auto first = b.ask({user(1), org(1), 1}, label(1, 50, "a"));
  b.before_batch.wait_until_reached();
  auto second = b.ask({user(1), org(1), 1}, label(1, 51, "b")), third = b.ask({user(2), org(1), 1}, label(1, 52, "c"));
  auto const refused = b.ask({user(3), org(1), 1}, label(1, 53, "d")).get();
  BOOST_TEST(name_of(refused) == "rate_limited");
  BOOST_TEST(refused.error().retry_after_s == 1U);
  auto theirs = b.ask({user(4), org(2), 1}, label(1, 54, "e"));
  b.before_batch.open();
  for (auto* const one : {&first, &second, &third, &theirs}) BOOST_TEST(name_of(one->get()) == "ok");
}

BOOST_AUTO_TEST_CASE(anothers_write_is_decided_before_the_batches_that_waited_longer) {
  paid_bench b;
  BOOST_TEST(name_of(b.found(1, "one").get()) == "ok");
  b.before_batch.shut();
  std::vector<std::string> order;
  std::vector<answered> all;
  all.push_back(b.ask({user(1), org(1), 400}, many_labels(1000, 400), &order, "batch"));
  b.before_batch.wait_until_reached();
  for (unsigned i = 1; i < 4; ++i)
    all.push_back(b.ask({user(1), org(1), 400}, many_labels(1000 + 400 * i, 400), &order, "batch"));
  all.push_back(b.ask({user(2), org(2), 1}, label(1, 50, "theirs"), &order, "theirs"));
  b.before_batch.open();
  for (auto& a : all) BOOST_TEST(name_of(a.get()) == "ok");
  BOOST_TEST((order == std::vector<std::string>{"batch", "theirs", "batch", "batch", "batch"}));
}

// What a command costs may show only once it is decided: a project is deleted with all that is in it.
BOOST_AUTO_TEST_CASE(a_batch_that_turns_out_dear_ends_there_and_the_rest_comes_next) {
  sequencer_settings s;
  s.batch_cost_max = 100;
  paid_bench b("memory", s);
  BOOST_TEST(name_of(b.found(1, "one").get()) == "ok");
  b.before_batch.shut();
  auto first = b.ask({user(1), org(1), 1}, label(1, 50, "a"));
  b.before_batch.wait_until_reached();
  std::vector<std::string> order;
  std::vector<answered> all;
  for (unsigned i = 0; i < 3; ++i)
    all.push_back(b.ask({user(1), org(1), 1}, many_labels(1000 + 150 * i, 150), &order, "dear " + std::to_string(i)));
  b.before_batch.open();
  for (auto& a : all) BOOST_TEST(name_of(a.get()) == "ok");
  BOOST_TEST((order == std::vector<std::string>{"dear 0", "dear 1", "dear 2"}));
  auto const read = b.metrics.batch_commands.read();
  std::uint64_t batches = 0;
  for (auto const n : read.buckets) batches += n;
  BOOST_TEST(batches == 5U); // the organization, the label, and one for each that was dear
  BOOST_TEST(read.sum == 5.0);
}

// One may name a single thing and yet look at all that an organization has, or write a book into it.
BOOST_AUTO_TEST_CASE(a_command_pays_for_the_time_that_it_takes_and_the_bytes_that_it_writes) {
  sequencer_settings s;
  s.batch_cost_max = 100;
  paid_bench b("memory", s);
  BOOST_TEST(name_of(b.found(1, "one").get()) == "ok");
  std::uint64_t expected = 1;
  for (unsigned const kind : {0U, 1U}) {
    b.before_batch.shut();
    std::vector<answered> all;
    all.push_back(b.ask({user(1), org(1), 1}, label(1, 50 + kind, "first" + std::to_string(kind))));
    b.before_batch.wait_until_reached();
    for (unsigned i = 0; i < 3; ++i) {
      auto const id = 100 + 10 * kind + i;
      auto const name = std::to_string(id) + std::string(kind == 0 ? 0 : 200'000, 'x');
      all.push_back(b.ask({user(1), org(1), 1}, label(1, id, name), nullptr, {}, kind == 0 ? 10 : 0));
    }
    b.before_batch.open();
    for (auto& a : all) BOOST_TEST(name_of(a.get()) == "ok");
    expected += 4; // each has a group of its own, for those before have cost enough
    auto const read = b.metrics.batch_commands.read();
    BOOST_TEST(std::accumulate(read.buckets.begin(), read.buckets.end(), std::uint64_t{0}) == expected);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::commands
