#pragma once
// The Merkle tree over a tenant's records (RFC 6962, section 2.1): leaves are those of ledger.hpp, a node is
// SHA-256(0x01 || left || right). The state keeps the leaves and, each 256 of them, a node of the tree, so that a root
// or a proof reads a few hundred rows, however long the log is.
// Rows of table::tree_node: level, index -> hash of the subtree of the leaves [index, index + 1) * 256^level.
#include "core/crypto.hpp"
#include "core/id.hpp"
#include "core/view.hpp"

#include <functional>
#include <span>
#include <vector>

namespace alloy::events::merkle {

using crypto::digest;

digest leaf_of(std::string_view record_bytes);
digest node_of(digest const& left, digest const& right);

// Hashes leaves as they come, in memory of the tree's height.
class accumulator {
 public:
  void add(digest const& leaf);
  std::uint64_t size() const noexcept { return size_; }
  digest root() const; // SHA-256 of nothing where there are none

 private:
  std::uint64_t size_ = 0;
  std::vector<digest> peaks_; // of complete subtrees, the largest first
};

// The tree of a tenant as the state has it. Sizes and leaves (from 0) must be within it.
class tree {
 public:
  tree(reader const& state, uuid const& tenant) : state_(state), tenant_(tenant) {}

  digest root(std::uint64_t size) const;
  std::vector<digest> inclusion(std::uint64_t leaf, std::uint64_t size) const;
  std::vector<digest> consistency(std::uint64_t older, std::uint64_t newer) const;

 private:
  digest subtree(unsigned height, std::uint64_t index) const;
  digest range(std::uint64_t begin, std::uint64_t end) const;
  void path(std::uint64_t leaf, std::uint64_t begin, std::uint64_t end, std::vector<digest>& out) const;
  void proof(std::uint64_t older, std::uint64_t begin, std::uint64_t end, bool whole, std::vector<digest>& out) const;

  reader const& state_;
  uuid tenant_;
};

// What a client does with a proof (RFC 9162, sections 2.1.3.2 and 2.1.4.2).
bool verify_inclusion(digest const& leaf, std::uint64_t index, std::uint64_t size, std::span<digest const> path,
                      digest const& root);
bool verify_consistency(std::uint64_t older, std::uint64_t newer, digest const& older_root, digest const& newer_root,
                        std::span<digest const> path);

// Called by the ledger when leaf `seq` (from 1) has been put.
void fold_leaf(view& state, uuid const& tenant, std::uint64_t seq);

} // namespace alloy::events::merkle
