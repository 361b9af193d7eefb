#pragma once
// JSON Schema (2020-12, as OpenAPI 3.1 takes it) of a described type, from the same types that read and write it, so
// that the document cannot say anything else than the code does.
#include "core/json.hpp"

#include <array>
#include <map>
#include <typeinfo>

namespace alloy::api {

// The named schemas of the document, by name; structs refer to each other through it.
struct schema_book {
  std::map<std::string, std::string> named;
};

// A name for a struct's schema: `static constexpr std::string_view schema_name`, else its C++ name's last part.
std::string cpp_name(std::type_info const& type);

template <class T> std::string schema_of(schema_book& book);

namespace detail {

template <class T> std::string nullable(schema_book& book) {
  return "{\"anyOf\":[" + schema_of<T>(book) + ",{\"type\":\"null\"}]}";
}

// What check_text and check_name refuse beside the length, as far as a pattern can say it: not what joins two
// characters only, and nothing beyond the BMP.
enum class text_kind : std::uint8_t { name, line, prose };

#define ALLOY_NO_LINE R"(\u0000-\u001f\u007f-\u009f\u2028\u2029)"
#define ALLOY_NO_PROSE R"(\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f)"
#define ALLOY_NO_NAME                                                                                                  \
  ALLOY_NO_LINE R"(\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800)"      \
                R"(\u3164\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff)"
#define ALLOY_NOT_SEEN                                                                                                 \
  ALLOY_NO_NAME R"(\u0020\u00a0\u1680\u180b-\u180f\u2000-\u200a\u200c\u200d\u202f\u205f\u3000\ufe00-\ufe0f)"

constexpr std::string_view text_pattern(text_kind what, bool needs_a_letter) {
  if (what == text_kind::prose)
    return needs_a_letter ? "^[^" ALLOY_NO_PROSE "]*[^" ALLOY_NOT_SEEN "][^" ALLOY_NO_PROSE "]*$"
                          : "^[^" ALLOY_NO_PROSE "]*$";
  if (what == text_kind::name)
    return needs_a_letter ? "^[^" ALLOY_NO_NAME "]*[^" ALLOY_NOT_SEEN "][^" ALLOY_NO_NAME "]*$"
                          : "^[^" ALLOY_NO_NAME "]*$";
  return needs_a_letter ? "^[^" ALLOY_NO_LINE "]*[^" ALLOY_NOT_SEEN "][^" ALLOY_NO_LINE "]*$"
                        : "^[^" ALLOY_NO_LINE "]*$";
}
#undef ALLOY_NO_LINE
#undef ALLOY_NO_PROSE
#undef ALLOY_NO_NAME
#undef ALLOY_NOT_SEEN

template <class T> constexpr text_kind kind_of_text() {
  if constexpr (requires { T::is_name; }) return text_kind::name;
  return T::lines ? text_kind::prose : text_kind::line;
}

inline void append_member(std::string& object, std::string_view name, auto const& value) {
  object += ",\"";
  object += name;
  object += "\":";
  json::write(object, value);
}

template <class T> std::string text_schema() {
  std::string s = "{\"type\":\"string\"";
  if constexpr (requires { T::lines; }) append_member(s, "pattern", text_pattern(kind_of_text<T>(), T::min > 0));
  if constexpr (requires { T::min; })
    s += ",\"minLength\":" + std::to_string(T::min) + ",\"maxLength\":" + std::to_string(T::max);
  if constexpr (requires { typename T::rule; }) {
    using rule = typename T::rule;
    s += ",\"minLength\":" + std::to_string(rule::min) + ",\"maxLength\":" + std::to_string(rule::max);
    if constexpr (requires { rule::pattern; }) append_member(s, "pattern", rule::pattern);
    if constexpr (requires { rule::format; }) append_member(s, "format", rule::format);
    if constexpr (requires { rule::choices(); }) append_member(s, "enum", rule::choices());
    if constexpr (requires { rule::example; }) append_member(s, "examples", std::array{rule::example});
    append_member(s, "description", rule::words);
  }
  return s + "}";
}

// An object's schema as it grows. Not a template, as this stands once for every member of every struct.
class struct_text {
 public:
  void add(std::string_view name, std::string const& schema, bool is_required);
  std::string whole() const;

 private:
  std::string properties_, required_;
};

template <class T> std::string struct_schema(schema_book& book) {
  std::string const name = cpp_name(typeid(T));
  std::string const reference = "{\"$ref\":\"#/components/schemas/" + name + "\"}";
  if (book.named.contains(name)) return reference;
  book.named[name]; // so that a struct within itself ends
  struct_text text;
  boost::mp11::mp_for_each<json::members_of<T>>([&](auto d) {
    using M = std::remove_cvref_t<decltype(std::declval<T&>().*d.pointer)>;
    // What is answered always holds all its fields; what is sent may leave out those that may be absent, mostly.
    bool constexpr complete = requires {
      T::rows;
    }
    || requires {
      T::answer;
    }
    || requires {
      T::all_required;
    };
    bool constexpr is_required =
        !json::is_wrapper<M>::value ||
        (complete && !std::is_same_v<M, json::changed<typename json::detail::inner_of<M>::type>>);
    text.add(d.name, schema_of<M>(book), is_required);
  });
  book.named[name] = text.whole();
  return reference;
}

} // namespace detail

template <class T> std::string schema_of(schema_book& book) {
  if constexpr (requires { T::json_schema; })
    return std::string(T::json_schema);
  else if constexpr (std::is_same_v<T, bool>)
    return R"({"type":"boolean"})";
  else if constexpr (std::is_integral_v<T>)
    return R"({"type":"integer","format":"int64"})";
  else if constexpr (std::is_floating_point_v<T>)
    return R"({"type":"number"})";
  else if constexpr (std::is_same_v<T, points>)
    return R"({"type":"number","minimum":0,"maximum":10000,"multipleOf":0.01})";
  else if constexpr (std::is_same_v<T, hours> || std::is_same_v<T, decimal>)
    return R"({"type":"number"})";
  else if constexpr (std::is_same_v<T, day_hours>)
    return R"({"type":"number","minimum":0,"maximum":24})";
  else if constexpr (std::is_same_v<T, json::raw>)
    return "{}";
  else if constexpr (std::is_same_v<T, uuid>)
    return R"({"type":"string","format":"uuid"})";
  else if constexpr (std::is_same_v<T, timestamp>)
    return R"({"type":"string","format":"date-time"})";
  else if constexpr (std::is_same_v<T, date>)
    return R"({"type":"string","format":"date"})";
  else if constexpr (std::is_convertible_v<T, std::string_view>)
    return R"({"type":"string"})";
  else if constexpr (json::checked<T>)
    return detail::text_schema<T>();
  else if constexpr (requires {
                       T::min;
                       T::max;
                       T{}.value;
                     })
    return "{\"type\":\"integer\",\"minimum\":" + std::to_string(T::min) + ",\"maximum\":" + std::to_string(T::max) +
           "}";
  else if constexpr (json::described_enum<T>) {
    std::string s;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto d) {
      if (!s.empty()) s += ',';
      json::write(s, std::string_view(d.name));
    });
    return "{\"type\":\"string\",\"enum\":[" + s + "]}";
  } else if constexpr (std::is_same_v<T, json::changed<typename json::detail::inner_of<T>::type>>)
    return schema_of<typename json::detail::inner_of<T>::type>(book);
  else if constexpr (json::is_wrapper<T>::value)
    return detail::nullable<typename json::detail::inner_of<T>::type>(book);
  else if constexpr (json::described<T>)
    return detail::struct_schema<T>(book);
  else if constexpr (requires { typename T::mapped_type; }) {
    std::string s = "{\"type\":\"object\",\"additionalProperties\":" + schema_of<typename T::mapped_type>(book);
    if constexpr (requires { typename T::name_form; })
      s += ",\"propertyNames\":" + schema_of<typename T::name_form>(book) +
           ",\"maxProperties\":" + std::to_string(T::max);
    return s + "}";
  } else {
    std::string s = "{\"type\":\"array\",\"items\":" + schema_of<typename T::value_type>(book);
    if constexpr (requires {
                    T::min;
                    T::max;
                  })
      s += ",\"minItems\":" + std::to_string(T::min) + ",\"maxItems\":" + std::to_string(T::max);
    return s + "}";
  }
}

} // namespace alloy::api
