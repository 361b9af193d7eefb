#include "api/table/query.hpp"

#include <algorithm>
#include <charconv>

namespace alloy::api {
namespace {

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

error malformed(std::string_view what) {
  return error(errc::malformed_query, std::string(what));
}

} // namespace

result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      int const high = i + 2 < text.size() ? nibble(text[i + 1]) : -1;
      int const low = i + 2 < text.size() ? nibble(text[i + 2]) : -1;
      if (high < 0 || low < 0) return malformed("a % is not followed by two hexadecimal digits");
      char const c = static_cast<char>(high << 4 | low);
      if (c == '\0') return malformed("%00 is not allowed");
      out += c;
      i += 2;
    } else
      out += text[i] == '+' && plus_is_space ? ' ' : text[i];
  }
  if (!alloy::json::is_utf8(out)) return malformed("it is not UTF-8");
  return out;
}

result<decoded_query> decode_query(std::string_view text, std::span<query_parameter const> known) {
  constexpr std::size_t names_max = 64, values_max = 1000;
  auto const is_list = [&](std::string const& name) {
    return std::any_of(known.begin(), known.end(), [&](auto const& p) { return p.list && p.name == name; });
  };
  decoded_query query;
  std::size_t repeated = 0;
  while (!text.empty()) {
    auto const one = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    if (one.empty()) continue;
    auto const equals = one.find('=');
    auto name = percent_decode(one.substr(0, equals), true);
    auto value = percent_decode(equals == std::string_view::npos ? std::string_view{} : one.substr(equals + 1), true);
    if (!name) return name.error();
    if (!value) return value.error();
    if (std::any_of(query.begin(), query.end(), [&](auto const& before) { return before.first == *name; })) {
      if (!is_list(*name)) return malformed("the parameter " + *name + " stands there twice; it takes one value");
      ++repeated;
    }
    if (query.size() - repeated == names_max)
      return malformed("there are more than " + std::to_string(names_max) + " parameters");
    if (query.size() == values_max)
      return malformed("there are more than " + std::to_string(values_max) + " values of parameters");
    query.emplace_back(std::move(*name), std::move(*value));
  }
  return query;
}

result<> refuse_unknown(decoded_query const& query, std::span<std::string_view const> known) {
  std::vector<fault> faults;
  for (auto const& [name, value] : query) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string detail = "there is no such parameter here";
    if (!known.empty()) {
      detail += "; there are ";
      for (auto const k : known) detail += std::string(k) + (k == known.back() ? "" : ", ");
    }
    faults.push_back({"/" + name, "unknown_parameter", std::move(detail)});
  }
  if (!faults.empty()) return error(std::move(faults));
  return {};
}

void detail::fill(alloy::json::node& n, std::string_view text, wants w) {
  n.what = alloy::json::kind::string;
  n.text = text;
  if (w == wants::boolean && (text == "true" || text == "false")) {
    n.what = alloy::json::kind::boolean;
    n.flag = text == "true";
  } else if (w == wants::number) {
    std::int64_t value = 0;
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed == std::errc() && end == text.data() + text.size() && !text.empty()) {
      n.what = alloy::json::kind::integer;
      n.integer = value;
    }
  }
}

} // namespace alloy::api
