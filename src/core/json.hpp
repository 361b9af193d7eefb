#pragma once
// JSON by description: a struct described with BOOST_DESCRIBE_STRUCT is read and written by its members' names.
// read<T>() reports all faults at once, each with its RFC 6901 pointer. Members that may be absent: std::optional
// (null is absence), changed (null is a fault: RFC 7396 on a field that cannot be cleared), clearable (null clears).
// The parser is simdjson, kept inside json.cpp. Functions may be called from any thread.
#include "core/error.hpp"
#include "core/id.hpp"
#include "core/text.hpp"
#include "core/time.hpp"

#include <array>
#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <limits>
#include <map>
#include <optional>
#include <span>

namespace alloy::json {

enum class unknown_fields : bool { refuse, ignore }; // refuse what clients send, ignore what an older Alloy stored

enum class kind : std::uint8_t { null, boolean, integer, number, string, array, object };

// A value of the document being read. Lives until the read that made it returns.
struct node {
  kind what = kind::null;
  bool flag = false;
  std::int64_t integer = 0;
  double number = 0;
  std::string_view text;       // of a string
  std::string_view name;       // of a member of an object
  node const* child = nullptr; // first element or member
  node const* next = nullptr;

  node const* find(std::string_view member) const noexcept;
};

// Already JSON: spliced in as it is, read back as the text of the value.
struct raw {
  std::string text = "null";
  bool operator==(raw const&) const = default;
};

template <class T> struct changed {
  std::optional<T> value = {};
  explicit operator bool() const noexcept { return value.has_value(); }
  bool operator==(changed const&) const = default;
};

template <class T> struct clearable {
  bool present = false;
  std::optional<T> value = {};
  explicit operator bool() const noexcept { return present; }
  bool operator==(clearable const&) const = default;
};

template <class T> struct is_wrapper : std::false_type {};
template <class T> struct is_wrapper<std::optional<T>> : std::true_type {};
template <class T> struct is_wrapper<changed<T>> : std::true_type {};
template <class T> struct is_wrapper<clearable<T>> : std::true_type {};

template <class T>
concept described = boost::describe::has_describe_members<T>::value && !std::is_union_v<T>;
template <class T>
concept described_enum = boost::describe::has_describe_enumerators<T>::value;
// A text type with rules of its own (text.hpp): `rule` says what is allowed, `value` holds what passed.
template <class T>
concept checked = requires(T t) {
  { T::check(std::string_view{}) } -> std::convertible_to<std::optional<text_fault>>;
  { t.value } -> std::convertible_to<std::string>;
};

template <class T>
using members_of = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

template <described_enum E> std::string_view name_of(E e) noexcept {
  return boost::describe::enum_to_string(e, "");
}
template <described_enum E> std::optional<E> enum_of(std::string_view name) {
  std::optional<E> found;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
    if (name == d.name) found = d.value;
  });
  return found;
}
template <described_enum E> std::string names_of() {
  std::string all;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
    if (!all.empty()) all += ", ";
    all += d.name;
  });
  return all;
}

// ---------------------------------------------------------------------------------------------------- writing

bool is_utf8(std::string_view text) noexcept;               // RFC 3629
void write_string(std::string& out, std::string_view text); // quoted, escaped; invalid UTF-8 becomes U+FFFD
void write_number(std::string& out, double n);
void write_integer(std::string& out, std::int64_t n);
void write_node(std::string& out, node const& n);                 // minified
void append_pointer(std::string& pointer, std::string_view name); // one step more of an RFC 6901 pointer

template <class T> void write(std::string& out, T const& v);

namespace detail {
template <class T> bool omitted(T const&) noexcept {
  return false;
}
template <class T> bool omitted(changed<T> const& v) noexcept {
  return !v.value;
}
template <class T> bool omitted(clearable<T> const& v) noexcept {
  return !v.present;
}
} // namespace detail

namespace detail {
// `,"name":`; `{"name":` the first one. Not a template, as this stands once for every member of every struct.
void begin_member(std::string& out, bool& first, std::string_view name);

template <class T> void write_object(std::string& out, T const& v) {
  bool first = true;
  boost::mp11::mp_for_each<members_of<T>>([&](auto d) {
    auto const& member = v.*d.pointer;
    if (omitted(member)) return;
    begin_member(out, first, d.name);
    json::write(out, member);
  });
  out += first ? "{}" : "}";
}
template <class T> void write_map(std::string& out, T const& v) {
  out += '{';
  bool first = true;
  for (auto const& [name, value] : v) {
    if (!first) out += ',';
    first = false;
    write_string(out, name);
    out += ':';
    json::write(out, value);
  }
  out += '}';
}
template <class T> void write_list(std::string& out, T const& v) {
  out += '[';
  bool first = true;
  for (auto const& element : v) {
    if (!first) out += ',';
    first = false;
    json::write(out, element);
  }
  out += ']';
}
template <class T> auto const& optional_of(T const& wrapper) {
  if constexpr (requires { wrapper.has_value(); })
    return wrapper;
  else
    return wrapper.value;
}
template <class T> void write_wrapper(std::string& out, T const& v) {
  auto const& inner = optional_of(v);
  if (inner)
    json::write(out, *inner);
  else
    out += "null";
}
} // namespace detail

template <class T> void write(std::string& out, T const& v) {
  if constexpr (std::is_same_v<T, bool>)
    out += v ? "true" : "false";
  else if constexpr (std::is_integral_v<T>)
    write_integer(out, static_cast<std::int64_t>(v));
  else if constexpr (std::is_floating_point_v<T>)
    write_number(out, v);
  else if constexpr (std::is_same_v<T, raw>)
    out += v.text;
  else if constexpr (std::is_same_v<T, uuid>) {
    out += '"';
    append(out, v);
    out += '"';
  } else if constexpr (std::is_same_v<T, timestamp> || std::is_same_v<T, date>) {
    out += '"';
    out += to_string(v);
    out += '"';
  } else if constexpr (std::is_convertible_v<T, std::string_view>)
    write_string(out, v);
  else if constexpr (requires { v.write_json(out); })
    v.write_json(out);
  else if constexpr (checked<T>)
    write_string(out, v.value);
  else if constexpr (described_enum<T>) {
    out += '"';
    out += name_of(v);
    out += '"';
  } else if constexpr (is_wrapper<T>::value)
    detail::write_wrapper(out, v);
  else if constexpr (described<T>)
    detail::write_object(out, v);
  else if constexpr (requires { typename T::mapped_type; })
    detail::write_map(out, v);
  else
    detail::write_list(out, v);
}

template <class T> std::string to_string(T const& v) {
  std::string out;
  out.reserve(256);
  write(out, v);
  return out;
}

// ---------------------------------------------------------------------------------------------------- reading

// Where the reader stands, and what it has found wrong so far. The pointer is only made where something is wrong.
class reading {
 public:
  reading(unknown_fields u) : unknown(u) {} // NOLINT
  void fail(std::string_view code, std::string detail);
  void push(std::string_view name);
  void push(std::size_t index);
  void pop() noexcept;
  unknown_fields unknown;
  std::vector<fault> faults;

 private:
  struct step {
    std::string_view name; // null: an index
    std::size_t index;
  };
  std::vector<step> steps_;
};

std::string_view word_for(kind k) noexcept;
void fail_type(reading& at, node const& n, std::string_view wanted);

template <class T> void read_node(node const& n, T& v, reading& at);

namespace detail {
template <class T> struct inner_of { using type = T; };
template <class T> struct inner_of<std::optional<T>> { using type = T; };
template <class T> struct inner_of<changed<T>> { using type = T; };
template <class T> struct inner_of<clearable<T>> { using type = T; };

template <class T> void read_wrapper(node const& n, std::optional<T>& v, reading& at) {
  if (n.what == kind::null)
    v.reset();
  else
    read_node(n, v.emplace(), at);
}
template <class T> void read_wrapper(node const& n, changed<T>& v, reading& at) {
  if (n.what == kind::null)
    at.fail("null_not_allowed", "it cannot be null; leave it out to keep it as it is");
  else
    read_node(n, v.value.emplace(), at);
}
template <class T> void read_wrapper(node const& n, clearable<T>& v, reading& at) {
  v.present = true;
  if (n.what == kind::null)
    v.value.reset();
  else
    read_node(n, v.value.emplace(), at);
}

template <class Map> std::optional<text_fault> check_name(std::string_view name) {
  if constexpr (requires { typename Map::name_form; })
    return Map::name_form::check(name);
  else
    return std::nullopt;
}

// A fault for each member that none of these names says.
void refuse_unknown(node const& n, std::span<std::string_view const> known, reading& at);
void fail_required(std::string_view name, reading& at);

template <class T> void read_object(node const& n, T& v, reading& at) {
  using members = members_of<T>;
  // What Alloy wrote itself has its members in this very order: mostly the next one is the one that is wanted.
  node const* next = n.child;
  boost::mp11::mp_for_each<members>([&](auto d) {
    auto& member = v.*d.pointer;
    using M = std::remove_cvref_t<decltype(member)>;
    node const* const found = next && next->name == d.name ? next : n.find(d.name);
    if (found) next = found->next;
    at.push(d.name);
    if (found)
      read_node(*found, member, at);
    else if constexpr (!is_wrapper<M>::value) {
      if (at.unknown == unknown_fields::refuse || !requires { T::defaults_allowed; }) fail_required(d.name, at);
    }
    at.pop();
  });
  if (at.unknown == unknown_fields::ignore) return;
  static constexpr auto names = []<class... D>(boost::mp11::mp_list<D...>) {
    return std::array<std::string_view, sizeof...(D)>{D::name...};
  }(boost::mp11::mp_rename<members, boost::mp11::mp_list>{});
  refuse_unknown(n, names, at);
}

template <class T> void read_list(node const& n, T& v, reading& at) {
  if (n.what != kind::array) return fail_type(at, n, "an array");
  v.clear(); // it may have a default
  std::size_t i = 0;
  for (node const* e = n.child; e; e = e->next, ++i) {
    at.push(i);
    read_node(*e, v.emplace_back(), at);
    at.pop();
  }
  if constexpr (requires { T::check_size(i); })
    if (auto f = T::check_size(i)) at.fail(f->code, std::move(f->detail));
}
} // namespace detail

template <class T> void read_node(node const& n, T& v, reading& at) {
  if constexpr (std::is_same_v<T, bool>) {
    if (n.what != kind::boolean) return fail_type(at, n, "true or false");
    v = n.flag;
  } else if constexpr (std::is_integral_v<T>) {
    if (n.what != kind::integer) return fail_type(at, n, "an integer");
    if (n.integer < static_cast<std::int64_t>(std::numeric_limits<T>::min()) ||
        (sizeof(T) < 8 && n.integer > static_cast<std::int64_t>(std::numeric_limits<T>::max())))
      return at.fail("out_of_range", "it is outside the range of this field");
    v = static_cast<T>(n.integer);
  } else if constexpr (std::is_same_v<T, raw>) {
    v.text.clear();
    write_node(v.text, n);
  } else if constexpr (requires { v.read_json(n, at); }) {
    v.read_json(n, at);
  } else if constexpr (is_wrapper<T>::value) {
    detail::read_wrapper(n, v, at);
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (n.what != kind::string) return fail_type(at, n, "a string");
    v.assign(n.text);
  } else if constexpr (checked<T>) {
    if (n.what != kind::string) return fail_type(at, n, "a string");
    if (auto f = T::check(n.text)) return at.fail(f->code, std::move(f->detail));
    v.value = T::normal(n.text);
  } else if constexpr (std::is_same_v<T, uuid>) {
    auto const id = n.what == kind::string ? parse_uuid(n.text) : std::nullopt;
    if (!id)
      return n.what == kind::string ? at.fail("not_a_uuid", "it must be a UUID")
                                    : fail_type(at, n, "a UUID in a string");
    v = *id;
  } else if constexpr (std::is_same_v<T, timestamp>) {
    auto const t = n.what == kind::string ? parse_timestamp(n.text) : std::nullopt;
    if (!t) return at.fail("not_a_timestamp", "it must be an RFC 3339 timestamp, as 2026-04-01T09:30:00Z");
    v = *t;
  } else if constexpr (std::is_same_v<T, date>) {
    auto const d = n.what == kind::string ? parse_date(n.text) : std::nullopt;
    if (!d) return at.fail("not_a_date", "it must be a date, as 2026-04-01");
    v = *d;
  } else if constexpr (described_enum<T>) {
    if (n.what != kind::string) return fail_type(at, n, "a string");
    auto const e = enum_of<T>(n.text);
    if (!e) return at.fail("not_one_of", "it must be one of " + names_of<T>());
    v = *e;
  } else if constexpr (described<T>) {
    if (n.what != kind::object) return fail_type(at, n, "an object");
    detail::read_object(n, v, at);
  } else if constexpr (requires { typename T::mapped_type; }) {
    if (n.what != kind::object) return fail_type(at, n, "an object");
    for (node const* m = n.child; m; m = m->next) {
      at.push(m->name);
      if (auto f = detail::check_name<T>(m->name))
        at.fail(f->code, std::move(f->detail));
      else
        read_node(*m, v[std::string(m->name)], at);
      at.pop();
    }
    if constexpr (requires { T::max; })
      if (v.size() > T::max) at.fail("too_many", "it must have at most " + std::to_string(T::max) + " members");
  } else {
    detail::read_list(n, v, at);
  }
}

inline constexpr unsigned depth_default = 32;

// Calls then(root). The nodes live in this thread's parser: `then` must not parse again before it is done with them.
class parsed {
 public:
  node const* root = nullptr;
};
result<parsed> parse(std::string_view text, unsigned depth_max = depth_default);

template <class T>
result<T> read(std::string_view text, unknown_fields unknown = unknown_fields::refuse,
               unsigned depth_max = depth_default) {
  auto document = parse(text, depth_max);
  if (!document) return document.error();
  T value{};
  reading at(unknown);
  read_node(*document->root, value, at);
  if (!at.faults.empty()) return error(std::move(at.faults));
  return value;
}

// What Alloy itself stored: a fault here is damage, so it throws.
[[noreturn]] void throw_stored(std::string_view text, error const& e);
template <class T> T stored(std::string_view text) {
  auto value = read<T>(text, unknown_fields::ignore, 64);
  if (!value) throw_stored(text, value.error());
  return std::move(*value);
}

} // namespace alloy::json
