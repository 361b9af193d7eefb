#pragma once
// An event of every type with a value in each of its fields, the same at every run: made from the descriptions, so that
// a new type has its sample without a line here. `full` sets what may be absent, otherwise it is left out.
#include "events/event_types.hpp"

namespace alloy::events {

class sample_maker {
 public:
  explicit sample_maker(bool full) : full_(full) {}

  template <class E> E make() {
    E e{};
    fill(e, "");
    return e;
  }

 private:
  template <class T> void fill(T& v, char const* name) {
    if constexpr (std::is_same_v<T, bool>)
      v = full_;
    else if constexpr (std::is_integral_v<T>)
      v = static_cast<T>(++count_ * 11);
    else if constexpr (std::is_same_v<T, std::string>)
      v = std::string(name) + " \"\xc3\xa9\xf0\x9f\x98\x80\"\n" + std::to_string(++count_);
    else if constexpr (std::is_same_v<T, uuid>) {
      v.bytes.fill(0x11);
      v.bytes[6] = 0x71;
      v.bytes[8] = 0x81;
      v.bytes[15] = static_cast<std::uint8_t>(++count_);
    } else if constexpr (std::is_same_v<T, timestamp>)
      v.ms = 1'775'035'800'123 + ++count_;
    else if constexpr (std::is_same_v<T, date>)
      v = make_date(2026, 4, static_cast<unsigned>(++count_));
    else if constexpr (std::is_same_v<T, points>)
      v.hundredths = 5 + ++count_ * 10;
    else if constexpr (json::described_enum<T>)
      v = last_of<T>();
    else if constexpr (requires { v.from, v.to; } && !json::described<T>) {
      fill(v.from, name);
      fill(v.to, name);
    } else if constexpr (json::is_wrapper<T>::value) {
      if constexpr (requires { v.emplace(); }) {
        if (full_) fill(v.emplace(), name);
      } else if (full_)
        fill(v.value.emplace(), name);
    } else if constexpr (json::described<T>)
      boost::mp11::mp_for_each<json::members_of<T>>([&](auto d) { fill(v.*d.pointer, d.name); });
    else if constexpr (requires { typename T::mapped_type; }) {
      for (char const* const key : {"one", "two"})
        if (full_) fill(v[key], key);
    } else
      for (int i = 0; full_ && i < 2; ++i) fill(v.emplace_back(), name);
  }

  template <class T> static T last_of() {
    T last{};
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto d) { last = d.value; });
    return last;
  }

  bool full_;
  int count_ = 0;
};

template <class F> void for_each_event_type(F f) {
  boost::mp11::mp_for_each<
      boost::mp11::mp_transform<std::type_identity, boost::mp11::mp_rename<event, boost::mp11::mp_list>>>(f);
}

} // namespace alloy::events
