#include "api/operations/events/event_reader.hpp"
#include "api/pipeline/event_notifier.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <thread>

namespace alloy::api {
namespace {

uuid some_id(std::uint8_t n) {
  uuid id;
  id.bytes[0] = n;
  return id;
}

std::vector<events::record> records_of(std::initializer_list<uuid> orgs) {
  std::vector<events::record> all;
  for (auto const& org : orgs) all.emplace_back().head.tenant = org;
  return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(bells)

BOOST_AUTO_TEST_CASE(a_batch_wakes_each_listener_of_its_organizations_once) {
  event_notifier bell;
  int first = 0, second = 0, other = 0;
  auto const a = bell.subscribe(some_id(1), [&] { ++first; });
  auto b = bell.subscribe(some_id(1), [&] { ++second; });
  auto const c = bell.subscribe(some_id(2), [&] { ++other; });
  BOOST_TEST(bell.subscriptions() == 3U);
  bell.ring(records_of({some_id(1), some_id(1), some_id(3)}));
  BOOST_TEST((first == 1 && second == 1 && other == 0));
  b.reset();
  bell.ring(records_of({some_id(1), some_id(2)}));
  BOOST_TEST((first == 2 && second == 1 && other == 1));
  BOOST_TEST(bell.subscriptions() == 2U);
}

BOOST_AUTO_TEST_CASE(nobody_is_woken_who_has_gone) {
  event_notifier bell;
  std::atomic<bool> over = false;
  std::thread ringing([&] {
    auto const batch = records_of({some_id(1)});
    while (!over) bell.ring(batch);
  });
  for (int n = 0; n < 2000; ++n) {
    auto here = std::make_unique<std::atomic<int>>(0);
    auto subscription = bell.subscribe(some_id(1), [at = here.get()] { ++*at; });
    subscription.reset();
    here.reset(); // a call after this is a use after free, which the sanitizers see
  }
  over = true;
  ringing.join();
  BOOST_TEST(bell.subscriptions() == 0U);
}

BOOST_AUTO_TEST_CASE(a_filter_looks_at_who_and_when) {
  events::record_head head;
  head.at = {1'000};
  head.actor.user_id = some_id(1);
  head.actor.key_id = some_id(2);
  BOOST_TEST(event_filter{}.wants(head));
  event_filter who, by_key, from, to;
  who.actor = some_id(1);
  by_key.key = some_id(2);
  from.since = timestamp{1'000};
  to.until = timestamp{1'000};
  BOOST_TEST((who.wants(head) && by_key.wants(head) && from.wants(head)));
  BOOST_TEST(!to.wants(head)); // it ends before
  to.until = timestamp{1'001};
  BOOST_TEST(to.wants(head));
  who.actor = by_key.key = some_id(3);
  from.since = timestamp{1'001};
  BOOST_TEST((!who.wants(head) && !by_key.wants(head) && !from.wants(head)));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::api
