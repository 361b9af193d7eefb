#include "core/derived_key.hpp"

#include "core/base64.hpp"
#include "core/crypto.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

using namespace alloy;
using namespace alloy::crypto;

namespace {

constexpr key_use uses[] = {key_use::person_keys,    key_use::email_index,       key_use::webhook_secrets,
                            key_use::known_networks, key_use::idempotency_store, key_use::retry_keys,
                            key_use::cursors};
std::string const server_key(32, 'k');

} // namespace

BOOST_AUTO_TEST_SUITE(derived_keys)

// RFC 5869, appendix A: cases 1 and 3.
BOOST_AUTO_TEST_CASE(the_derivation_is_that_of_the_rfc) {
  auto const bytes = [](std::string_view hex) { return decode_hex(hex).value(); };
  auto const key = bytes("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
  BOOST_TEST(encode_hex(hkdf_sha256(key, bytes("000102030405060708090a0b0c"), bytes("f0f1f2f3f4f5f6f7f8f9"), 42)) ==
             "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  BOOST_TEST(encode_hex(hkdf_sha256(key, {}, {}, 42)) ==
             "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

BOOST_AUTO_TEST_CASE(every_use_has_a_key_of_its_own_which_is_not_the_servers) {
  std::set<std::string> keys{server_key};
  for (auto const use : uses) {
    auto const key = derived_key(server_key, use);
    BOOST_TEST(key.size() == 32U);
    BOOST_TEST(keys.insert(key).second);
    BOOST_TEST(derived_key(server_key, use) == key);
    BOOST_TEST(derived_key(std::string(32, 'x'), use) != key);
  }
}

// What is on disk was made with these: a change would make it unreadable. Reckoned by another program (RFC 5869 in
// Python).
BOOST_AUTO_TEST_CASE(keys_never_change) {
  constexpr std::pair<key_use, std::string_view> known[] = {
      {key_use::person_keys, "b4613c480654308c852656487496cdf9a8be5b62e0a4fde388b9b3bd24d9ca96"},
      {key_use::email_index, "63603d8f6320d4369ae098c2626658d0505e75420856d08957656934adec074b"},
      {key_use::webhook_secrets, "21f31e78953d70ae881bb696a82a04a7f2847c8a8eeea84422ae536d91ccde2e"},
      {key_use::idempotency_store, "ca9204ac9db84208ff2cf27bba09a3e1527dbee09f195480d14841650b18f66b"},
      {key_use::retry_keys, "369a48e7aa355f52dadddff3a20620cfc0df790f30060f1639bb0a6e7ccae253"},
      {key_use::cursors, "c7dd99a81d104f1fdf64ca8c247c4dd5740ad9a54d43258576d2483a1d2e3fa6"},
      {key_use::known_networks, "87b8be909472b4558e7d312d61e656273a3625302d96d1587cff78a91774a95a"},
  };
  static_assert(std::size(known) == static_cast<std::size_t>(key_use::count));
  for (auto const& [use, hex] : known) BOOST_TEST(encode_hex(derived_key(server_key, use)) == hex);
}

BOOST_AUTO_TEST_CASE(what_is_sealed_says_with_which_key) {
  sealer const one(server_key, key_use::webhook_secrets), other(server_key, key_use::idempotency_store);
  auto const a = one.seal("secret", "id"), b = one.seal("secret", "id"), c = other.seal("secret", "id");
  BOOST_TEST(a.substr(0, 8) == b.substr(0, 8));
  BOOST_TEST(a.substr(0, 4) == c.substr(0, 4));
  BOOST_TEST(a.substr(4, 4) != c.substr(4, 4));
  BOOST_TEST(one.open(a, "id").value() == "secret");
}

BOOST_AUTO_TEST_CASE(what_was_sealed_before_there_were_uses_is_read_with_the_servers_key) {
  sealer const now(server_key, key_use::person_keys);
  auto const before = crypto::seal(server_key, "secret", "id");
  BOOST_TEST(now.open(before, "id").value() == "secret");
  BOOST_TEST(!now.open(before, "another").has_value());
  // Its first bytes are random: they may look like a mark and an id.
  auto const head = now.seal("x", "id").substr(0, 8);
  for (int n = 0; n < 1000; ++n) {
    auto lookalike = crypto::seal(server_key, "secret", "id");
    if (lookalike.starts_with(head.substr(0, 1))) BOOST_TEST(now.open(lookalike, "id").value() == "secret");
  }
}

BOOST_AUTO_TEST_CASE(nothing_opens_elsewhere_or_changed) {
  sealer const one(server_key, key_use::webhook_secrets);
  auto const sealed = one.seal("secret", "id");
  BOOST_TEST(!one.open(sealed, "another").has_value());
  BOOST_TEST(!sealer(server_key, key_use::person_keys).open(sealed, "id").has_value());
  BOOST_TEST(!sealer(std::string(32, 'x'), key_use::webhook_secrets).open(sealed, "id").has_value());
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    auto changed = sealed;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    BOOST_TEST(!one.open(changed, "id").has_value(), at);
  }
  for (std::size_t size = 0; size < sealed.size(); ++size)
    BOOST_TEST(!one.open(sealed.substr(0, size), "id").has_value(), size);
}

BOOST_AUTO_TEST_SUITE_END()
