#include "core/crypto.hpp"

#include "core/base64.hpp"

#include <boost/test/unit_test.hpp>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

using namespace alloy;
using namespace alloy::crypto;

namespace {

std::string bytes(std::string_view hex) {
  return decode_hex(hex).value();
}
std::string hex(digest const& d) {
  return encode_hex(view_of(d));
}

} // namespace

BOOST_AUTO_TEST_SUITE(crypto_suite)

BOOST_AUTO_TEST_CASE(sha256_of_fips_180) {
  BOOST_TEST(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  BOOST_TEST(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(hex(sha256(std::string(1'000'000, 'a'))) ==
             "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

BOOST_AUTO_TEST_CASE(hmac_of_rfc_4231) {
  BOOST_TEST(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")) ==
             "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  BOOST_TEST(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
             "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  BOOST_TEST(hex(hmac_sha256(std::string(20, '\xaa'), std::string(50, '\xdd'))) ==
             "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  BOOST_TEST(hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")) ==
             "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  BOOST_TEST(hex(hmac_sha256("", "")) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

BOOST_AUTO_TEST_CASE(ed25519_of_rfc_8032) {
  struct vector {
    std::string seed, key, message, signature;
  };
  vector const vectors[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2"
       "4"
       "655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302ae"
       "e"
       "b00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28"
       "d"
       "c027beceea1ec40a"},
  };
  for (auto const& v : vectors) {
    auto const key = ed25519_key::from_seed(bytes(v.seed)).value();
    BOOST_TEST(encode_hex(key.public_bytes()) == v.key);
    BOOST_TEST(encode_hex(key.sign(bytes(v.message))) == v.signature);
    auto const half = ed25519_key::from_public_bytes(bytes(v.key)).value();
    BOOST_TEST(!half.can_sign());
    BOOST_TEST(half.verify(bytes(v.message), bytes(v.signature)));
    BOOST_TEST(!half.verify(bytes(v.message) + "x", bytes(v.signature)));
    for (std::size_t bit = 0; bit < 512; bit += 37) {
      auto wrong = bytes(v.signature);
      wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << bit % 8));
      BOOST_TEST(!half.verify(bytes(v.message), wrong));
    }
    BOOST_TEST(!half.verify(bytes(v.message), bytes(v.signature).substr(0, 63)));
    BOOST_TEST(!half.verify(bytes(v.message), ""));
    BOOST_CHECK_THROW(half.sign("x"), std::logic_error);
  }
}

BOOST_AUTO_TEST_CASE(ed25519_signatures_have_one_form) {
  // S + L is the same number modulo the group's order; RFC 8032 5.1.7 wants it refused.
  auto const key = ed25519_key::from_seed(std::string(32, '\x01')).value();
  auto signature = key.sign("message");
  auto const order = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += static_cast<unsigned char>(signature[32 + i]) + static_cast<unsigned char>(order[i]);
    signature[32 + i] = static_cast<char>(carry);
    carry >>= 8;
  }
  BOOST_TEST(!key.verify("message", signature));
}

BOOST_AUTO_TEST_CASE(pem_carries_a_key_and_other_keys_are_refused) {
  auto const key = ed25519_key::generate();
  auto const again = ed25519_key::from_private_pem(key.private_pem()).value();
  BOOST_TEST(again.public_bytes() == key.public_bytes());
  BOOST_TEST(ed25519_key::from_public_pem(key.public_pem()).value().verify("m", again.sign("m")));
  for (std::string const& bad : {std::string(), std::string("nonsense"), key.public_pem(),
                                 key.private_pem().substr(0, key.private_pem().size() / 2)})
    BOOST_TEST(ed25519_key::from_private_pem(bad).has_error());
  BOOST_TEST(ed25519_key::from_public_pem(key.private_pem()).has_error());
  // An X25519 key, whose PEM is well-formed.
  auto const x25519 = ed25519_key::from_public_pem("-----BEGIN PUBLIC KEY-----\n"
                                                   "MCowBQYDK2VuAyEAhSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=\n"
                                                   "-----END PUBLIC KEY-----\n");
  BOOST_REQUIRE(x25519.has_error());
  BOOST_TEST(x25519.error().detail == "the public key is not an Ed25519 key");
  BOOST_TEST(ed25519_key::from_seed("short").has_error());
}

BOOST_AUTO_TEST_CASE(keys_sign_and_verify_from_many_threads) {
  auto const key = ed25519_key::generate();
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        auto const message = std::to_string(t * 1000 + i);
        if (!key.verify(message, key.sign(message)) || key.verify(message + "x", key.sign(message))) ++wrong;
        if (sha256(message) != sha256(std::string(message))) ++wrong;
      }
    });
  for (auto& thread : threads) thread.join();
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(aes_256_gcm_of_the_gcm_specification) {
  // Test case 16: sealed elsewhere, opened here.
  auto const key = bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  auto const sealed =
      bytes("cafebabefacedbaddecaf888"
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
            "c5f61e6393ba7a0abcc9f662"
            "76fc6ece0f4e1768cddf8853bb2d551b");
  auto const associated = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  BOOST_TEST(encode_hex(crypto::open(key, sealed, associated).value()) ==
             "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
             "b16aedf5aa0de657ba637b39");
}

BOOST_AUTO_TEST_CASE(what_is_sealed_opens_only_unchanged) {
  auto const key = random_bytes(32);
  for (std::string const& plain : {std::string(), std::string("x"), std::string(5000, 'y')}) {
    auto const sealed = seal(key, plain, "org/1");
    BOOST_TEST(sealed.size() == plain.size() + 28);
    BOOST_TEST(crypto::open(key, sealed, "org/1").value() == plain);
    BOOST_TEST(!crypto::open(key, sealed, "org/2"));
    BOOST_TEST(!crypto::open(random_bytes(32), sealed, "org/1"));
    BOOST_TEST(seal(key, plain, "org/1") != sealed);
    for (std::size_t i = 0; i < sealed.size(); i += 1 + sealed.size() / 40) {
      auto changed = sealed;
      changed[i] = static_cast<char>(changed[i] ^ 0x40);
      BOOST_TEST(!crypto::open(key, changed, "org/1"));
    }
    for (std::size_t i = 0; i < std::min<std::size_t>(sealed.size(), 40); ++i)
      BOOST_TEST(!crypto::open(key, sealed.substr(0, i), "org/1"));
  }
  BOOST_CHECK_THROW(seal("short", "x", ""), std::invalid_argument);
  BOOST_CHECK_THROW(crypto::open("short", std::string(40, 'x'), ""), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(random_bytes_do_not_repeat) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_bytes(16));
  BOOST_TEST(seen.size() == 1000U);
  BOOST_TEST(random_bytes(0).empty());
}

BOOST_AUTO_TEST_CASE(comparison_and_wiping) {
  BOOST_TEST(constant_time_equal("", ""));
  BOOST_TEST(constant_time_equal("abc", "abc"));
  BOOST_TEST(!constant_time_equal("abc", "abd"));
  BOOST_TEST(!constant_time_equal("abc", "abcd"));
  std::string secret(100, 's');
  auto const* const where = secret.data();
  wipe(secret);
  BOOST_TEST(secret.empty());
  secret.resize(1);
  BOOST_TEST(secret.data() == where); // same memory, of which resize overwrote one byte alone
}

BOOST_AUTO_TEST_CASE(crc32c_of_rfc_3720_and_crc32_of_zlib) {
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending += static_cast<char>(i);
  BOOST_TEST(crc32c(std::string(32, '\0')) == 0x8a9136aaU);
  BOOST_TEST(crc32c(std::string(32, '\xff')) == 0x62a8ab43U);
  BOOST_TEST(crc32c(ascending) == 0x46dd794eU);
  BOOST_TEST(crc32c("123456789") == 0xe3069283U);
  BOOST_TEST(crc32("123456789") == 0xcbf43926U);
  BOOST_TEST(crc32("") == 0U);
}

BOOST_AUTO_TEST_CASE(table_and_instruction_agree_and_both_continue) {
  std::mt19937 rng(3);
  for (int round = 0; round < 500; ++round) {
    std::string text(rng() % 200, '\0');
    for (auto& c : text) c = static_cast<char>(rng());
    std::string_view const all = text;
    auto const cut = text.empty() ? 0 : rng() % text.size();
    BOOST_REQUIRE_EQUAL(crc32c(all), crc32c_by_table(all));
    BOOST_REQUIRE_EQUAL(crc32c(all.substr(cut), crc32c(all.substr(0, cut))), crc32c(all));
    BOOST_REQUIRE_EQUAL(crc32(all.substr(cut), crc32(all.substr(0, cut))), crc32(all));
  }
}

BOOST_AUTO_TEST_SUITE_END()
