#include "events/checkpoint.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::events {
namespace {

uuid some_id(std::uint8_t n) {
  uuid id;
  id.bytes[0] = n;
  return id;
}

crypto::digest const root = crypto::sha256("a root");

checkpoint_signer signer(char seed = 's') {
  return {crypto::ed25519_key::from_seed(std::string(32, seed)).value(), some_id(1)};
}

std::string fault(std::string_view note, std::string_view key) {
  auto const opened = open_checkpoint(note, key);
  return opened ? "" : opened.error().detail;
}

} // namespace

BOOST_AUTO_TEST_SUITE(checkpoints)

// The example of the package golang.org/x/mod/sumdb/note: the form is C2SP's signed note, though it is no checkpoint.
BOOST_AUTO_TEST_CASE(a_note_that_others_signed_is_read) {
  constexpr std::string_view key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  std::string note =
      "If you think cryptography is the answer to your problem,\n"
      "then you don't know what your problem is.\n\n"
      "\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngot"
      "pRZb6KE6RyyBwJnAM=\n";
  BOOST_TEST(fault(note, key) == "the checkpoint's size or root is malformed");
  note[0] = 'i';
  BOOST_TEST(fault(note, key) == "the signature does not hold");
}

BOOST_AUTO_TEST_CASE(what_was_signed_is_opened) {
  auto const s = signer();
  auto const opened = open_checkpoint(s.sign(some_id(2), 70'000, root), s.verifier_key());
  BOOST_TEST_REQUIRE(opened.has_value());
  BOOST_TEST(opened->origin == "alloy/" + to_string(some_id(1)) + "/" + to_string(some_id(2)));
  BOOST_TEST(opened->size == 70'000U);
  BOOST_TEST((opened->root == root));
  BOOST_TEST(opened->signed_by == "alloy/" + to_string(some_id(1)));
}

BOOST_AUTO_TEST_CASE(no_byte_of_the_text_may_change) {
  auto const s = signer();
  auto const note = s.sign(some_id(2), 9, root);
  for (std::size_t at = 0; at < note.find("\n\n"); ++at) {
    auto changed = note;
    changed[at] = changed[at] == 'x' ? 'y' : 'x';
    BOOST_TEST(!open_checkpoint(changed, s.verifier_key()).has_value(), "byte " << at);
  }
  for (std::size_t size = 0; size + 1 < note.size(); ++size)
    BOOST_TEST(!open_checkpoint(note.substr(0, size), s.verifier_key()).has_value(), "size " << size);
}

BOOST_AUTO_TEST_CASE(a_signature_of_another_key_is_none) {
  auto const note = signer().sign(some_id(2), 9, root);
  BOOST_TEST(fault(note, signer('t').verifier_key()).starts_with("it is not signed with this key"));
  auto const both = note + signer('t').sign(some_id(2), 9, root).substr(note.find("\n\n") + 2);
  BOOST_TEST(fault(both, signer('t').verifier_key()) == ""); // a witness may sign, too
  BOOST_TEST(fault(both, signer('u').verifier_key()).starts_with("it is not signed with this key"));
}

BOOST_AUTO_TEST_CASE(a_verifier_key_names_its_own_hash) {
  auto const s = signer();
  auto const note = s.sign(some_id(2), 9, root);
  for (std::string const bad : {"", "x", "a+b", "a+b+c", "a+00000000+AAAA"})
    BOOST_TEST(fault(note, bad).starts_with("this is no verifier key"), bad);
  auto corruption_error = s.verifier_key();
  corruption_error[corruption_error.find('+') + 1] ^= 1;
  BOOST_TEST(fault(note, corruption_error).find("verifier key") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::events
