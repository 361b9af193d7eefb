#pragma once
// A merge patch against an entity becomes `changes`, and `changes` applied to the entity give the new one. Fields meet
// by name, so a new field is one member in each of the three structs and nothing here.
#include "core/json.hpp"

namespace alloy::domain {

namespace detail {
// Text types carry a value of plain type; everything else is plain already.
template <class T> auto const& plain(T const& v) {
  if constexpr (json::checked<T> || requires {
                  T::min;
                  v.value;
                })
    return v.value;
  else
    return v;
}

template <class From, class To> To convert(From const& v) {
  if constexpr (requires { v.value.has_value(); }) { // clearable, changed
    if constexpr (requires(To t) { t.has_value(); }) {
      To out;
      if (v.value) out = typename To::value_type(plain(*v.value));
      return out;
    } else
      return To(plain(*v.value));
  } else if constexpr (
      requires(To t) { t.has_value(); } && requires { v.has_value(); }) {
    To out;
    if (v) out = typename To::value_type(plain(*v));
    return out;
  } else
    return To(plain(v));
}

template <class Changed, class Optional> constexpr bool same_behind_changed = false;
template <class T> constexpr bool same_behind_changed<json::changed<T>, std::optional<T>> = true;

// Calls f with the member of `s` that has the name of descriptor C, where there is one.
template <class C, class Struct, class F> void with_member(Struct& s, F f) {
  boost::mp11::mp_for_each<json::members_of<std::remove_const_t<Struct>>>([&](auto d) {
    if constexpr (std::string_view(decltype(d)::name) == C::name) f(s.*d.pointer);
  });
}

// Nothing happens where the types have nothing in common.
template <class To, class From> void take_field(To& to, From const& from) {
  if constexpr (std::is_same_v<To, From>)
    to = from;
  else if constexpr (same_behind_changed<To, From>)
    to.value = from;
  else if constexpr (same_behind_changed<From, To>)
    to = from.value;
}
} // namespace detail

// Every field of `from` goes to the field of the same name and type in `to`, where a `changed` is as good as an
// optional; what has no such field stays behind.
template <class To, class From> void take(To& to, From const& from) {
  boost::mp11::mp_for_each<json::members_of<From>>([&](auto d) {
    detail::with_member<decltype(d)>(to, [&](auto& field) { detail::take_field(field, from.*d.pointer); });
  });
}

// The plain value of a body's field: text<1,500> -> std::string, optional<text> -> optional<std::string>.
template <class To, class From> To plain_as(From const& v) {
  return detail::convert<From, To>(v);
}

template <class Changes, class Entity, class Patch> Changes difference(Entity const& now, Patch const& wanted) {
  Changes changes;
  boost::mp11::mp_for_each<json::members_of<Changes>>([&](auto c) {
    using C = decltype(c);
    auto& out = changes.*c.pointer;
    using Change = typename std::remove_cvref_t<decltype(out.value)>::value_type;
    using Value = decltype(Change::from);
    detail::with_member<C>(wanted, [&](auto const& patch) {
      if (!patch) return;
      detail::with_member<C>(now, [&](auto const& current) {
        auto to = plain_as<Value>(patch);
        if (!(current == to)) out.value = Change{current, std::move(to)};
      });
    });
  });
  return changes;
}

template <class Changes> bool any(Changes const& changes) {
  bool found = false;
  boost::mp11::mp_for_each<json::members_of<Changes>>(
      [&](auto c) { found = found || (changes.*c.pointer).value.has_value(); });
  return found;
}

template <class Entity, class Changes> void apply(Entity& e, Changes const& changes) {
  boost::mp11::mp_for_each<json::members_of<Changes>>([&](auto c) {
    auto const& change = (changes.*c.pointer).value;
    if (!change) return;
    detail::with_member<decltype(c)>(e, [&](auto& current) { current = change->to; });
  });
}

} // namespace alloy::domain
