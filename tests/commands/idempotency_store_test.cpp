#include "core/crypto.hpp"
#include "core/derived_key.hpp"
#include "tests/commands/bench.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::commands {
namespace {

using tests::id_of;

constexpr std::int64_t ttl_ms = 1000;

answer an_answer() {
  answer a;
  a.status = 201;
  a.body = R"({"key":"alloy_secret_shown_once"})";
  a.version = 3;
  a.location = "/api/v1/x/1";
  a.warning = "careful";
  a.position = 42;
  return a;
}

struct shelf {
  idempotency_store kept{std::string(32, 'k'), ttl_ms};
  tests::map_view local;
  idempotency_key key{id_of(1), "fingerprint"};
  timestamp at{1'000'000};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(answers_kept_for_retries, shelf)

BOOST_AUTO_TEST_CASE(a_retry_gets_the_answer_of_the_first_time) {
  BOOST_TEST(!kept.find(local, key, at).has_value());
  kept.keep(local, key, an_answer(), at);
  auto const found = kept.find(local, key, {at.ms + ttl_ms - 1});
  BOOST_TEST_REQUIRE((found.has_value() && found->has_value()));
  auto const& a = **found;
  BOOST_TEST(a.replayed);
  BOOST_TEST(a.status == 201U);
  BOOST_TEST(a.body == an_answer().body);
  BOOST_TEST(a.version == 3U);
  BOOST_TEST(a.location == "/api/v1/x/1");
  BOOST_TEST(a.warning == "careful");
  BOOST_TEST(a.position == 42U);
}

BOOST_AUTO_TEST_CASE(a_key_belongs_to_one_request) {
  kept.keep(local, key, an_answer(), at);
  auto const other = kept.find(local, {key.command_id, "another"}, at);
  BOOST_TEST_REQUIRE(other.has_value());
  BOOST_TEST(name_of(*other) == "idempotency_mismatch");
  BOOST_TEST(!kept.find(local, {id_of(2), key.fingerprint}, at).has_value());
}

BOOST_AUTO_TEST_CASE(an_answer_has_its_time) {
  kept.keep(local, key, an_answer(), at);
  BOOST_TEST(!kept.find(local, key, {at.ms + ttl_ms}).has_value());
  BOOST_TEST(!kept.find(local, {key.command_id, "another"}, {at.ms + ttl_ms}).has_value());
}

BOOST_AUTO_TEST_CASE(sweeping_takes_what_is_over_and_nothing_else) {
  for (unsigned i = 0; i < 10; ++i) kept.keep(local, {id_of(10 + i), "f"}, an_answer(), {at.ms + i});
  BOOST_TEST(local.rows().size() == 20U);
  kept.sweep(local, {at.ms + ttl_ms + 4}, 3);
  BOOST_TEST(local.rows().size() == 14U); // no more than it may at once
  kept.sweep(local, {at.ms + ttl_ms + 4}, 1000);
  for (unsigned i = 0; i < 10; ++i) BOOST_TEST(kept.find(local, {id_of(10 + i), "f"}, at).has_value() == (i > 3), i);
  kept.sweep(local, {at.ms + 10 * ttl_ms}, 1000);
  BOOST_TEST(local.rows().empty());
}

BOOST_AUTO_TEST_CASE(a_key_used_anew_outlives_the_sweep_of_its_first_answer) {
  kept.keep(local, key, an_answer(), at);
  timestamp const later{at.ms + ttl_ms + 5};
  kept.keep(local, key, an_answer(), later);
  kept.sweep(local, {later.ms + 1}, 1000);
  BOOST_TEST(kept.find(local, key, later).has_value());
  BOOST_TEST(local.rows().size() == 2U);
  kept.sweep(local, {later.ms + ttl_ms + 1}, 1000);
  BOOST_TEST(local.rows().empty());
}

BOOST_AUTO_TEST_CASE(what_is_kept_is_sealed) {
  kept.keep(local, key, an_answer(), at);
  for (auto const& [k, v] : local.rows())
    for (std::string const plain : {"alloy_secret", "shown_once", "careful", "/api/v1/x", "fingerprint"}) {
      BOOST_TEST(k.find(plain) == std::string::npos, plain);
      BOOST_TEST(v.find(plain) == std::string::npos, plain);
    }
}

BOOST_AUTO_TEST_CASE(an_answer_that_was_sealed_before_keys_were_derived_is_still_given) {
  kept.keep(local, key, an_answer(), at);
  std::string const where = "a" + std::string(key.command_id.view()), server_key(32, 'k');
  std::string row;
  local.get(where, row);
  auto const plain = crypto::sealer(server_key, crypto::key_use::idempotency_store).open(row, key.command_id.view());
  BOOST_TEST_REQUIRE(plain.has_value());
  BOOST_TEST(!crypto::open(server_key, row, key.command_id.view()).has_value());
  local.put(where, crypto::seal(server_key, *plain, key.command_id.view())); // as it was written then
  auto const found = kept.find(local, key, at);
  BOOST_TEST_REQUIRE((found.has_value() && found->has_value()));
  BOOST_TEST((*found)->body == an_answer().body);
  kept.sweep(local, {at.ms + ttl_ms + 1}, 1000);
  BOOST_TEST(local.rows().empty());
}

BOOST_AUTO_TEST_CASE(another_servers_key_opens_nothing_and_rows_cannot_be_exchanged) {
  kept.keep(local, key, an_answer(), at);
  idempotency_store const stranger(std::string(32, 'x'), ttl_ms);
  BOOST_CHECK_THROW(stranger.find(local, key, at), std::runtime_error);
  std::string row;
  local.get("a" + std::string(key.command_id.view()), row);
  local.put("a" + std::string(id_of(2).view()), row); // somebody else's answer under my key
  BOOST_CHECK_THROW(kept.find(local, {id_of(2), key.fingerprint}, at), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(retries_through_the_sequencer)

BOOST_AUTO_TEST_CASE(a_retried_command_happens_once) {
  bench b("rocksdb");
  idempotency_key const key{id_of(900), "f"};
  int decided = 0;
  auto const ask = [&](std::string const& fingerprint) {
    return b
        .submit(
            [&](head const&, timestamp) -> result<plan> {
              ++decided;
              return plan_of(founding_of(id_of(1), "one"), "{\"n\":1}");
            },
            idempotency_key{key.command_id, fingerprint})
        .get();
  };
  auto const first = ask("f");
  BOOST_TEST(!first->replayed);
  auto const again = ask("f");
  BOOST_TEST_REQUIRE(again.has_value());
  BOOST_TEST(again->replayed);
  BOOST_TEST(again->body == "{\"n\":1}");
  BOOST_TEST(again->position == first->position);
  BOOST_TEST(name_of(ask("g")) == "idempotency_mismatch");
  BOOST_TEST(decided == 1);
  BOOST_TEST(b.log->head() == 3U);
  BOOST_TEST(b.log->find(key.command_id) == 1U);
  // After a restart, too.
  b.start({});
  BOOST_TEST(ask("f")->replayed);
  BOOST_TEST(decided == 1);
}

BOOST_AUTO_TEST_CASE(a_retry_in_the_same_batch_gets_the_same_answer) {
  bench b;
  b.before_batch.shut();
  auto held = b.found(100, "gate");
  b.before_batch.wait_until_reached();
  auto first = b.submit(founding_of(id_of(1), "one"), "x", idempotency_key{id_of(900), "f"});
  auto again = b.submit(founding_of(id_of(2), "two"), "y", idempotency_key{id_of(900), "f"});
  b.before_batch.open();
  BOOST_TEST(first.get()->body == "x");
  auto const replay = again.get();
  BOOST_TEST(replay->body == "x");
  BOOST_TEST(replay->replayed);
  BOOST_TEST(b.records() == "1+3 100/1\n4+3 1/1\n");
}

// Rights come before the answer, and before the word that another request had the key.
BOOST_AUTO_TEST_CASE(a_kept_answer_is_given_to_whom_may_have_it) {
  bench b;
  bool may = true;
  std::vector<uuid> written_to;
  bool with_answer = false;
  auto const ask = [&](std::string const& fingerprint) {
    std::promise<result<answer>> told;
    command c;
    c.key = idempotency_key{id_of(900), fingerprint};
    c.admit = [&](head const&, timestamp, answer const* kept) -> result<> {
      with_answer = kept != nullptr;
      if (kept) written_to = kept->tenants;
      if (!may) return error(errc::role_too_low);
      return {};
    };
    c.decide = [](head const&, timestamp) -> result<plan> {
      auto p = plan_of(founding_of(id_of(1), "one"), "x");
      p.least = role::Admin;
      return p;
    };
    c.done = [&](result<answer> a) { told.set_value(std::move(a)); };
    b.queue->submit(std::move(c));
    return told.get_future().get();
  };
  BOOST_TEST(!ask("f")->replayed);
  auto const again = ask("f");
  BOOST_TEST_REQUIRE(again.has_value());
  BOOST_TEST(again->replayed);
  BOOST_TEST((again->least == role::Admin));
  BOOST_TEST(with_answer);
  BOOST_TEST((written_to == std::vector{id_of(1)}));
  BOOST_TEST(name_of(ask("g")) == "idempotency_mismatch");
  BOOST_TEST(!with_answer);
  may = false;
  BOOST_TEST(name_of(ask("f")) == "role_too_low");
  BOOST_TEST(name_of(ask("g")) == "role_too_low");
}

BOOST_AUTO_TEST_CASE(a_refused_command_frees_its_key) {
  bench b;
  auto const refused = b.submit([](head const&, timestamp) -> result<plan> { return error(errc::wrong_state); },
                                idempotency_key{id_of(900), "f"})
                           .get();
  BOOST_TEST(name_of(refused) == "wrong_state");
  auto const later = b.submit(founding_of(id_of(1), "one"), "x", idempotency_key{id_of(900), "g"}).get();
  BOOST_TEST(name_of(later) == "ok");
  BOOST_TEST(!later->replayed);
}

// A refresh token used twice: its session ends, and whoever asks is refused, however often he asks.
BOOST_AUTO_TEST_CASE(a_retry_of_what_was_refused_although_it_happened_is_refused) {
  bench b("rocksdb");
  int decided = 0;
  auto const ask = [&] {
    return b
        .submit(
            [&](head const&, timestamp) -> result<plan> {
              if (++decided > 1) return error(errc::unauthenticated, "it is over");
              auto p = plan_of(founding_of(id_of(1), "one"));
              p.render = [](reader const&) {
                answer a;
                a.refused = error(errc::unauthenticated, "not valid");
                return a;
              };
              return p;
            },
            idempotency_key{id_of(900), "f"})
        .get();
  };
  auto const first = ask();
  BOOST_TEST_REQUIRE(first.has_value());
  BOOST_TEST(first->refused.has_value());
  BOOST_TEST(b.log->head() == 3U); // it has happened
  auto const again = ask();
  BOOST_TEST((again.has_error() || again->refused.has_value()), "the retry is answered as if it had gone well");
  BOOST_TEST(b.log->head() == 3U);
}

BOOST_AUTO_TEST_CASE(a_key_whose_answer_is_over_can_be_used_anew) {
  bench b("rocksdb", {}, 0); // every answer is over at once
  b.submit(founding_of(id_of(1), "one"), "x", idempotency_key{id_of(900), "f"}).get();
  auto const second = b.submit(founding_of(id_of(2), "two"), "y", idempotency_key{id_of(900), "g"}).get();
  BOOST_TEST_REQUIRE(second.has_value());
  BOOST_TEST(second->body == "y");
  BOOST_TEST(!second->replayed);
  BOOST_TEST(b.records() == "1+3 1/1\n4+3 2/1\n");
  BOOST_TEST(b.log->find(id_of(900)) == 1U); // still that of the first record
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::commands
