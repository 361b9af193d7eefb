#include "api/operations/webhooks/webhook_payload.hpp"

#include "api/operations/webhooks/webhook_view.hpp"
#include "projections/history.hpp"

namespace alloy::api {
namespace {

// The position of the last event in a thing's history.
std::uint64_t last_change(reader const& state, uuid const& tenant, events::subject const& s) {
  auto const prefix = domain::history_of(tenant, s.kind, s.id).str();
  std::uint64_t last = 0;
  state.scan(prefix, after_prefix(prefix), direction::descending, [&](std::string_view k, std::string_view) {
    last = big_endian_u64(k.substr(prefix.size()));
    return false;
  });
  return last;
}

// As the command left it, so that the same delivery has the same bytes whenever it is sent.
std::optional<std::string> object_then(reader const& state, events::log const& log, events::record_head const& head,
                                       events::subject const& s, std::uint64_t last) {
  auto const rows = projections::past::rows_of(s.kind);
  if (!rows) return std::nullopt;
  std::string now;
  bool const is_there = state.get(key(head.tenant, *rows).add(s.id), now);
  if (last_change(state, head.tenant, s) <= last) return is_there ? std::optional(std::move(now)) : std::nullopt;
  return projections::past(state, log, {last, head.at}).row(head.tenant, s.kind, s.id);
}

// Behind a text that begins at `at`.
std::size_t end_of_text(std::string_view json, std::size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at)
    if (json[at] == '\\') ++at;
  return std::min(json.size(), at + 1);
}

// Of the value that the JSON begins with: a text, a list, an object, or what goes up to the next comma or bracket.
std::size_t end_of_value(std::string_view json) {
  std::size_t depth = 0, at = 0;
  while (at < json.size()) {
    auto const c = json[at];
    if (c == '"') {
      at = end_of_text(json, at);
    } else if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
      return at;
    } else {
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      ++at;
      if (depth > 0 || (c != '}' && c != ']')) continue;
    }
    if (depth == 0) return at;
  }
  return json.size();
}

// Texts stay what they are: a tag may be called so, too, and its values are no amounts.
void append_without_numbers(std::string& out, std::string_view value) {
  for (std::size_t at = 0; at < value.size();) {
    auto const c = value[at];
    if (c == '"') {
      auto const end = end_of_text(value, at);
      out.append(value.substr(at, end - at));
      at = end;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      out += "null";
      at = std::min(value.size(), value.find_first_not_of("-0123456789.eE+", at));
    } else {
      out += c;
      ++at;
    }
  }
}

} // namespace

std::string without_amounts(std::string_view json) {
  // A quote within a text is escaped, so what looks like the end of such a name is one.
  constexpr std::string_view mark = "_cents\":";
  std::string out;
  for (;;) {
    auto const at = json.find(mark);
    if (at == std::string_view::npos) return out.append(json);
    out.append(json.substr(0, at + mark.size()));
    json.remove_prefix(at + mark.size());
    auto const value = json.substr(0, end_of_value(json));
    append_without_numbers(out, value);
    json.remove_prefix(value.size());
  }
}

bool may_see_money(reader const& state, uuid const& org, uuid const& user) {
  auto const m = domain::find<domain::member>(state, org, user);
  return m && (m->can_view_finance || m->role >= role::Admin);
}

std::string webhook_payload(reader const& state, events::log const& log, events::record_head const& head,
                            events::public_event const& e, std::uint64_t last, bool money) {
  std::string data = "{\"subject\":";
  json::write(data, e.subject);
  data += ",\"object\":";
  auto const row = object_then(state, log, head, e.subject, last);
  if (!row)
    data += "null";
  else if (e.subject.kind == entity::webhook)
    json::write(data, view_of(json::stored<domain::webhook>(domain::row::json_of(*row))));
  else
    data += domain::row::json_of(*row);
  if (e.data.size() > 2)
    data += ',' + e.data.substr(1);
  else
    data += '}';
  return money ? data : without_amounts(data);
}

} // namespace alloy::api
