#include "events/merkle.hpp"

#include "events/ledger.hpp"

#include <bit>
#include <stdexcept>

namespace alloy::events::merkle {
namespace {

constexpr unsigned level_bits = 8;
constexpr std::uint64_t level_size = 1u << level_bits;
constexpr std::size_t leaf_at = 8; // behind the position in the ledger's row

key node_key(uuid const& tenant, unsigned level, std::uint64_t index) {
  return key(tenant, table::tree_node).add_byte(static_cast<std::uint8_t>(level)).add(index);
}

digest digest_from(std::string_view bytes) {
  digest d;
  if (bytes.size() != d.size()) throw std::runtime_error("a node of a Merkle tree is not 32 bytes");
  for (std::size_t i = 0; i < d.size(); ++i) d[i] = static_cast<unsigned char>(bytes[i]);
  return d;
}

// Complete subtrees of one level below, in order; their number is a power of two.
digest join(std::vector<digest> nodes) {
  while (nodes.size() > 1) {
    for (std::size_t i = 0; i < nodes.size() / 2; ++i) nodes[i] = node_of(nodes[2 * i], nodes[2 * i + 1]);
    nodes.resize(nodes.size() / 2);
  }
  return nodes.front();
}

std::vector<digest> read_nodes(reader const& state, uuid const& tenant, unsigned level, std::uint64_t first,
                               std::uint64_t count) {
  std::vector<std::string> keys;
  for (std::uint64_t i = first; i < first + count; ++i)
    keys.push_back(level == 0 ? leaf_key(tenant, i + 1).str() : node_key(tenant, level, i).str());
  std::vector<digest> nodes;
  for (auto const& row : state.multi_get(keys)) {
    if (!row) throw std::runtime_error("a node of a Merkle tree is missing; run alloy rebuild");
    nodes.push_back(digest_from(level == 0 ? std::string_view(*row).substr(leaf_at) : std::string_view(*row)));
  }
  return nodes;
}

} // namespace

digest leaf_of(std::string_view record_bytes) {
  std::string input;
  input.reserve(record_bytes.size() + 1);
  input.push_back('\0');
  input.append(record_bytes);
  return crypto::sha256(input);
}

digest node_of(digest const& left, digest const& right) {
  std::string input(1, '\x01');
  input.append(crypto::view_of(left)).append(crypto::view_of(right));
  return crypto::sha256(input);
}

void accumulator::add(digest const& leaf) {
  digest top = leaf;
  for (auto n = size_++; n & 1; n >>= 1) {
    top = node_of(peaks_.back(), top);
    peaks_.pop_back();
  }
  peaks_.push_back(top);
}

digest accumulator::root() const {
  if (peaks_.empty()) return crypto::sha256({});
  auto top = peaks_.back();
  for (auto peak = peaks_.rbegin() + 1; peak != peaks_.rend(); ++peak) top = node_of(*peak, top);
  return top;
}

// A complete subtree of 2^height leaves, the index-th of its height.
digest tree::subtree(unsigned height, std::uint64_t index) const {
  auto const level = height / level_bits, above = height % level_bits;
  return join(read_nodes(state_, tenant_, level, index << above, std::uint64_t{1} << above));
}

digest tree::range(std::uint64_t begin, std::uint64_t end) const {
  auto const size = end - begin;
  if (std::has_single_bit(size)) {
    auto const height = static_cast<unsigned>(std::countr_zero(size));
    return subtree(height, begin >> height);
  }
  auto const half = std::bit_floor(size);
  return node_of(range(begin, begin + half), range(begin + half, end));
}

digest tree::root(std::uint64_t size) const {
  return size == 0 ? crypto::sha256({}) : range(0, size);
}

namespace {
// Where a tree of more than one leaf is split: the largest power of two below its size.
std::uint64_t split_of(std::uint64_t size) {
  return std::bit_floor(size - 1);
}
} // namespace

void tree::path(std::uint64_t leaf, std::uint64_t begin, std::uint64_t end, std::vector<digest>& out) const {
  if (end - begin == 1) return;
  auto const middle = begin + split_of(end - begin);
  if (leaf < middle) {
    path(leaf, begin, middle, out);
    out.push_back(range(middle, end));
  } else {
    path(leaf, middle, end, out);
    out.push_back(range(begin, middle));
  }
}

std::vector<digest> tree::inclusion(std::uint64_t leaf, std::uint64_t size) const {
  std::vector<digest> out;
  path(leaf, 0, size, out);
  return out;
}

void tree::proof(std::uint64_t older, std::uint64_t begin, std::uint64_t end, bool whole,
                 std::vector<digest>& out) const {
  if (older == end) {
    if (!whole) out.push_back(range(begin, end));
    return;
  }
  auto const middle = begin + split_of(end - begin);
  if (older <= middle) {
    proof(older, begin, middle, whole, out);
    out.push_back(range(middle, end));
  } else {
    proof(older, middle, end, false, out);
    out.push_back(range(begin, middle));
  }
}

std::vector<digest> tree::consistency(std::uint64_t older, std::uint64_t newer) const {
  std::vector<digest> out;
  if (older > 0 && older < newer) proof(older, 0, newer, true, out);
  return out;
}

bool verify_inclusion(digest const& leaf, std::uint64_t index, std::uint64_t size, std::span<digest const> path,
                      digest const& root) {
  if (index >= size) return false;
  auto fn = index, sn = size - 1;
  auto r = leaf;
  for (auto const& p : path) {
    if (sn == 0) return false;
    if ((fn & 1) || fn == sn) {
      r = node_of(p, r);
      if (!(fn & 1)) do {
          fn >>= 1;
          sn >>= 1;
        } while (!(fn & 1) && fn != 0);
    } else {
      r = node_of(r, p);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && r == root;
}

bool verify_consistency(std::uint64_t older, std::uint64_t newer, digest const& older_root, digest const& newer_root,
                        std::span<digest const> path) {
  if (older > newer) return false;
  if (older == newer) return path.empty() && older_root == newer_root;
  if (older == 0) return path.empty();
  std::vector<digest> steps;
  if (std::has_single_bit(older)) steps.push_back(older_root);
  steps.insert(steps.end(), path.begin(), path.end());
  if (steps.empty()) return false;
  auto fn = older - 1, sn = newer - 1;
  while (fn & 1) {
    fn >>= 1;
    sn >>= 1;
  }
  auto fr = steps.front(), sr = steps.front();
  for (std::size_t i = 1; i < steps.size(); ++i) {
    if (sn == 0) return false;
    if ((fn & 1) || fn == sn) {
      fr = node_of(steps[i], fr);
      sr = node_of(steps[i], sr);
      if (!(fn & 1)) do {
          fn >>= 1;
          sn >>= 1;
        } while (!(fn & 1) && fn != 0);
    } else {
      sr = node_of(sr, steps[i]);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && fr == older_root && sr == newer_root;
}

void fold_leaf(view& state, uuid const& tenant, std::uint64_t seq) {
  auto count = seq;
  for (unsigned level = 1; count != 0 && count % level_size == 0; ++level) {
    count /= level_size;
    auto const node = join(read_nodes(state, tenant, level - 1, (count - 1) * level_size, level_size));
    state.put(node_key(tenant, level, count - 1), crypto::view_of(node));
  }
}

} // namespace alloy::events::merkle
