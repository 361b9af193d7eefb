#include "events/merkle.hpp"

#include "core/base64.hpp"
#include "events/ledger.hpp"
#include "tests/support/map_view.hpp"

#include <boost/test/unit_test.hpp>
#include <random>

namespace alloy::events::merkle {
namespace {

std::string hex(digest const& d) {
  return encode_hex(crypto::view_of(d));
}

// RFC 6962, section 2.1, word by word: the slow way.
digest plain_root(std::span<digest const> leaves) {
  if (leaves.empty()) return crypto::sha256({});
  if (leaves.size() == 1) return leaves.front();
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  return node_of(plain_root(leaves.first(k)), plain_root(leaves.subspan(k)));
}

struct grown {
  tests::map_view state;
  uuid tenant;
  std::vector<digest> leaves;

  explicit grown(std::uint64_t size) {
    tenant.bytes[0] = 7;
    for (std::uint64_t seq = 1; seq <= size; ++seq) {
      auto const bytes = "record " + std::to_string(seq);
      fold_record(state, tenant, seq, seq * 3, 0, bytes);
      leaves.push_back(leaf_of(bytes));
    }
  }
  tree of() const { return {state, tenant}; }
};

} // namespace

BOOST_AUTO_TEST_SUITE(merkle_tree)

// The tree that the tests of Certificate Transparency's own implementations build.
BOOST_AUTO_TEST_CASE(known_roots) {
  accumulator a;
  BOOST_TEST(hex(a.root()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  char const* const leaves[] = {
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  for (auto const* leaf : leaves) a.add(leaf_of(*decode_hex(leaf)));
  BOOST_TEST(hex(a.root()) == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

BOOST_AUTO_TEST_CASE(roots_of_every_size_are_those_of_the_rfc) {
  grown const g(600); // beyond two stored nodes
  accumulator a;
  for (std::uint64_t size = 0; size <= 600; ++size) {
    if (size > 0) a.add(g.leaves[size - 1]);
    if (size > 70 && size % 37 != 0 && size != 256 && size != 512) continue;
    auto const expected = plain_root(std::span(g.leaves).first(size));
    BOOST_TEST(hex(g.of().root(size)) == hex(expected));
    BOOST_TEST(hex(a.root()) == hex(expected));
  }
}

BOOST_AUTO_TEST_CASE(every_leaf_is_proved_in_every_size_and_no_other_one_is) {
  grown const g(40);
  for (std::uint64_t size = 1; size <= 40; ++size) {
    auto const root = g.of().root(size);
    for (std::uint64_t leaf = 0; leaf < size; ++leaf) {
      auto path = g.of().inclusion(leaf, size);
      BOOST_TEST(verify_inclusion(g.leaves[leaf], leaf, size, path, root));
      BOOST_TEST(!verify_inclusion(g.leaves[(leaf + 1) % 40], leaf, size, path, root));
      BOOST_TEST(!verify_inclusion(g.leaves[leaf], leaf, size + 64, path, root));
      if (path.empty()) continue;
      path.back()[0] ^= 1;
      BOOST_TEST(!verify_inclusion(g.leaves[leaf], leaf, size, path, root));
      path.pop_back();
      BOOST_TEST(!verify_inclusion(g.leaves[leaf], leaf, size, path, root));
    }
  }
}

BOOST_AUTO_TEST_CASE(every_size_is_proved_to_be_the_beginning_of_every_later_one) {
  grown const g(40);
  for (std::uint64_t newer = 1; newer <= 40; ++newer)
    for (std::uint64_t older = 1; older <= newer; ++older) {
      auto path = g.of().consistency(older, newer);
      auto const from = g.of().root(older), to = g.of().root(newer);
      BOOST_TEST(verify_consistency(older, newer, from, to, path));
      if (older == newer) continue;
      BOOST_TEST(!verify_consistency(older, newer, to, from, path));
      path.front()[31] ^= 1;
      BOOST_TEST(!verify_consistency(older, newer, from, to, path));
    }
}

BOOST_AUTO_TEST_CASE(a_proof_over_stored_nodes_holds) {
  grown const g(1100);
  std::mt19937 rng(11);
  for (int i = 0; i < 50; ++i) {
    std::uint64_t const size = 1 + rng() % 1100, leaf = rng() % size, older = 1 + rng() % size;
    auto const root = g.of().root(size);
    BOOST_TEST(verify_inclusion(g.leaves[leaf], leaf, size, g.of().inclusion(leaf, size), root));
    BOOST_TEST(verify_consistency(older, size, g.of().root(older), root, g.of().consistency(older, size)));
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::events::merkle
