#pragma once
// Holds the members of an event against the fields of commands that have the same names: a limit is said once, in the
// type of the command's field. `fields<Shapes...>(found, value)` looks each member up in the shapes, in their order.
// Text, numbers and lists that no shape names do not compile. Pure; private to event_rules.cpp.
#include "core/identifier.hpp"
#include "core/json.hpp"
#include "core/time_zones.hpp"
#include "events/change.hpp"

namespace alloy::domain::rules {

// The first thing that is wrong, as the place in the event and words about the rule; never what stood there.
class verdict {
 public:
  void refuse(std::string_view where, std::string_view why) {
    if (why_.empty()) why_ = std::string(where.empty() ? "the event" : where) + ": " + std::string(why);
  }
  void demand(bool holds, std::string_view where, std::string_view why) {
    if (!holds) refuse(where, why);
  }
  bool holds() const noexcept { return why_.empty(); }
  std::string const& why() const noexcept { return why_; }

 private:
  std::string why_;
};

struct by_itself {}; // no command says anything about it, and its type says enough

template <class T> struct is_change : std::false_type {};
template <class T> struct is_change<events::change<T>> : std::true_type {};
template <class T> struct is_optional : std::false_type {};
template <class T> struct is_optional<std::optional<T>> : std::true_type {};
template <class T> struct is_changed : std::false_type {};
template <class T> struct is_changed<json::changed<T>> : std::true_type {};

template <class V>
concept says_enough = std::is_same_v<V, bool> || std::is_same_v<V, date> || std::is_same_v<V, timestamp> ||
    std::is_same_v<V, points> || json::described_enum<V>;

// The members of a shape that have the name of descriptor D: one or none.
template <class D> struct same_name {
  template <class M> using fn = boost::mp11::mp_bool<std::string_view(M::name) == std::string_view(D::name)>;
};
template <class D, class... Shapes>
using found = boost::mp11::mp_append<
    boost::mp11::mp_list<>,
    boost::mp11::mp_copy_if_q<boost::mp11::mp_rename<json::members_of<Shapes>, boost::mp11::mp_list>, same_name<D>>...>;
template <class T, class C> T pointed_at(T C::*);
template <class M> using type_of_member = decltype(pointed_at(M::pointer));

inline constexpr std::uint64_t version_max = 1ULL << 31;

template <class... Shapes, class V> void fields(verdict& v, std::string const& where, V const& value);
template <class As, class V> void obey(verdict& v, std::string const& where, V const& value);

template <class As, class V> void obey_number(verdict& v, std::string const& where, V value) {
  static_assert(
      requires { As::min, As::max; }, "no command and no shape says how large this number may be");
  auto const n = static_cast<std::int64_t>(value);
  v.demand(n >= As::min && n <= As::max, where,
           "it must be " + std::to_string(As::min) + " to " + std::to_string(As::max));
}

// A record keeps what was allowed when it was made: of text, names and zones of time versions before took more.
template <class As> std::optional<text_fault> check_as_ever(std::string_view value) {
  if constexpr (requires { As::lines; })
    return check_former_text(value, As::min, As::max, As::lines);
  else if constexpr (std::is_same_v<As, time_zone>)
    return was_time_zone(value) ? std::nullopt : As::check(value);
  else
    return As::check(value);
}

template <class As, class V> void obey_text(verdict& v, std::string const& where, V const& value) {
  static_assert(json::checked<As>, "no command and no shape says how this text must be");
  if (auto const fault = check_as_ever<As>(value)) v.refuse(where, fault->detail);
}

template <class As, class V> void obey_map(verdict& v, std::string const& where, V const& value) {
  v.demand(value.size() <= As::max, where, "it must have at most " + std::to_string(As::max) + " members");
  for (auto const& [name, one] : value) {
    if (auto const fault = check_as_ever<typename As::name_form>(name)) v.refuse(where, fault->detail);
    obey<typename As::mapped_type>(v, where, one);
  }
}

template <class As, class V> void obey_list(verdict& v, std::string const& where, V const& value) {
  static_assert(
      requires { As::check_size(std::size_t{}); }, "no command and no shape says how long this list may be");
  if (auto const fault = As::check_size(value.size())) v.refuse(where, fault->detail);
  std::size_t i = 0;
  for (auto const& one : value) obey<typename As::value_type>(v, where + "/" + std::to_string(i++), one);
}

template <class As, class V> void obey(verdict& v, std::string const& where, V const& value) {
  if constexpr (is_optional<V>::value) {
    if (value) obey<As>(v, where, *value);
  } else if constexpr (is_changed<V>::value) {
    if (value.value) obey<As>(v, where, *value.value);
  } else if constexpr (is_change<V>::value) {
    obey<As>(v, where + "/from", value.from);
    obey<As>(v, where + "/to", value.to);
  } else if constexpr (json::is_wrapper<As>::value) {
    obey<typename json::detail::inner_of<As>::type>(v, where, value);
  } else if constexpr (std::is_same_v<V, uuid>) {
    v.demand(!value.is_nil(), where, "it must be an id");
  } else if constexpr (says_enough<V>) {
  } else if constexpr (std::is_same_v<V, events::restored>) {
    v.demand(value.version >= 1 && value.version < version_max, where, "its version is out of range");
  } else if constexpr (std::is_integral_v<V>) {
    obey_number<As>(v, where, value);
  } else if constexpr (std::is_same_v<V, std::string>) {
    obey_text<As>(v, where, value);
  } else if constexpr (requires { typename V::mapped_type; }) {
    obey_map<As>(v, where, value);
  } else if constexpr (json::described<V>) {
    fields<As>(v, where, value);
  } else {
    obey_list<As>(v, where, value);
  }
}

template <class... Shapes, class V> void fields(verdict& v, std::string const& where, V const& value) {
  boost::mp11::mp_for_each<json::members_of<V>>([&](auto d) {
    using D = decltype(d);
    using As = found<D, Shapes...>;
    using Member = std::remove_cvref_t<decltype(value.*d.pointer)>;
    auto const place = where + "/" + d.name;
    if constexpr (!boost::mp11::mp_empty<As>::value)
      obey<type_of_member<boost::mp11::mp_front<As>>>(v, place, value.*d.pointer);
    else if constexpr (json::described<Member> && !std::is_same_v<Member, events::restored> &&
                       !is_change<Member>::value)
      fields<Shapes...>(v, place, value.*d.pointer); // the changes of an update
    else
      obey<by_itself>(v, place, value.*d.pointer);
  });
}

} // namespace alloy::domain::rules
