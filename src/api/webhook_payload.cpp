#include "api/webhook_payload.hpp"

#include "api/webhook_view.hpp"
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
    if (json.starts_with('{')) { // {"from": 1, "to": 2}
      auto const end = json.find('}');
      for (auto rest = json.substr(0, end); !rest.empty();) {
        auto const number = rest.find_first_of("-0123456789");
        out.append(rest.substr(0, number));
        if (number == std::string_view::npos) break;
        out += "null";
        rest.remove_prefix(number);
        rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of("-0123456789.eE+")));
      }
      json.remove_prefix(std::min(json.size(), end));
    } else if (auto const end = json.find_first_not_of("-0123456789.eE+"); end != 0) {
      out += "null";
      json.remove_prefix(std::min(json.size(), end));
    }
  }
}

bool may_see_money(reader const& state, uuid const& org, uuid const& user) {
  auto const m = domain::find<domain::member>(state, org, user);
  return m && (m->can_view_finance || m->role >= role::Admin);
}

std::string webhook_payload(reader const& state, events::log const& log, events::record_head const& head,
                            events::outside_event const& e, std::uint64_t last, bool money) {
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
