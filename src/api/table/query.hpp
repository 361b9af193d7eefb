#pragma once
// Query strings: decoding, and reading them into a described struct by the same rules as bodies. A list is a parameter
// that is repeated, or one value with commas; any other parameter stands there once. An unknown one is refused, so that
// a typo never passes for success.
#include "core/json.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace alloy::api {

struct query_parameter {
  std::string_view name;
  std::string (*schema)(struct schema_book&);
  bool list = false, required = false;
};

using decoded_query = std::vector<std::pair<std::string, std::string>>;

result<std::string> percent_decode(std::string_view text, bool plus_is_space);
// Those of `known` that are lists may be repeated.
result<decoded_query> decode_query(std::string_view text, std::span<query_parameter const> known = {});

// A list of names that people chose, which may hold commas: each value as it was given, for only who knows the names
// can tell what a comma means.
struct given_names : std::vector<std::string> {
  using std::vector<std::string>::vector;
};
// What the values name: a value whole where something is so named, else split at its commas.
template <class IsKnown> std::vector<std::string> take_names(given_names const& given, IsKnown const& is_known) {
  std::vector<std::string> names;
  for (auto const& value : given) {
    if (value.find(',') == value.npos || is_known(value)) {
      names.push_back(value);
      continue;
    }
    for (std::size_t from = 0; from <= value.size();) {
      auto const to = std::min(value.find(',', from), value.size());
      names.push_back(value.substr(from, to - from));
      from = to + 1;
    }
  }
  return names;
}

result<> refuse_unknown(decoded_query const& query, std::span<std::string_view const> known);

namespace detail {
// A node for one parameter: numbers and booleans by what the field wants, else a string.
enum class wants : std::uint8_t { text, number, boolean };
void fill(alloy::json::node& n, std::string_view text, wants w);

template <class T> constexpr wants wanted() {
  using inner = typename alloy::json::detail::inner_of<T>::type;
  if constexpr (std::is_same_v<inner, bool>)
    return wants::boolean;
  else if constexpr (std::is_arithmetic_v<inner> || requires(inner i) {
                       i.read_json(std::declval<alloy::json::node const&>(), std::declval<alloy::json::reading&>());
                     })
    return wants::number;
  else
    return wants::text;
}

template <class T> constexpr bool is_list = requires(T t) {
  t.emplace_back();
}
&&!std::is_convertible_v<T, std::string_view>;

// `values` are all that were given, one at least, and one alone where the member is no list.
template <class M> void read_parameter(std::span<std::string_view const> values, M& member, alloy::json::reading& at) {
  using inner = typename alloy::json::detail::inner_of<M>::type;
  if constexpr (std::is_same_v<inner, given_names>) {
    member.emplace(values.begin(), values.end());
  } else if constexpr (is_list<inner>) {
    std::size_t count = values.size();
    for (auto const value : values) count += static_cast<std::size_t>(std::count(value.begin(), value.end(), ','));
    std::vector<alloy::json::node> nodes(count);
    alloy::json::node list;
    list.what = alloy::json::kind::array;
    list.child = nodes.data();
    auto next = nodes.begin();
    for (auto const value : values)
      for (std::size_t from = 0; from <= value.size();) {
        auto const to = std::min(value.find(',', from), value.size());
        fill(*next, value.substr(from, to - from), wanted<typename inner::value_type>());
        if (next != nodes.begin()) std::prev(next)->next = &*next;
        ++next;
        from = to + 1;
      }
    alloy::json::read_node(list, member, at);
  } else {
    alloy::json::node n;
    fill(n, values.front(), wanted<M>());
    alloy::json::read_node(n, member, at);
  }
}
} // namespace detail

template <class Q> result<Q> read_query(decoded_query const& query) {
  static constexpr auto names = []<class... D>(boost::mp11::mp_list<D...>) {
    return std::array<std::string_view, sizeof...(D)>{D::name...};
  }(boost::mp11::mp_rename<alloy::json::members_of<Q>, boost::mp11::mp_list>{});
  if (auto known = refuse_unknown(query, names); !known) return known.error();
  Q q;
  alloy::json::reading at(alloy::json::unknown_fields::refuse);
  boost::mp11::mp_for_each<alloy::json::members_of<Q>>([&](auto d) {
    std::vector<std::string_view> given;
    for (auto const& [name, value] : query)
      if (name == d.name) given.push_back(value);
    if (!given.empty()) {
      at.push(d.name);
      detail::read_parameter(given, q.*d.pointer, at);
      at.pop();
    }
    using M = std::remove_cvref_t<decltype(q.*d.pointer)>;
    if (given.empty() && !alloy::json::is_wrapper<M>::value) {
      at.push(d.name);
      at.fail("required", std::string(d.name) + " is required");
      at.pop();
    }
  });
  if (!at.faults.empty()) return error(std::move(at.faults));
  return q;
}

template <class T> std::string schema_of(struct schema_book& book);

template <class Q> std::vector<query_parameter> parameters_of() {
  std::vector<query_parameter> all;
  boost::mp11::mp_for_each<alloy::json::members_of<Q>>([&](auto d) {
    using M = std::remove_cvref_t<decltype(std::declval<Q&>().*d.pointer)>;
    using inner = typename alloy::json::detail::inner_of<M>::type;
    all.push_back({d.name, [](schema_book& book) { return schema_of<inner>(book); }, detail::is_list<inner>,
                   !alloy::json::is_wrapper<M>::value});
  });
  return all;
}

} // namespace alloy::api
