#include "core/json.hpp"

#include "core/byte_order_mark.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <deque>
#include <simdjson.h>
#include <stdexcept>

namespace alloy::json {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

// The nodes and the parser of a thread; both keep their memory from one document to the next.
struct workspace {
  simdjson::dom::parser parser;
  std::deque<node> nodes;
  std::size_t used = 0;

  node* take() {
    if (used == nodes.size()) nodes.emplace_back();
    node& n = nodes[used++];
    n = node{};
    return &n;
  }
};

constexpr std::size_t nodes_kept_max = 4096;

workspace& of_thread() {
  thread_local workspace w;
  return w;
}

node* build(workspace& w, element e, std::string& duplicate);

void append_child(node* parent, node*& last, node* child) {
  (last ? last->next : parent->child) = child;
  last = child;
}

void build_object(workspace& w, node* n, simdjson::dom::object members, std::string& duplicate) {
  n->what = kind::object;
  node* last = nullptr;
  std::size_t count = 0;
  for (auto const member : members) {
    if (count < 64 ? n->find(member.key) != nullptr : false) duplicate = std::string(member.key);
    node* const child = build(w, member.value, duplicate);
    child->name = member.key;
    append_child(n, last, child);
    ++count;
  }
  if (count > 64) { // the quadratic search above is for small objects only
    std::vector<std::string_view> names;
    names.reserve(count);
    for (node const* m = n->child; m; m = m->next) names.push_back(m->name);
    std::sort(names.begin(), names.end());
    auto const twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) duplicate = std::string(*twice);
  }
}

void build_number(node* n, element e) {
  if (e.type() == element_type::INT64) {
    n->what = kind::integer;
    n->integer = std::int64_t(e);
    return;
  }
  n->what = kind::number;
  n->number = double(e);
  // 3.0 is an integer as JSON Schema counts them, up to where doubles stop being exact.
  if (e.type() == element_type::DOUBLE && std::trunc(n->number) == n->number &&
      std::abs(n->number) <= 9007199254740992.0) {
    n->what = kind::integer;
    n->integer = static_cast<std::int64_t>(n->number);
  }
}

node* build(workspace& w, element e, std::string& duplicate) {
  node* const n = w.take();
  switch (e.type()) {
  case element_type::NULL_VALUE: break;
  case element_type::BOOL:
    n->what = kind::boolean;
    n->flag = bool(e);
    break;
  case element_type::INT64:
  case element_type::UINT64:
  case element_type::DOUBLE: build_number(n, e); break;
  case element_type::STRING:
    n->what = kind::string;
    n->text = std::string_view(e);
    break;
  case element_type::ARRAY: {
    n->what = kind::array;
    node* last = nullptr;
    for (element const child : simdjson::dom::array(e)) append_child(n, last, build(w, child, duplicate));
    break;
  }
  case element_type::OBJECT: build_object(w, n, e, duplicate); break;
  }
  return n;
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t before = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t const here = std::min({row[j] + 1, row[j - 1] + 1, before + (a[i - 1] != b[j - 1])});
      before = row[j];
      row[j] = here;
    }
  }
  return row.back();
}

constexpr char hex[] = "0123456789abcdef";

// The length of the valid UTF-8 sequence at `at`, 0 where there is none (RFC 3629).
std::size_t sequence(std::string_view t, std::size_t at) {
  auto const byte = [&](std::size_t i) { return i < t.size() ? static_cast<unsigned char>(t[i]) : 0u; };
  auto const tail = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
  unsigned const a = byte(at), b = byte(at + 1);
  if (a < 0xc2) return 0;
  if (a < 0xe0) return tail(at + 1) ? 2 : 0;
  if (a < 0xf0) return tail(at + 1) && tail(at + 2) && !(a == 0xe0 && b < 0xa0) && !(a == 0xed && b >= 0xa0) ? 3 : 0;
  if (a < 0xf5)
    return tail(at + 1) && tail(at + 2) && tail(at + 3) && !(a == 0xf0 && b < 0x90) && !(a == 0xf4 && b >= 0x90) ? 4
                                                                                                                 : 0;
  return 0;
}

} // namespace

node const* node::find(std::string_view member) const noexcept {
  for (node const* m = child; m; m = m->next)
    if (m->name == member) return m;
  return nullptr;
}

bool is_utf8(std::string_view t) noexcept {
  for (std::size_t i = 0; i < t.size();) {
    std::size_t const length = static_cast<unsigned char>(t[i]) < 0x80 ? 1 : sequence(t, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

void write_string(std::string& out, std::string_view t) {
  out += '"';
  std::size_t plain = 0; // begin of what needs no escape
  for (std::size_t i = 0; i < t.size();) {
    auto const c = static_cast<unsigned char>(t[i]);
    if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
      ++i;
      continue;
    }
    if (c >= 0x80) {
      if (std::size_t const length = sequence(t, i)) {
        i += length;
        continue;
      }
    }
    out.append(t, plain, i - plain);
    switch (c) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    default:
      if (c >= 0x80)
        out += "\xef\xbf\xbd";
      else {
        out += "\\u00";
        out += hex[c >> 4];
        out += hex[c & 15];
      }
    }
    plain = ++i;
  }
  out.append(t, plain, t.size() - plain);
  out += '"';
}

void write_integer(std::string& out, std::int64_t n) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, n).ptr);
}

void write_number(std::string& out, double n) {
  if (!std::isfinite(n)) throw std::logic_error("a number that JSON does not know");
  char text[40];
  out.append(text, std::to_chars(text, text + sizeof text, n).ptr);
}

void write_node(std::string& out, node const& n) {
  switch (n.what) {
  case kind::null: out += "null"; break;
  case kind::boolean: out += n.flag ? "true" : "false"; break;
  case kind::integer: write_integer(out, n.integer); break;
  case kind::number: write_number(out, n.number); break;
  case kind::string: write_string(out, n.text); break;
  case kind::array:
  case kind::object:
    out += n.what == kind::array ? '[' : '{';
    for (node const* c = n.child; c; c = c->next) {
      if (c != n.child) out += ',';
      if (n.what == kind::object) {
        write_string(out, c->name);
        out += ':';
      }
      write_node(out, *c);
    }
    out += n.what == kind::array ? ']' : '}';
  }
}

void append_pointer(std::string& pointer, std::string_view name) {
  pointer += '/';
  for (char const c : name) // section 3
    if (c == '~')
      pointer += "~0";
    else if (c == '/')
      pointer += "~1";
    else
      pointer += c;
}

void reading::push(std::string_view name) {
  steps_.push_back({name, 0});
}
void reading::push(std::size_t index) {
  steps_.push_back({{}, index});
}
void reading::pop() noexcept {
  steps_.pop_back();
}

void detail::begin_member(std::string& out, bool& first, std::string_view name) {
  out += first ? "{\"" : ",\"";
  first = false;
  out += name;
  out += "\":";
}

constexpr std::size_t faults_max = 100;

void reading::fail(std::string_view code, std::string detail) {
  if (faults.size() >= faults_max) return;
  std::string pointer;
  for (auto const& one : steps_) {
    if (one.name.data() == nullptr)
      pointer += '/' + std::to_string(one.index);
    else
      append_pointer(pointer, one.name);
  }
  faults.push_back({std::move(pointer), std::string(code), std::move(detail)});
}

std::string_view word_for(kind k) noexcept {
  switch (k) {
  case kind::null: return "null";
  case kind::boolean: return "a boolean";
  case kind::integer: return "an integer";
  case kind::number: return "a number";
  case kind::string: return "a string";
  case kind::array: return "an array";
  case kind::object: return "an object";
  }
  return "a value";
}

void fail_type(reading& at, node const& n, std::string_view wanted) {
  at.fail("wrong_type", "it must be " + std::string(wanted) + ", not " + std::string(word_for(n.what)));
}

namespace {
std::string unknown_detail(std::string_view name, std::span<std::string_view const> known) {
  std::string_view best;
  std::size_t nearest = std::max<std::size_t>(2, name.size() / 3) + 1;
  if (name.size() <= 64)
    for (auto const k : known)
      if (auto const d = distance(name, k); d < nearest) nearest = d, best = k;
  std::string detail = "there is no such field here";
  if (!best.empty()) detail += "; did you mean " + std::string(best) + "?";
  return detail;
}
} // namespace

void detail::refuse_unknown(node const& n, std::span<std::string_view const> known, reading& at) {
  for (node const* m = n.child; m; m = m->next) {
    if (at.faults.size() >= faults_max) return; // a nearest name is dear to find
    if (std::ranges::find(known, m->name) != known.end()) continue;
    at.push(m->name);
    at.fail("unknown_field", unknown_detail(m->name, known));
    at.pop();
  }
}

void detail::fail_required(std::string_view name, reading& at) {
  at.fail("required", std::string(name) + " is required");
}

result<parsed> parse(std::string_view text, unsigned depth_max) {
  text = without_byte_order_mark(text);
  auto& w = of_thread();
  if (w.nodes.size() > nodes_kept_max) w.nodes.clear();
  w.used = 0;
  if (w.parser.max_depth() != depth_max || w.parser.capacity() < text.size()) {
    if (w.parser.allocate(std::max<std::size_t>(text.size(), 4096), depth_max) != simdjson::SUCCESS)
      throw std::bad_alloc();
  }
  element root;
  if (auto const failed = w.parser.parse(text.data(), text.size()).get(root)) {
    if (failed == simdjson::DEPTH_ERROR)
      return error(errc::invalid_json, "it is nested deeper than " + std::to_string(depth_max) + " levels");
    return error(errc::invalid_json, failed == simdjson::EMPTY ? "the body is empty" : simdjson::error_message(failed));
  }
  std::string duplicate;
  parsed document{build(w, root, duplicate)};
  if (!duplicate.empty()) return error(errc::invalid_json, "the field " + to_string(duplicate) + " stands there twice");
  return document;
}

void throw_stored(std::string_view text, error const& e) {
  std::string why = e.detail;
  for (auto const& f : e.faults) why += " " + f.pointer + ": " + f.detail;
  throw std::runtime_error("a stored value does not have its shape (" + why + "): " + std::string(text.substr(0, 200)));
}

} // namespace alloy::json
