#include "events/checkpoint.hpp"

#include "core/base64.hpp"

#include <charconv>

namespace alloy::events {
namespace {

constexpr char ed25519_kind = 1;
constexpr std::size_t hash_bytes = 4;
constexpr std::string_view dash = "\xe2\x80\x94 "; // an em dash and a space begin a signature's line

std::string key_hash(std::string_view name, std::string_view kind_and_key) {
  std::string text(name);
  text += '\n';
  text += kind_and_key;
  return std::string(crypto::view_of(crypto::sha256(text)).substr(0, hash_bytes));
}

// Takes the text up to the next `until` off the front.
std::string_view take_until(std::string_view& text, char until) {
  auto const at = text.find(until);
  auto const part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

error broken(std::string_view what) {
  return error(errc::validation_failed, std::string(what));
}

struct verifier {
  std::string name, hash;
  crypto::ed25519_key key;
};

result<verifier> read_verifier(std::string_view text) {
  auto rest = text;
  auto const name = take_until(rest, '+'), hash = take_until(rest, '+');
  auto const bytes = decode_base64(rest);
  auto const stated = decode_hex(hash);
  if (name.empty() || !bytes || bytes->size() != 33 || bytes->front() != ed25519_kind || !stated)
    return broken("this is no verifier key: it has the form name+hash+key");
  if (*stated != key_hash(name, *bytes)) return broken("the verifier key is damaged: its hash is not that of its key");
  auto key = crypto::ed25519_key::from_public_bytes(std::string_view(*bytes).substr(1));
  if (!key) return key.error();
  return verifier{std::string(name), *stated, std::move(*key)};
}

} // namespace

std::string origin_of(uuid const& log, uuid const& tenant) {
  return "alloy/" + to_string(log) + "/" + to_string(tenant);
}

checkpoint_signer::checkpoint_signer(crypto::ed25519_key key, uuid const& log)
    : key_(std::move(key)), log_(log), name_("alloy/" + to_string(log)) {
  auto const bytes = std::string(1, ed25519_kind) + key_.public_bytes();
  hash_ = key_hash(name_, bytes);
  verifier_key_ = name_ + "+" + encode_hex(hash_) + "+" + encode_base64(bytes);
}

std::string checkpoint_signer::sign(std::string const& origin, std::uint64_t size, crypto::digest const& root) const {
  auto const text = origin + "\n" + std::to_string(size) + "\n" + encode_base64(crypto::view_of(root)) + "\n";
  return text + "\n" + std::string(dash) + name_ + " " + encode_base64(hash_ + key_.sign(text)) + "\n";
}

result<checkpoint> open_checkpoint(std::string_view note, std::string_view verifier_key) {
  auto const by = read_verifier(verifier_key);
  if (!by) return by.error();
  auto const split = note.find("\n\n");
  if (split == std::string_view::npos) return broken("this is no signed note: it has no empty line before a signature");
  auto const text = note.substr(0, split + 1);
  auto lines = note.substr(split + 2);
  bool known = false;
  while (!lines.empty() && !known) {
    auto line = take_until(lines, '\n');
    if (!line.starts_with(dash)) return broken("a line of the signatures does not begin with a dash");
    line.remove_prefix(dash.size());
    auto const name = take_until(line, ' ');
    auto const bytes = decode_base64(line);
    if (name != by->name || !bytes || bytes->substr(0, hash_bytes) != by->hash) continue;
    if (!by->key.verify(text, std::string_view(*bytes).substr(hash_bytes)))
      return broken("the signature does not hold");
    known = true;
  }
  if (!known) return broken("it is not signed with this key, which is that of " + by->name);
  auto rest = text;
  checkpoint c;
  c.signed_by = by->name;
  c.origin = take_until(rest, '\n');
  auto const size = take_until(rest, '\n');
  auto const [end, failed] = std::from_chars(size.data(), size.data() + size.size(), c.size);
  auto const root = decode_base64(take_until(rest, '\n'));
  if (failed != std::errc() || end != size.data() + size.size() || !root || root->size() != c.root.size())
    return broken("the checkpoint's size or root is malformed");
  std::copy(root->begin(), root->end(), reinterpret_cast<char*>(c.root.data()));
  return c;
}

} // namespace alloy::events
