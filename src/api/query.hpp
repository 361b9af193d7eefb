#pragma once
// Query strings: decoding, and reading them into a described struct by the same rules as bodies. A list is written with
// commas; an unknown parameter is refused, so that a typo never passes for success.
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
result<decoded_query> decode_query(std::string_view text);

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

template <class M> void read_parameter(std::string_view text, M& member, alloy::json::reading& at) {
  using inner = typename alloy::json::detail::inner_of<M>::type;
  if constexpr (is_list<inner>) {
    std::vector<alloy::json::node> nodes(static_cast<std::size_t>(std::count(text.begin(), text.end(), ',')) + 1);
    alloy::json::node list;
    list.what = alloy::json::kind::array;
    list.child = nodes.data();
    std::size_t from = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      std::size_t const to = std::min(text.find(',', from), text.size());
      fill(nodes[i], text.substr(from, to - from), wanted<typename inner::value_type>());
      if (i + 1 < nodes.size()) nodes[i].next = &nodes[i + 1];
      from = to + 1;
    }
    alloy::json::read_node(list, member, at);
  } else {
    alloy::json::node n;
    fill(n, text, wanted<M>());
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
    bool given = false;
    for (auto const& [name, value] : query) {
      if (name != d.name) continue;
      given = true;
      at.push(name);
      detail::read_parameter(value, q.*d.pointer, at);
      at.pop();
    }
    using M = std::remove_cvref_t<decltype(q.*d.pointer)>;
    if (!given && !alloy::json::is_wrapper<M>::value) {
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
