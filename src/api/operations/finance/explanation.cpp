// The capitalization report entry by entry: what it was, what it cost and why it was treated so.
#include "api/access/ticket_names.hpp"
#include "api/operations/finance/finance.hpp"
#include "api/operations/finance/report_rows.hpp"

namespace alloy::api {
namespace {

using namespace projections;

struct explain_query : books_query {
  std::optional<text<1, 64>> group_id; // none: of no group
  std::optional<uuid> project_id;
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
};
BOOST_DESCRIBE_STRUCT(explain_query, (books_query), (group_id, project_id, limit, cursor))

struct entry_event { // what happened to an entry, and where it stands in the log
  static constexpr bool answer = true;
  std::uint64_t position = 0;
  std::string type;
  timestamp at;
  uuid by;
};
BOOST_DESCRIBE_STRUCT(entry_event, (), (position, type, at, by))

struct explained_entry {
  static constexpr bool answer = true;
  uuid time_entry_id;
  alloy::date date;
  uuid user_id;
  std::string user_name;
  std::optional<uuid> team_id;
  uuid project_id, ticket_id;
  std::optional<std::string> activity;
  time_status status{};
  bool counted = false; // among the totals
  std::int64_t minutes = 0;
  alloy::hours hours;
  std::optional<std::int64_t> hourly_rate_cents;
  std::optional<alloy::date> rate_effective_from;
  std::optional<std::uint64_t> rate_position;
  std::optional<std::int64_t> amount_cents;
  capitalization capitalization_type{};
  std::optional<phase> development_phase;
  bool capitalized = false;
  std::optional<std::string> reason; // why it is not counted, or not capitalized
  std::optional<std::string> adjusts;
  uuid logged_by;
  std::optional<uuid> approved_by;
  bool self_approved = false;
  std::vector<entry_event> events;
};
BOOST_DESCRIBE_STRUCT(explained_entry, (),
                      (time_entry_id, date, user_id, user_name, team_id, project_id, ticket_id, activity, status,
                       counted, minutes, hours, hourly_rate_cents, rate_effective_from, rate_position, amount_cents,
                       capitalization_type, development_phase, capitalized, reason, adjusts, logged_by, approved_by,
                       self_approved, events))

struct explanation { // `items` and what all of them, not only this page, come to
  static constexpr bool answer = true;
  std::string period;
  report_group group_by{};
  alloy::projections::rule_set rule_set{};
  std::string note, currency;
  std::int64_t minor_digits = 2;
  std::optional<std::string> group_id;
  std::optional<uuid> project_id;
  report_sums totals;
  left_out excluded;
  std::uint64_t position = 0;
  std::vector<explained_entry> items;
  std::optional<std::string> next_cursor;
  bool has_more = false;
};
BOOST_DESCRIBE_STRUCT(explanation, (),
                      (period, group_by, rule_set, note, currency, minor_digits, group_id, project_id, totals, excluded,
                       position, items, next_cursor, has_more))

std::string reason_of(reckoned const& e, std::optional<expensed> why_not) {
  if (e.row.status != time_status::Approved) return std::string(json::name_of(e.row.status));
  if (!e.cents) return "Unpriced";
  return why_not ? std::string(json::name_of(*why_not)) : std::string();
}

// Where the rate was set, in this log; an assumed one was not.
std::optional<std::uint64_t> rate_position(report_source const& view, domain::dated_rate const& rate) {
  if (rate.id.is_nil()) return std::nullopt;
  std::optional<std::uint64_t> found;
  auto const prefix = domain::history_of(view.org.id, entity::labor_rate, rate.id).str();
  view.state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
    found = big_endian_u64(k.substr(prefix.size()));
    return false;
  });
  return found;
}

explained_entry explain(report_inputs const& books, reckoned const& e) {
  explained_entry x;
  x.time_entry_id = e.at.id;
  x.date = e.at.day;
  x.user_id = x.logged_by = e.row.user_id;
  x.user_name = books.view.user_name(e.row.user_id);
  x.team_id = e.row.team_id;
  x.project_id = e.row.project_id;
  x.ticket_id = e.row.ticket_id;
  if (!e.row.activity.empty()) x.activity = std::string(e.row.activity);
  if (!e.row.adjusts.empty()) x.adjusts = std::string(e.row.adjusts);
  x.status = e.row.status;
  x.counted = e.row.status == time_status::Approved && e.cents;
  x.minutes = x.hours.minutes = e.row.minutes;
  x.capitalization_type = e.row.type;
  x.development_phase = e.row.development_phase;
  auto const why_not = classify(books.rules.front(), e.row.type, e.row.development_phase, e.at.day, e.project);
  x.capitalized = x.counted && !why_not;
  if (auto reason = reason_of(e, why_not); !reason.empty()) x.reason = std::move(reason);
  if (e.rate) {
    x.rate_effective_from = e.rate->effective_from;
    x.rate_position = rate_position(books.view, *e.rate);
    if (books.shows_amounts) {
      x.hourly_rate_cents = e.rate->cents;
      x.amount_cents = e.cents;
    }
  }
  for (auto const& event : read_history(books.view.state, books.view.log, books.view.org.id, entity::time_entry,
                                        e.at.id, 0, books.view.position())) {
    x.events.push_back({event.position, std::string(events::type_of(event.what)), event.at, event.actor.user_id});
    if (auto const* approved = std::get_if<events::time_entry_approved>(&event.what);
        approved && x.status == time_status::Approved) {
      x.approved_by = event.actor.user_id;
      x.self_approved = approved->self_approved;
    }
  }
  return x;
}

result<reply> explain_all(read_context& c, explain_query const& q) {
  auto const books = open(c, q);
  if (!books) return books.error();
  if (books->rules.size() > 1) return error::of_field("/rule_set", "too_many", "an explanation is by one rule set");
  auto ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  if (q.project_id)
    if (auto known = project_ever(c, books->view.org.id, to_string(*q.project_id)); !known) return known.error();
  explanation x;
  x.period = books->period.name;
  x.group_by = books->group;
  x.rule_set = books->rules.front();
  x.note = rules_note;
  x.currency = books->view.org.currency;
  x.minor_digits = books->view.org.minor_digits;
  if (q.group_id) x.group_id = q.group_id->value;
  x.project_id = q.project_id;
  x.position = books->view.position();
  auto const wanted_group = [&](reckoned const& e) {
    return !q.group_id || books->view.name_of(books->group, e).id.value_or("none") == q.group_id->value;
  };
  tally sums;
  auto const all = sums.add_group({}, {});
  std::string last;
  std::size_t bytes = 0;
  auto cost_calculation = books->cost_calculation();
  std::unordered_map<std::string, bool> groups; // whether it is the wanted one
  cost_calculation.each(q.project_id, books->period.first, books->period.last, [&](reckoned const& e) {
    auto const [group, is_new] = groups.try_emplace(group_of(books->group, e), false);
    if (is_new) group->second = wanted_group(e);
    if (!group->second) return;
    if (e.row.status == time_status::Approved)
      sums.add({all, e.project, e.row.type, e.row.development_phase,
                !classify(books->rules.front(), e.row.type, e.row.development_phase, e.at.day, e.project),
                e.row.minutes, e.cents});
    else
      sums.leave_out(e.row.status, e.row.minutes);
    auto const place = place_of(e.at);
    if (place <= ask->after) return;
    if (x.has_more) return;
    auto item = explain(*books, e);
    auto const item_bytes = alloy::json::to_string(item).size();
    x.has_more = x.items.size() == ask->limit || (!x.items.empty() && bytes + item_bytes > ask->bytes_max);
    if (x.has_more) return;
    x.items.push_back(std::move(item));
    bytes += item_bytes;
    last = place;
  });
  auto summed = sums.finish();
  if (!books->shows_amounts) hide_amounts(summed);
  x.totals = summed.totals;
  x.excluded = summed.excluded;
  if (x.has_more) x.next_cursor = sealed_cursor(c, last);
  return reply_of(x);
}

} // namespace

operation explanation_row() {
  auto row = called(
      "report explain",
      get<explanation, explain_query>("explain_capitalization", "/api/v1/reports/capitalization/explain", role::Viewer,
                                      "The capitalization report entry by entry, with every reason", explain_all));
  row.notes =
      "`totals` are those of all entries asked for, whatever the page; they are the report's own. `group_id` is "
      "an id of the report's groups, or none. Amounts and rates are null to those who may not see them.";
  return row;
}

} // namespace alloy::api
