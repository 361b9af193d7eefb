// Personal text and the way from an email to a user, also as 0.1.0 wrote them.
#include "auth/pii_store.hpp"

#include "auth/address_index.hpp"
#include "core/base64.hpp"
#include "core/crypto.hpp"
#include "core/derived_key.hpp"
#include "domain/entities.hpp"
#include "tests/support/map_view.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::auth {
namespace {

std::string const server_key(32, 'k');

uuid person(unsigned char n) {
  uuid id{};
  id.bytes.back() = n;
  return id;
}

struct shelf {
  pii_store who{server_key};
  tests::map_view local;

  std::size_t rows_of(char kind) const {
    std::size_t n = 0;
    for (auto const& [k, v] : local.rows()) n += k.front() == kind;
    return n;
  }
  // As a server wrote it that used its key itself for everything.
  void write_the_former_way(uuid const& user, std::string const& email, std::string const& key) {
    auto const index = crypto::hmac_sha256(server_key, "email\n" + email);
    local.put("e" + std::string(crypto::view_of(index)), user.view());
    local.put("p" + std::string(user.view()), crypto::seal(server_key, key, user.view()));
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(people_suite, shelf)

BOOST_AUTO_TEST_CASE(who_was_remembered_is_found_and_who_was_forgotten_is_not) {
  who.remember_email(local, "ada@example.com", person(1));
  BOOST_TEST((who.find_by_email(local, "ada@example.com") == person(1)));
  BOOST_TEST(!who.find_by_email(local, "bob@example.com").has_value());
  who.forget_email(local, "ada@example.com", person(1));
  BOOST_TEST(!who.find_by_email(local, "ada@example.com").has_value());
  BOOST_TEST(rows_of('e') == 0U);
}

BOOST_AUTO_TEST_CASE(who_registered_before_keys_were_derived_is_found_and_read) {
  std::string const key(32, 'p');
  write_the_former_way(person(1), "ada@example.com", key);
  BOOST_TEST((who.find_by_email(local, "ada@example.com") == person(1)));
  auto const name = encode_base64(crypto::seal(key, "Ada", person(1).view()));
  BOOST_TEST(who.open(local, person(1), name).value() == "Ada");
  // What is sealed from now on is sealed with the same key of hers.
  auto const fresh = who.seal(local, person(1), "Ada Lovelace");
  BOOST_TEST(crypto::open(key, decode_base64(fresh).value(), person(1).view()).value() == "Ada Lovelace");
}

BOOST_AUTO_TEST_CASE(what_was_written_the_former_way_is_forgotten_for_good) {
  write_the_former_way(person(1), "ada@example.com", std::string(32, 'p'));
  who.forget_email(local, "ada@example.com", person(1));
  who.forget(local, person(1));
  BOOST_TEST(!who.find_by_email(local, "ada@example.com").has_value());
  BOOST_TEST(local.rows().empty());
}

BOOST_AUTO_TEST_CASE(an_email_has_one_row_whoever_wrote_it_first) {
  write_the_former_way(person(1), "ada@example.com", std::string(32, 'p'));
  who.remember_email(local, "ada@example.com", person(2));
  BOOST_TEST(rows_of('e') == 1U);
  BOOST_TEST((who.find_by_email(local, "ada@example.com") == person(2)));
}

BOOST_AUTO_TEST_CASE(an_address_is_found_however_it_is_written) {
  who.remember_email(local, "j\u00f6rg@example.com", person(1));
  for (std::string const same :
       {"J\u00d6RG@example.com", "jo\u0308rg@example.com", "j\u00f6rg@EXAMPLE.com", "j\u00f6\u200brg@example.com"})
    BOOST_TEST((who.find_by_email(local, same) == person(1)), same);
  BOOST_TEST(!who.find_by_email(local, "jorg@example.com").has_value());
  who.forget_email(local, "J\u00d6RG@example.com", person(1));
  BOOST_TEST(rows_of('e') == 0U);
}

// An index as versions made it that told these addresses apart.
struct former_accounts : shelf {
  tests::map_view state;

  void registered(unsigned char n, std::string const& email, std::int64_t at_ms, bool erased = false) {
    domain::user u;
    u.id = person(n);
    u.email_sealed = who.seal(local, u.id, email);
    u.password_hash = "hash";
    u.created_at = {at_ms};
    if (erased) u.erased_at = timestamp{at_ms + 1};
    domain::put(state, identity_tenant, u);
    auto const index =
        crypto::hmac_sha256(crypto::derived_key(server_key, crypto::key_use::email_index), "email\n" + email);
    local.put("e" + std::string(crypto::view_of(index)), u.id.view());
  }
};

BOOST_FIXTURE_TEST_CASE(an_index_of_another_rule_is_made_anew_and_the_older_account_keeps_the_address,
                        former_accounts) {
  registered(3, "ada@example.com", 1);
  registered(2, "j\u00d6rg@example.com", 20);
  registered(1, "j\u00f6rg@example.com", 30);
  registered(4, "a\u200bda@example.com", 40);
  registered(5, "gone@example.com", 5, true);
  BOOST_TEST(!pii_store::addresses_are_indexed(local));
  auto const shared = index_addresses(who, state, local);
  BOOST_TEST_REQUIRE(shared.has_value());
  BOOST_TEST_REQUIRE(shared->size() == 2U);
  BOOST_TEST((shared->at(0).users == std::vector{person(3), person(4)}));
  BOOST_TEST((shared->at(1).users == std::vector{person(2), person(1)}));
  // Both log in with what they registered; what nobody registered so is the older one's.
  BOOST_TEST((who.find_by_email(local, "j\u00d6rg@example.com") == person(2)));
  BOOST_TEST((who.find_by_email(local, "j\u00f6rg@example.com") == person(1)));
  BOOST_TEST((who.find_by_email(local, "J\u00d6RG@EXAMPLE.com") == person(2)));
  BOOST_TEST((who.find_by_email(local, "a\u200bda@example.com") == person(4)));
  BOOST_TEST((who.find_by_email(local, "ada@example.com") == person(3)));
  BOOST_TEST(!who.find_by_email(local, "gone@example.com").has_value());
  BOOST_TEST(pii_store::addresses_are_indexed(local));
  BOOST_TEST(!index_addresses(who, state, local).has_value()); // once
}

BOOST_FIXTURE_TEST_CASE(who_shares_an_address_keeps_it_when_the_older_one_is_erased, former_accounts) {
  registered(2, "j\u00d6rg@example.com", 20);
  registered(1, "j\u00f6rg@example.com", 30);
  index_addresses(who, state, local);
  who.forget_email(local, "j\u00d6rg@example.com", person(2));
  BOOST_TEST((who.find_by_email(local, "J\u00d6RG@EXAMPLE.com") == person(1)));
  who.forget_email(local, "j\u00f6rg@example.com", person(1));
  BOOST_TEST(rows_of('e') == 0U);
}

BOOST_FIXTURE_TEST_CASE(an_index_is_left_alone_where_addresses_are_of_another_servers_key, former_accounts) {
  registered(1, "ada@example.com", 1);
  auto const before = local.rows();
  pii_store const stranger(std::string(32, 'x'));
  BOOST_CHECK_THROW(index_addresses(stranger, state, local), std::runtime_error);
  BOOST_TEST((local.rows() == before));
}

BOOST_AUTO_TEST_CASE(a_persons_key_is_sealed_with_a_key_of_that_use_alone) {
  auto const sealed = who.seal(local, person(1), "Ada");
  std::string row;
  BOOST_TEST_REQUIRE(local.get("p" + std::string(person(1).view()), row));
  BOOST_TEST(!crypto::open(server_key, row, person(1).view()).has_value());
  BOOST_TEST(crypto::sealer(server_key, crypto::key_use::person_keys).open(row, person(1).view()).has_value());
  pii_store const stranger(std::string(32, 'x'));
  BOOST_CHECK_THROW(stranger.open(local, person(1), sealed), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::auth
