#include "http/forwarded.hpp"

#include "http/char_classes.hpp"

#include <algorithm>

namespace alloy::http {
namespace {

constexpr std::size_t hops_max = 64;

using hop = std::optional<ip_address>; // nothing: hidden or unreadable

bool is_port(std::string_view text) noexcept {
  if (text.starts_with('_')) return text.size() > 1;
  return !text.empty() && text.size() <= 5 && all_of(text, char_class::digit);
}

// A node of RFC 7239, section 6. X-Forwarded-For has the same, and IPv6 without brackets.
hop read_node(std::string_view text, bool takes_bare_v6) noexcept {
  ip_address found;
  if (text.starts_with('[')) {
    auto const close = text.find(']');
    if (close == text.npos) return {};
    auto const behind = text.substr(close + 1);
    if (!behind.empty() && (behind.front() != ':' || !is_port(behind.substr(1)))) return {};
    if (!parse_address(text.substr(1, close - 1), found) || found.is_v4) return {};
  } else if (takes_bare_v6 && std::ranges::count(text, ':') > 1) {
    if (!parse_address(text, found)) return {};
  } else {
    auto const colon = text.find(':');
    if (colon != text.npos && !is_port(text.substr(colon + 1))) return {};
    if (!parse_address(text.substr(0, colon), found) || !found.is_v4) return {};
  }
  // One client must not count as two because a hop saw it through a socket of both families.
  ip_address v4;
  if (!found.is_v4 && parse_address("::ffff:0.0.0.0", v4) &&
      std::equal(found.bytes.begin(), found.bytes.begin() + 12, v4.bytes.begin()))
    found.is_v4 = true;
  return found;
}

// The grammar of one `Forwarded` line. False where it is broken anywhere: a quote that somebody has left open swallows
// what the proxy wrote behind it.
class forwarded_line {
 public:
  explicit forwarded_line(std::string_view text) : rest_(text) {}

  bool read(std::vector<hop>& hops) {
    for (;;) {
      skip_space();
      if (!rest_.empty() && rest_.front() != ',') {
        if (!read_element(hops)) return false;
      }
      skip_space();
      if (rest_.empty()) return true;
      if (rest_.front() != ',') return false;
      rest_.remove_prefix(1);
    }
  }

 private:
  bool read_element(std::vector<hop>& hops) {
    hop found;
    bool has_for = false;
    for (;;) {
      skip_space();
      // A pair may be left out, as after a last semicolon.
      if (auto const name = take_token(); !name.empty()) {
        std::string value;
        if (!take('=') || !read_value(value)) return false;
        if (same_letters(name, "for")) {
          if (has_for) return false;
          has_for = true;
          found = read_node(value, false);
        }
        skip_space();
      }
      if (!take(';')) break;
    }
    hops.push_back(found);
    return true;
  }

  bool read_value(std::string& value) {
    if (!take('"')) { // not a token, where a proxy does not quote an address with its port
      auto const end = std::min(rest_.find_first_of(" \t;,\""), rest_.size());
      value = rest_.substr(0, end);
      rest_.remove_prefix(end);
      return !value.empty();
    }
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (c == '\\') {
        if (rest_.empty()) return false;
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      value += c;
    }
    return false;
  }

  std::string_view take_token() noexcept {
    auto const end = std::find_if_not(rest_.begin(), rest_.end(), [](char c) { return is(c, char_class::token); });
    auto const found = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(found.size());
    return found;
  }
  bool take(char c) noexcept {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_space() noexcept {
    while (rest_.starts_with(' ') || rest_.starts_with('\t')) rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

// Walks over trusted hops from the right.
struct walk {
  std::span<ip_network const> trusted;
  std::optional<forwarded_client> client = {};
  bool is_over = false, is_unknown = false;
  std::size_t hops = 0;

  void meet(hop const& one, bool is_leftmost) {
    if (!one || ++hops > hops_max) {
      is_over = is_unknown = true;
      return;
    }
    bool const is_trusted =
        std::ranges::any_of(trusted, [&](ip_network const& network) { return network.contains(*one); });
    client = forwarded_client{to_text(*one), is_leftmost && !is_trusted};
    is_over = !is_trusted;
  }
  std::optional<forwarded_client> end() const { return is_unknown ? std::nullopt : client; }
};

std::optional<forwarded_client> walk_forwarded(std::vector<std::string_view> const& lines,
                                               std::span<ip_network const> trusted) {
  walk w{trusted};
  for (std::size_t i = lines.size(); i-- > 0 && !w.is_over;) {
    std::vector<hop> hops;
    if (!forwarded_line(lines[i]).read(hops)) return {};
    for (std::size_t k = hops.size(); k-- > 0 && !w.is_over;) w.meet(hops[k], i == 0 && k == 0);
  }
  return w.end();
}

std::optional<forwarded_client> walk_list(std::vector<std::string_view> const& lines,
                                          std::span<ip_network const> trusted) {
  walk w{trusted};
  for (std::size_t i = lines.size(); i-- > 0 && !w.is_over;)
    for (auto line = lines[i]; !w.is_over;) {
      auto const comma = line.rfind(',');
      bool const is_last = comma == line.npos;
      w.meet(read_node(trimmed(is_last ? line : line.substr(comma + 1)), true), i == 0 && is_last);
      if (is_last) break;
      line = line.substr(0, comma);
    }
  return w.end();
}

} // namespace

std::optional<forwarded_client> client_of(header_list const& headers, std::span<ip_network const> trusted) {
  std::vector<std::string_view> forwarded, list;
  for (auto const& [name, value] : headers) {
    if (name == "forwarded") forwarded.push_back(value);
    if (name == "x-forwarded-for") list.push_back(value);
  }
  if (list.empty()) return walk_forwarded(forwarded, trusted);
  if (forwarded.empty()) return walk_list(list, trusted);
  auto by_standard = walk_forwarded(forwarded, trusted);
  auto const by_list = walk_list(list, trusted);
  if (!by_standard || !by_list || by_standard->address != by_list->address) return {};
  by_standard->is_first = by_standard->is_first && by_list->is_first;
  return by_standard;
}

bool tells_of_client(std::string_view name) noexcept {
  return name == "forwarded" || name == "x-real-ip" || name.starts_with("x-forwarded");
}

} // namespace alloy::http
