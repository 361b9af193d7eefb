#include "domain/periods.hpp"

#include "domain/terms.hpp"

namespace alloy::domain {

bool month_rule::ok(std::string_view t) noexcept {
  return t.size() == max && parse_date(std::string(t) + "-01").has_value();
}

std::string month_of(date day) {
  return to_string(day).substr(0, month_rule::max);
}

date first_day(std::string_view month) {
  return parse_date(std::string(month) + "-01").value();
}

date last_day(std::string_view month) {
  auto const c = calendar_of(first_day(month));
  date const next = c.month == 12 ? make_date(c.year + 1, 1, 1) : make_date(c.year, c.month + 1, 1);
  return {next.days - 1};
}

bool is_closed(reader const& state, uuid const& org, std::string_view month) {
  auto const p = find_at<period>(state, period_key(org, month));
  return p && p->status == period_status::Closed;
}

error closed_period(std::string_view month) {
  std::string members = "\"period\":";
  json::write(members, month);
  return error(errc::period_closed,
               std::string(month) + " is closed; what comes late goes into an open month, with adjusts", members);
}

result<> check_open(reader const& state, uuid const& org, date day) {
  if (auto const month = month_of(day); is_closed(state, org, month)) return closed_period(month);
  return {};
}

std::optional<std::string> closed_within(reader const& state, uuid const& org, date from, std::optional<date> until) {
  std::optional<std::string> found;
  auto const begin = period_key(org, month_of(from)).str(), end = after_prefix(key(org, table::period));
  state.scan(begin, end, direction::ascending, [&](std::string_view, std::string_view row) {
    auto const p = json::stored<period>(row::json_of(row));
    if (until && first_day(p.month) >= *until) return false;
    if (p.status == period_status::Closed) found = p.month;
    return !found;
  });
  return found;
}

result<decision> close(reader const& state, org const& o, std::string const& month, events::period_closed report,
                       context const& by) {
  auto const before = find_at<period>(state, period_key(o.id, month));
  if (before && before->status == period_status::Closed) return error(errc::wrong_state, month + " is closed already");
  if (first_day(month) > day_of(state, o.id, by.at)) return error(errc::wrong_state, month + " has not begun yet");
  report.month = month;
  decision d;
  record(d.events, o.id, entity::period, before ? before->id : by.new_id(), std::move(report));
  return d;
}

result<decision> reopen(reader const& state, org const& o, std::string const& month, reopen_period const& c) {
  auto const p = find_at<period>(state, period_key(o.id, month));
  if (!p || p->status != period_status::Closed) return error(errc::wrong_state, month + " is not closed");
  decision d;
  record(d.events, o.id, entity::period, p->id, events::period_reopened{month, c.reason.value});
  return d;
}

} // namespace alloy::domain
