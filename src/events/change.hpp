#pragma once
// What an update did: field by field, from and to. An absent field did not change.
#include "core/json.hpp"

namespace alloy::events {

template <class T> struct change {
  T from{}, to{};
  bool operator==(change const&) const = default;
  void write_json(std::string& out) const {
    out += "{\"from\":";
    json::write(out, from);
    out += ",\"to\":";
    json::write(out, to);
    out += '}';
  }
  void read_json(json::node const& n, json::reading& at) {
    auto const* const f = n.find("from");
    auto const* const t = n.find("to");
    if (!f || !t) return at.fail("required", "a change has from and to");
    json::read_node(*f, from, at);
    json::read_node(*t, to, at);
  }
};

template <class T> using field = json::changed<change<T>>;
template <class T> using nullable = json::changed<change<std::optional<T>>>;

// Of a thing that was deleted and is there again because the deletion was undone: what it goes on with.
struct restored {
  timestamp created_at;
  std::uint64_t version = 0;
  bool operator==(restored const&) const = default;
};
BOOST_DESCRIBE_STRUCT(restored, (), (created_at, version))

// Event structs are the stored format: a member is never renamed, retyped or removed; a new shape is a new `schema`
// with its former struct in upcasts.hpp and a golden file of every schema under tests/golden.

} // namespace alloy::events
