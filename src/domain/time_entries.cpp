#include "domain/time_entries.hpp"

#include "domain/diff.hpp"
#include "domain/history.hpp"
#include "domain/members.hpp"
#include "domain/terms.hpp"

namespace alloy::domain {
namespace {

std::string status_of(time_entry const& e) {
  return "the entry is " + std::string(json::name_of(e.status));
}

result<> check_own(time_entry const& e, context const& by) {
  if (e.user_id == by.user_id) return {};
  return error(errc::not_yours, "time is logged, changed and submitted by the one who worked it");
}

// What its owner may still change.
result<> check_changeable(reader const& state, time_entry const& e, context const& by) {
  if (auto own = check_own(e, by); !own) return own;
  if (e.status == time_status::Submitted || e.status == time_status::Approved)
    return error(errc::entry_locked, status_of(e) + "; only a Draft or a Rejected one changes");
  return check_open(state, e.org_id, e.date);
}

// Whether the caller may approve or reject it; true: only because there is no other Admin.
result<bool> check_decides(reader const& state, time_entry const& e, context const& by) {
  if (e.status == time_status::Approved) return error(errc::entry_locked, status_of(e) + "; reopen it first");
  if (e.status != time_status::Submitted)
    return error(errc::wrong_state, status_of(e) + "; only a Submitted one is approved or rejected");
  bool const own = e.user_id == by.user_id;
  if (own && has_another(state, e.org_id, by.user_id, role::Admin))
    return error(errc::own_entry, "another Admin decides on your own time");
  if (auto open = check_open(state, e.org_id, e.date); !open) return open.error();
  return own;
}

// Minutes of a body that may say them as minutes or as hours.
std::optional<std::int64_t> minutes_of(std::optional<time_minutes> const& minutes, std::optional<day_hours> const& h,
                                       std::vector<fault>& faults) {
  if (h && h->minutes == 0)
    faults.push_back({"/hours", "not_positive", "it must be more than 0"});
  else if (h && minutes && h->minutes != minutes->value)
    faults.push_back({"/hours", "contradiction", "minutes says something else"});
  if (minutes) return minutes->value;
  if (h) return h->minutes;
  return std::nullopt;
}

void check_day(reader const& state, org const& o, uuid const& user, date day, std::int64_t minutes,
               std::int64_t counted_already, context const& by, std::vector<fault>& faults) {
  if (day > day_of(state, o.id, by.at))
    faults.push_back({"/date", "in_the_future", "time is logged when it has been worked"});
  auto const others = minutes_logged(state, o.id, user, day) - counted_already;
  if (others + minutes > minutes_a_day_max)
    faults.push_back({"/minutes", "day_full",
                      "a day has 1440 minutes, and " + std::to_string(others) + " are logged on " + to_string(day)});
}

void check_adjusts(reader const& state, org const& o, std::optional<std::string> const& month, date day,
                   std::vector<fault>& faults) {
  if (!month) return;
  if (*month >= month_of(day))
    faults.push_back({"/adjusts", "not_earlier", "what is adjusted is a month before that of the entry"});
  else if (!is_closed(state, o.id, *month))
    faults.push_back({"/adjusts", "not_closed", *month + " is not closed; log the time in it"});
}

} // namespace

std::int64_t minutes_logged(reader const& state, uuid const& org, uuid const& user, date day) {
  std::string stored;
  return state.get(time_of_day(org, user, day), stored) ? static_cast<std::int64_t>(big_endian_u64(stored)) : 0;
}

result<decision> decide(reader const& state, org const& o, ticket const& t, log_time const& c, context const& by) {
  if (auto free = check_id<time_entry>(state, o.id, entity::time_entry, c.id); !free) return free.error();
  std::vector<fault> faults;
  auto const minutes = minutes_of(c.minutes, c.hours, faults);
  if (!minutes) faults.push_back({"/minutes", "minutes_or_hours", "minutes or hours is required"});
  check_day(state, o, by.user_id, c.date, minutes.value_or(0), 0, by, faults);
  events::time_entry_logged e;
  e.adjusts = plain_as<std::optional<std::string>>(c.adjusts);
  check_adjusts(state, o, e.adjusts, c.date, faults);
  if (!faults.empty()) return error(std::move(faults));
  if (auto open = check_open(state, o.id, c.date); !open) return open.error();
  auto const then = terms_on(state, o.id, t.project_id, c.date);
  e.user_id = by.user_id;
  e.ticket_id = t.id;
  e.project_id = t.project_id;
  e.team_id = team_on(state, o.id, by.user_id, c.date);
  e.date = c.date;
  e.minutes = *minutes;
  e.description = plain_as<std::optional<std::string>>(c.description);
  e.activity = plain_as<std::optional<std::string>>(c.activity);
  e.capitalization_type = c.capitalization_type.value_or(then.capitalization_type.value_or(capitalization::Opex));
  e.development_phase = then.development_phase;
  decision d;
  record(d.events, o.id, entity::time_entry, c.id ? *c.id : by.new_id(), std::move(e));
  return d;
}

result<decision> decide(reader const& state, org const& o, time_entry const& e, update_time_entry const& c,
                        context const& by) {
  if (auto may = check_changeable(state, e, by); !may) return may.error();
  auto next = e;
  std::vector<fault> faults;
  next.minutes = minutes_of(c.minutes.value, c.hours.value, faults).value_or(e.minutes);
  next.date = c.date.value.value_or(e.date);
  if (c.adjusts) next.adjusts = plain_as<std::optional<std::string>>(c.adjusts);
  check_day(state, o, e.user_id, next.date, next.minutes, next.date == e.date ? e.minutes : 0, by, faults);
  if (c.adjusts || c.date) check_adjusts(state, o, next.adjusts, next.date, faults);
  if (!faults.empty()) return error(std::move(faults));
  if (auto open = check_open(state, o.id, next.date); !open) return open.error();
  if (next.date != e.date) {
    auto const type_on = [&](date day) {
      return terms_on(state, o.id, e.project_id, day).capitalization_type.value_or(capitalization::Opex);
    };
    if (e.capitalization_type == type_on(e.date)) next.capitalization_type = type_on(next.date);
    next.team_id = team_on(state, o.id, e.user_id, next.date);
    next.development_phase = terms_on(state, o.id, e.project_id, next.date).development_phase;
  }
  if (c.capitalization_type) next.capitalization_type = *c.capitalization_type.value;
  if (c.description) next.description = plain_as<std::optional<std::string>>(c.description);
  if (c.activity) next.activity = plain_as<std::optional<std::string>>(c.activity);
  events::time_entry_changes changes;
  boost::mp11::mp_for_each<json::members_of<events::time_entry_changes>>([&](auto field) {
    detail::with_member<decltype(field)>(e, [&](auto const& was) {
      detail::with_member<decltype(field)>(next, [&](auto const& is) {
        if constexpr (std::is_same_v<decltype(was), decltype(is)>)
          if (!(was == is)) (changes.*field.pointer).value = {was, is};
      });
    });
  });
  decision d;
  if (any(changes)) record(d.events, o.id, entity::time_entry, e.id, events::time_entry_updated{std::move(changes)});
  return d;
}

result<decision> submit(reader const& state, time_entry const& e, context const& by) {
  if (auto own = check_own(e, by); !own) return own.error();
  if (e.status == time_status::Approved) return error(errc::entry_locked, status_of(e));
  if (e.status == time_status::Submitted) return error(errc::wrong_state, status_of(e) + " already");
  if (auto open = check_open(state, e.org_id, e.date); !open) return open.error();
  decision d;
  record(d.events, e.org_id, entity::time_entry, e.id, events::time_entry_submitted{});
  return d;
}

result<decision> approve(reader const& state, time_entry const& e, context const& by) {
  auto const own = check_decides(state, e, by);
  if (!own) return own.error();
  decision d;
  record(d.events, e.org_id, entity::time_entry, e.id, events::time_entry_approved{*own});
  return d;
}

result<decision> reject(reader const& state, time_entry const& e, reasoned const& c, context const& by) {
  if (auto may = check_decides(state, e, by); !may) return may.error();
  decision d;
  record(d.events, e.org_id, entity::time_entry, e.id, events::time_entry_rejected{c.reason.value});
  return d;
}

result<decision> reopen(reader const& state, time_entry const& e, reasoned const& c) {
  if (e.status != time_status::Approved)
    return error(errc::wrong_state, status_of(e) + "; only an Approved one is reopened");
  if (auto open = check_open(state, e.org_id, e.date); !open) return open.error();
  decision d;
  record(d.events, e.org_id, entity::time_entry, e.id, events::time_entry_reopened{c.reason.value});
  return d;
}

result<decision> remove(reader const& state, time_entry const& e, context const& by) {
  if (auto may = check_changeable(state, e, by); !may) return may.error();
  decision d;
  record(d.events, e.org_id, entity::time_entry, e.id,
         events::time_entry_deleted{e.user_id, e.ticket_id, e.date, e.minutes});
  return d;
}

} // namespace alloy::domain
