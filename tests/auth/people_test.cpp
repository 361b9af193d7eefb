// Personal text and the way from an email to a user, also as 0.1.0 wrote them.
#include "auth/people.hpp"

#include "core/base64.hpp"
#include "core/crypto.hpp"
#include "core/derived_key.hpp"
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
  people who{server_key};
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
  who.forget_email(local, "ada@example.com");
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
  who.forget_email(local, "ada@example.com");
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

BOOST_AUTO_TEST_CASE(a_persons_key_is_sealed_with_a_key_of_that_use_alone) {
  auto const sealed = who.seal(local, person(1), "Ada");
  std::string row;
  BOOST_TEST_REQUIRE(local.get("p" + std::string(person(1).view()), row));
  BOOST_TEST(!crypto::open(server_key, row, person(1).view()).has_value());
  BOOST_TEST(crypto::sealer(server_key, crypto::key_use::person_keys).open(row, person(1).view()).has_value());
  people const stranger(std::string(32, 'x'));
  BOOST_CHECK_THROW(stranger.open(local, person(1), sealed), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::auth
