#include "projections/time_list.hpp"

#include <algorithm>

namespace alloy::projections {
namespace {

using domain::time_entry;

constexpr std::size_t chunk = 256; // entries read at once

template <class T> bool among(std::vector<T> const& any, T const& one) {
  return any.empty() || std::find(any.begin(), any.end(), one) != any.end();
}
template <class T> bool is(std::optional<T> const& wanted, T const& one) {
  return !wanted || *wanted == one;
}

// `day` is that of the row by which it was met: one that has left it leaves its row behind.
bool passes(time_filter const& f, time_entry const& e, date day) {
  return e.date == day && is(f.project, e.project_id) && is(f.ticket, e.ticket_id) && is(f.user, e.user_id) &&
         among(f.status, e.status) && among(f.only, e.project_id);
}

// The index that leaves the fewest to look at.
std::string prefix_of(uuid const& org, time_filter const& f) {
  if (f.ticket) return time_of(org, table::time_by_ticket, *f.ticket).str();
  if (f.status.size() == 1 && f.status.front() != time_status::Approved)
    return time_in_status(org, f.status.front()).str();
  if (f.user) return time_of(org, table::time_by_user, *f.user).str();
  if (f.project) return time_of(org, table::time_by_project, *f.project).str();
  return time_by_day(org).str();
}

} // namespace

page list_time(reader const& state, uuid const& org, time_filter const& f, page_request const& ask) {
  page p;
  auto const prefix = prefix_of(org, f);
  auto from = prefix, to = f.to ? prefix : after_prefix(prefix);
  if (!ask.after.empty())
    from += ask.after + '\0';
  else if (f.from)
    append_u64(from, static_cast<std::uint64_t>(f.from->days));
  if (f.to) append_u64(to, static_cast<std::uint64_t>(f.to->days) + 1);
  for (std::string last;;) {
    std::vector<std::string> places, keys;
    state.scan(from, to, direction::ascending, [&](std::string_view k, std::string_view) {
      places.emplace_back(k.substr(prefix.size()));
      keys.push_back(domain::key_of<time_entry>(org, read_when(places.back()).id).str());
      return keys.size() < chunk;
    });
    auto const rows = state.multi_get(keys);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!rows[i]) continue;
      auto const json = domain::row::json_of(*rows[i]);
      if (!passes(f, json::stored<time_entry>(json), read_when(places[i]).day)) continue;
      if (p.is_full(ask, json.size())) {
        p.next = last;
        return p;
      }
      p.add(std::string(json));
      last = places[i];
    }
    if (keys.size() < chunk) return p;
    from = prefix + places.back() + '\0';
  }
}

} // namespace alloy::projections
