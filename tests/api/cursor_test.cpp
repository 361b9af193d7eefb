// Cursors as callers get them: signed, and good for the very list they were given for.
#include "api/access/identity.hpp"
#include "api/pipeline/event_notifier.hpp"
#include "api/table/answers.hpp"
#include "api/table/server_info.hpp"
#include "core/base64.hpp"
#include "events/checkpoint.hpp"
#include "projections/fold.hpp"
#include "search/search_store.hpp"
#include "tests/support/decider.hpp"
#include "tests/support/scratch_folder.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::api {
namespace {

using tests::id_of;

operation const& row(std::string_view id) {
  for (auto const& op : operations())
    if (op.id == id) return op;
  throw std::logic_error("no such operation");
}

// What handlers are given, whole, over a store of its own.
struct server {
  tests::scratch_folder folder;
  settings config;
  metrics::registry metrics;
  std::string sealing_key = std::string(32, 'k');
  auth::pii_store people{sealing_key};
  std::unique_ptr<storage::database> db;
  std::unique_ptr<events::log> log = events::make_memory_log();
  commands::idempotency_store answers{sealing_key, 1000};
  std::unique_ptr<commands::sequencer> sequencer;
  std::atomic<bool> draining = false;
  std::unique_ptr<identity_service> identity;
  std::unique_ptr<server_info> facts;
  std::unique_ptr<projections::search_store> search;
  event_notifier bell;
  events::checkpoint_signer notary{crypto::ed25519_key::generate(), id_of(9)};
  std::unique_ptr<services> with;
  auth::principal ada, bob;
  request asked;

  server() {
    storage::settings store;
    store.path = folder / "store";
    db = std::make_unique<storage::database>(store);
    sequencer = std::make_unique<commands::sequencer>(
        commands::sequencer_dependencies{
            *db, *log, answers, metrics, projections::fold, {}, {}, [](std::string const&) {}, {}},
        commands::sequencer_settings{});
    auto const keys = std::make_shared<auth::signing_keys const>(auth::signing_keys::ephemeral());
    identity.reset(new identity_service{auth::token_signer(keys, {}),
                                        auth::attempt_limiter(auth::attempt_limiter::options{}),
                                        {auth::quota(1, 1), 8},
                                        auth::verified_tokens<auth::principal>(),
                                        metrics});
    facts.reset(new server_info{*db, *sequencer, *log, metrics, now(), draining});
    storage::settings texts;
    texts.path = folder / "search";
    search = std::make_unique<projections::search_store>(*log, texts, metrics);
    with.reset(new services{config, people, sealing_key, *identity, *facts, *search, db->latest(storage::family::state),
                            bell, notary});
    ada.user_id = id_of(2);
    bob.user_id = id_of(3);
  }

  call a_call(std::string_view op = "list_tickets", std::vector<std::string> params = {"ALLOY"}, pairs query = {}) {
    return {row(op), asked, *with, &ada, std::move(params), std::move(query)};
  }
  // The cursor of a page behind `last`, as a client has it.
  std::string cursor_of(call const& c, std::string const& last = "plain") {
    auto const body = page_reply(c, {{"{}"}, last}).body;
    auto const parsed = alloy::json::parse(body);
    return std::string(parsed->root->find("next_cursor")->text);
  }
  std::string asked_with(call const& c, std::string const& cursor) {
    auto const ask = page_asked(c, std::nullopt, cursor);
    return ask ? ask->after : std::string(describe(ask.error().code).name);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(cursors, server)

BOOST_AUTO_TEST_CASE(a_cursor_leads_on_in_the_list_it_was_given_for) {
  auto const c = a_call();
  std::string const key("\0\x01\xff key", 8);
  BOOST_TEST(asked_with(c, cursor_of(c, key)) == key);
}

BOOST_AUTO_TEST_CASE(a_page_says_whether_there_is_more) {
  auto const c = a_call();
  BOOST_TEST(page_reply(c, {{R"({"a":1})", R"({"a":2})"}, {}}).body ==
             R"({"items":[{"a":1},{"a":2}],"next_cursor":null,"has_more":false})");
  BOOST_TEST(page_reply(c, {{}, {}}).body == R"({"items":[],"next_cursor":null,"has_more":false})");
  BOOST_TEST(page_reply(c, {{R"({"a":1})"}, "x"}).body.ends_with(R"(,"has_more":true})"));
}

BOOST_AUTO_TEST_CASE(a_foreign_cursor_is_refused) {
  auto const c = a_call("list_tickets", {"ALLOY"}, {{"status", "Done"}, {"sort", "priority"}});
  auto const cursor = cursor_of(c);
  BOOST_TEST(asked_with(c, cursor) == "plain");
  auto of_bob = c;
  of_bob.who = &bob;
  BOOST_TEST(asked_with(of_bob, cursor) == "bad_cursor");
  auto of_nobody = c;
  of_nobody.who = nullptr;
  BOOST_TEST(asked_with(of_nobody, cursor) == "bad_cursor");
  for (auto const& other :
       {a_call("list_sprints", {"ALLOY"}, c.query), a_call("list_tickets", {"OTHER"}, c.query),
        a_call("list_tickets", {"ALLOY"}, {}),
        a_call("list_tickets", {"ALLOY"}, {{"status", "Ready"}, {"sort", "priority"}}),
        a_call("list_tickets", {"ALLOY"}, {{"status", "Done"}}),
        a_call("list_tickets", {"ALLOY"}, {{"status", "Done"}, {"sort", "priority"}, {"label", "bug"}})})
    BOOST_TEST(asked_with(other, cursor) == "bad_cursor");
  server elsewhere; // with another key
  elsewhere.sealing_key = std::string(32, 'x');
  BOOST_TEST(elsewhere.asked_with(elsewhere.a_call("list_tickets", {"ALLOY"}, c.query), cursor) == "bad_cursor");
}

BOOST_AUTO_TEST_CASE(order_of_the_query_limit_and_the_cursor_itself_do_not_matter) {
  auto const cursor =
      cursor_of(a_call("list_tickets", {"ALLOY"}, {{"status", "Done"}, {"sort", "priority"}, {"limit", "5"}}));
  BOOST_TEST(asked_with(a_call("list_tickets", {"ALLOY"},
                               {{"cursor", cursor}, {"sort", "priority"}, {"limit", "50"}, {"status", "Done"}}),
                        cursor) == "plain");
}

BOOST_AUTO_TEST_CASE(no_altered_cursor_is_taken) {
  auto const c = a_call();
  auto const bytes = decode_base64url(cursor_of(c)).value();
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto altered = bytes;
    altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ 1 << bit % 8);
    BOOST_TEST(asked_with(c, encode_base64url(altered)) == "bad_cursor");
  }
  for (std::size_t size = 0; size < bytes.size(); ++size)
    BOOST_TEST(asked_with(c, encode_base64url(bytes.substr(0, size))) == "bad_cursor");
  for (auto const& bad :
       std::vector<std::string>{"", "x", "null", "AAAA", "====", "plain", cursor_of(c) + "=", cursor_of(c) + "A"})
    BOOST_TEST(asked_with(c, bad) == "bad_cursor", bad);
}

BOOST_AUTO_TEST_CASE(a_limit_is_within_the_settings) {
  auto const c = a_call();
  config.page_limit_default = 20;
  config.page_limit_max = 30;
  BOOST_TEST(page_asked(c, std::nullopt, std::nullopt)->limit == 20U);
  BOOST_TEST(page_asked(c, 1, std::nullopt)->limit == 1U);
  BOOST_TEST(page_asked(c, 30, std::nullopt)->limit == 30U);
  for (std::int64_t const bad : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{31}, INT64_MAX, INT64_MIN}) {
    auto const refused = page_asked(c, bad, std::nullopt);
    BOOST_TEST_REQUIRE(refused.has_error(), bad);
    BOOST_TEST(refused.error().faults.front().pointer == "/limit");
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(lists_over_organizations)

namespace {

// Rows "<org><key>" of three organizations; ids are the clients' own, so they may be anything.
struct shelves {
  tests::map_view state;
  std::vector<uuid> orgs{id_of(3), id_of(1), id_of(2)};

  void put(uuid const& org, std::string const& key, std::string const& name) {
    state.put(std::string(org.view()) + key, name);
  }
  std::string walk(std::size_t limit) {
    std::string out;
    std::string after;
    for (int pages = 0; pages < 50; ++pages) {
      auto const p = read_parts(orgs, {limit, after}, [&](uuid const& org, projections::page_request const& ask) {
        return projections::read_page(state, {std::string(org.view())}, ask,
                                      [](std::string_view, std::string_view v, std::string& json) {
                                        json = v;
                                        return true;
                                      });
      });
      for (auto const& row_text : p.rows) out += row_text;
      if (p.next.empty()) return out;
      out += '|';
      after = p.next;
    }
    return out + "...";
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(organizations_come_one_after_the_other, shelves) {
  put(id_of(1), "a", "1");
  put(id_of(1), "b", "2");
  put(id_of(3), "a", "3");
  put(id_of(3), "b", "4");
  put(id_of(3), "c", "5");
  BOOST_TEST(walk(1) == "1|2|3|4|5");
  BOOST_TEST(walk(2) == "12|34|5");
  BOOST_TEST(walk(3) == "123|45");
  BOOST_TEST(walk(4) == "1234|5");
  BOOST_TEST(walk(5) == "12345");
  BOOST_TEST(walk(50) == "12345");
}

BOOST_FIXTURE_TEST_CASE(a_list_over_nothing_is_empty, shelves) {
  BOOST_TEST(walk(1) == "");
  orgs.clear();
  BOOST_TEST(walk(1) == "");
}

// A client's own id may begin with 0xff.
BOOST_FIXTURE_TEST_CASE(the_last_id_there_can_be_comes_once, shelves) {
  put(id_of(1), "a", "1");
  put(id_of(1), std::string(16, '\xff'), "2");
  put(id_of(3), "a", "3");
  BOOST_TEST(walk(1) == "1|2|3");
  BOOST_TEST(walk(2) == "12|3");
  BOOST_TEST(walk(3) == "123");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::api
