#include "api/operations/resources.hpp"
#include "api/table/answers.hpp"
#include "api/table/server_info.hpp"
#include "core/base64.hpp"
#include "events/checkpoint.hpp"
#include "events/ledger.hpp"
#include "events/merkle.hpp"

#include <charconv>

namespace alloy::api {
namespace {

struct head_view {
  static constexpr bool answer = true;
  uuid org_id;
  std::uint64_t size = 0, position = 0; // records; the position of the last one's first event
  std::string root, checkpoint, verifier_key;
  std::optional<std::vector<std::string>> consistency;
};
BOOST_DESCRIBE_STRUCT(head_view, (), (org_id, size, position, root, checkpoint, verifier_key, consistency))

struct proof_view {
  static constexpr bool answer = true;
  uuid org_id;
  std::uint64_t position = 0, leaf_index = 0, size = 0;
  std::string leaf, root, record;
  std::vector<std::string> inclusion;
};
BOOST_DESCRIBE_STRUCT(proof_view, (), (org_id, position, leaf_index, size, leaf, root, record, inclusion))

using size_text = bounded<1, 9'007'199'254'740'991>;
struct head_query {
  std::optional<size_text> since;
};
BOOST_DESCRIBE_STRUCT(head_query, (), (since))
struct proof_query {
  std::optional<size_text> size;
};
BOOST_DESCRIBE_STRUCT(proof_query, (), (size))

std::string text_of(crypto::digest const& d) {
  return encode_base64(crypto::view_of(d));
}
std::vector<std::string> texts_of(std::vector<crypto::digest> const& path) {
  std::vector<std::string> texts;
  for (auto const& one : path) texts.push_back(text_of(one));
  return texts;
}

// A size of the tree that was asked for, or what there is.
result<std::uint64_t> size_in(std::optional<size_text> const& asked, std::uint64_t size, char const* name) {
  auto const wanted = asked ? static_cast<std::uint64_t>(asked->value) : size;
  if (wanted > size) return error::of_field(name, "out_of_range", "the tree has " + std::to_string(size) + " leaves");
  return wanted;
}

result<reply> show_head(read_context& c, head_query const& q) {
  auto const& org = c.subject.org;
  auto const head = events::head_of(c.state, org);
  auto const since = size_in(q.since, head.seq, "/since");
  if (!since) return since.error();
  events::merkle::tree const tree(c.state, org);
  auto const root = tree.root(head.seq);
  head_view v;
  v.org_id = org;
  v.size = head.seq;
  v.position = head.position;
  v.root = text_of(root);
  v.checkpoint = c.with.notary.sign(org, head.seq, root);
  v.verifier_key = c.with.notary.verifier_key();
  if (q.since) v.consistency = texts_of(tree.consistency(*since, head.seq));
  return reply_of(v);
}

result<reply> show_proof(read_context& c, proof_query const& q) {
  auto const& org = c.subject.org;
  auto const& text = c.params.at(1);
  std::uint64_t position = 0;
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), position);
  auto const absent = error(errc::not_found, "this organization has no event at this position");
  if (failed != std::errc() || end != text.data() + text.size()) return absent;
  auto const head = events::head_of(c.state, org);
  auto const seq = events::seq_at(c.state, org, position);
  if (seq == 0 || seq > head.seq) return absent;
  auto const stored = c.with.server.log.read(events::position_of(c.state, org, seq), 1);
  if (stored.empty() || position >= stored.front().first + stored.front().count) return absent;
  auto const size = size_in(q.size, head.seq, "/size");
  if (!size) return size.error();
  if (*size < seq) return error::of_field("/size", "out_of_range", "a tree of this size does not have the event yet");
  events::merkle::tree const tree(c.state, org);
  proof_view v;
  v.org_id = org;
  v.position = position;
  v.leaf_index = seq - 1;
  v.size = *size;
  v.leaf = text_of(events::merkle::leaf_of(stored.front().bytes));
  v.root = text_of(tree.root(*size));
  v.record = encode_base64(stored.front().bytes);
  v.inclusion = texts_of(tree.inclusion(seq - 1, *size));
  return reply_of(v);
}

} // namespace

std::vector<operation> proof_operations() {
  std::vector<operation> rows{
      called("audit head",
             get<head_view, head_query>("get_log_head", "/api/v1/orgs/{org_id}/events/head", role::Admin,
                                        "Get the root of an organization's Merkle tree, signed", show_head)),
      called("audit proof",
             get<proof_view, proof_query>("get_log_proof", "/api/v1/orgs/{org_id}/events/{position}/proof", role::Admin,
                                          "Prove that an event is in an organization's log", show_proof)),
  };
  rows.front().notes = "The leaves are the records of the log as they are stored, a command each (RFC 6962: SHA-256 of "
                       "0x00 and the bytes). `checkpoint` is a signed note of C2SP that `verifier_key` verifies. With "
                       "`since`, an older size, `consistency` proves that nothing before it was changed.";
  rows.back().notes =
      "`record` is the base64 of the record that holds the event, `inclusion` its audit path in the tree "
      "of `size` records.";
  bound_keys_may(rows, auth::bound_key::org, {"get_log_head", "get_log_proof"});
  for (auto& row : rows) row.tag = "Events";
  return rows;
}

} // namespace alloy::api
