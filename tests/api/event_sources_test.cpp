// What one pull of the event feed looks at: the thread that pulls serves others, too.
#include "api/operations/events/event_sources.hpp"

#include "events/codec.hpp"
#include "events/ledger.hpp"
#include "events/log.hpp"
#include "tests/support/decider.hpp"
#include "tests/support/map_view.hpp"
#include "tests/support/scratch_folder.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::api {
namespace {

using tests::id_of;

// So many records of one event each, of an organization with a name of so many bytes.
struct written {
  tests::scratch_folder folder;
  storage::database db;
  std::unique_ptr<events::log> of = events::open_rocksdb_log(db);
  tests::map_view state;
  uuid org = id_of(1);

  explicit written(std::size_t records, std::size_t bytes = 10) : db(settings_in(folder)) {
    for (std::size_t seq = 1; seq <= records; ++seq) {
      domain::facts all;
      domain::record(all, org, entity::org, org, events::org_created{std::string(bytes, 'n'), "slug", "UTC", "USD"});
      events::encoded_event const one{id_of(7), &all.front()};
      events::new_record r;
      r.tenant = org;
      r.tenant_seq = seq;
      r.command_id = id_of(1000 + static_cast<unsigned>(seq));
      r.count = 1;
      r.bytes = events::encode_record({org, seq, r.command_id, {1'775'035'800'000}, {id_of(2)}, "r", 0}, {&one, 1}, 0);
      auto const at = of->head() + 1;
      storage::transaction t(db);
      of->append({&r, 1}, t);
      events::fold_record(state, org, seq, at, 0, r.bytes);
    }
  }
  static storage::settings settings_in(tests::scratch_folder const& at) {
    storage::settings s;
    s.path = at / "store";
    return s;
  }

  event_reader reader(event_filter filter) const { return {*of, state, org, std::move(filter), 0, of->head()}; }
};

event_filter nothing() {
  event_filter f;
  f.actor = id_of(99);
  return f;
}

int pulls_to_the_end(body_source& source, std::string& out) {
  for (int pulls = 1;; ++pulls)
    if (source.pull(out) == body_source::state::end) return pulls;
}

} // namespace

BOOST_AUTO_TEST_SUITE(event_sources)

BOOST_AUTO_TEST_CASE(a_pull_of_a_feed_that_wants_nothing_looks_at_so_many_records_and_comes_back) {
  written const w(1000);
  std::string out;
  auto const lines = make_event_lines(w.reader(nothing()), []() -> result<> { return {}; });
  BOOST_TEST(pulls_to_the_end(*lines, out) >= 1000 / 128);
  BOOST_TEST(out.empty());
}

BOOST_AUTO_TEST_CASE(a_record_that_has_none_of_the_wanted_types_need_not_be_read) {
  auto const may = [](std::vector<std::string> types, std::string_view record) {
    return event_filter{.types = std::move(types)}.may_want(record);
  };
  constexpr std::string_view created = R"({"events":[{"type":"ticket.created"}]})";
  BOOST_TEST(may({}, created));
  BOOST_TEST(may({"*"}, created));
  BOOST_TEST(may({"ticket.*"}, created));
  BOOST_TEST(may({"sprint.*", "ticket.created"}, created));
  BOOST_TEST(!may({"ticket.create"}, created));
  BOOST_TEST(!may({"ticket.created.*"}, created));
  BOOST_TEST(!may({"sprint.*", "ticket.deleted"}, created));
  // An imported record's text is as its writer has escaped it.
  BOOST_TEST(may({"ticket.created"}, R"({"events":[{"type":"ticket\u002ecreated"}]})"));
}

BOOST_AUTO_TEST_CASE(a_feed_of_a_type_that_no_record_has_comes_to_its_end_behind_all_of_them) {
  written const w(300);
  event_filter none;
  none.types = {"invite.revoked"};
  auto from = w.reader(none);
  while (from.read({128, 256 << 10}, [](auto const&, auto const&) { return event_reader::then::go_on; })) {
  }
  BOOST_TEST(from.after() == w.of->head());
}

BOOST_AUTO_TEST_CASE(a_pull_looks_at_fewer_records_where_they_are_large) {
  written const w(40, 100'000);
  std::string out;
  auto const lines = make_event_lines(w.reader(nothing()), []() -> result<> { return {}; });
  BOOST_TEST(pulls_to_the_end(*lines, out) >= 40 * 100'000 / (256 * 1024) - 1);
}

BOOST_AUTO_TEST_CASE(what_is_put_back_is_told_the_next_time) {
  written const w(10);
  auto reader = w.reader({});
  std::vector<events::position> seen;
  using then = event_reader::then;
  auto const one_by_one = [&](auto const&, auto const& e) {
    if (!seen.empty() && seen.back() + 1 == e.position && seen.size() % 2 == 1) {
      seen.push_back(0); // not yet
      return then::put_back;
    }
    seen.push_back(e.position);
    return then::stop;
  };
  for (int n = 0; n < 3; ++n) reader.read({100, 1 << 20}, one_by_one);
  BOOST_TEST(seen == (std::vector<events::position>{1, 0, 2}));
  BOOST_TEST(reader.after() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::api
