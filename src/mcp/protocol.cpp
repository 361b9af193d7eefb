#include "mcp/protocol.hpp"

#include "core/byte_order_mark.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace alloy::mcp {
namespace {

constexpr std::array<std::string_view, 4> legacy{"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"};
constexpr std::size_t depth_max = 64;

// 5.0 and 5e0 are integers as JSON Schema counts them, up to where doubles stop being exact.
void make_integers(json::value& v) {
  constexpr double exact_max = 9007199254740992.0;
  if (auto const* const number = v.if_double()) {
    if (std::trunc(*number) == *number && std::abs(*number) <= exact_max) v = static_cast<std::int64_t>(*number);
  } else if (auto* const list = v.if_array()) {
    for (auto& one : *list) make_integers(one);
  } else if (auto* const members = v.if_object()) {
    for (auto& member : *members) make_integers(member.value());
  }
}

json::object envelope() {
  return {{"jsonrpc", "2.0"}};
}

} // namespace

std::span<std::string_view const> legacy_revisions() noexcept {
  return legacy;
}

bool is_legacy_revision(std::string_view revision) noexcept {
  return std::find(legacy.begin(), legacy.end(), revision) != legacy.end();
}

std::string error_text(json::value const& id, int code, std::string_view message, json::value const& data) {
  auto out = envelope();
  out["id"] = id;
  json::object error{{"code", code}, {"message", message}};
  if (!data.is_null()) error["data"] = data;
  out["error"] = std::move(error);
  return json::serialize(out);
}

kept_text keep(json::object const& members) {
  auto text = json::serialize(members);
  return std::make_shared<std::string const>(text.substr(1, text.size() - 2));
}

std::string result_text(json::value const& id, json::object result, kept_text const& more) {
  auto out = envelope();
  out["id"] = id;
  if (!more) {
    out["result"] = std::move(result);
    return json::serialize(out);
  }
  auto const own = json::serialize(result);
  auto text = json::serialize(out);
  text.pop_back();
  text.reserve(text.size() + more->size() + own.size() + 16);
  text += ",\"result\":{";
  text += *more;
  if (own.size() > 2) text += ',';
  text.append(own, 1); // its end is the end of both
  return text += '}';
}

std::string notification_text(std::string_view method, json::object params) {
  auto out = envelope();
  out["method"] = method;
  out["params"] = std::move(params);
  return json::serialize(out);
}

json::object text_content(std::string_view text) {
  return {{"type", "text"}, {"text", text}};
}

json::value const* find(json::object const& o, std::string_view name) noexcept {
  return o.if_contains(name);
}

json::object const* find_object(json::object const& o, std::string_view name) noexcept {
  auto const* const v = o.if_contains(name);
  return v ? v->if_object() : nullptr;
}

std::string find_text(json::object const& o, std::string_view name) {
  auto const* const v = o.if_contains(name);
  auto const* const text = v ? v->if_string() : nullptr;
  return text ? std::string(std::string_view(*text)) : std::string();
}

json::value parse(std::string_view text, boost::system::error_code& ec) {
  json::parse_options options;
  options.max_depth = depth_max;
  auto v = json::parse(without_byte_order_mark(text), ec, {}, options);
  if (!ec) make_integers(v);
  return v;
}

} // namespace alloy::mcp
