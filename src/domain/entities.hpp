#pragma once
// What stands at the head of the log. An entity's stored row is its version and its JSON; for those that are shown as
// they are (org, project, ticket ...) these are the very bytes that are served. Values.
#include "core/json.hpp"
#include "core/key.hpp"
#include "core/view.hpp"
#include "events/time.hpp"

namespace alloy::domain {

struct org {
  static constexpr table rows = table::org;
  uuid id;
  std::string name, slug, time_zone, currency;
  std::int64_t minor_digits = 2; // of amounts: they are whole numbers of 10^-minor_digits of the currency
  weekdays working_days = default_working_days;
  std::optional<uuid> default_workflow_id = {};
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(org, (),
                      (id, name, slug, time_zone, currency, minor_digits, working_days, default_workflow_id, created_at,
                       updated_at, version))

struct member {
  static constexpr table rows = table::member;
  uuid id; // the user's
  uuid org_id;
  alloy::role role{};
  bool can_view_finance = false;
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(member, (), (id, org_id, role, can_view_finance, created_at, updated_at, version))

struct invite {
  static constexpr table rows = table::invite;
  uuid id, org_id;
  std::string email_sealed;
  alloy::role role{};
  uuid created_by;
  std::string code_hash;
  invite_status status{};
  timestamp expires_at, created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(invite, (),
                      (id, org_id, email_sealed, role, created_by, code_hash, status, expires_at, created_at,
                       updated_at, version))

struct workflow {
  static constexpr table rows = table::workflow;
  uuid id, org_id;
  std::string name;
  std::vector<workflow_status> statuses;
  std::vector<workflow_transition> transitions;
  alloy::enforcement enforcement{};
  timestamp created_at, updated_at;
  std::uint64_t version = 0;

  workflow_status const* find(std::string_view status) const noexcept;
  bool allows(std::string_view from, std::string_view to) const noexcept;
  std::vector<std::string> allowed_from(std::string_view from) const;
};
BOOST_DESCRIBE_STRUCT(workflow, (),
                      (id, org_id, name, statuses, transitions, enforcement, created_at, updated_at, version))

struct label {
  static constexpr table rows = table::label;
  uuid id, org_id;
  std::string name, color;
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(label, (), (id, org_id, name, color, created_at, updated_at, version))

struct project {
  static constexpr table rows = table::project;
  uuid id, org_id;
  std::string key, name;
  std::optional<std::string> description = {};
  std::int64_t ticket_counter = 0;
  uuid workflow_id;
  std::optional<capitalization> capitalization_type = {};
  std::optional<phase> development_phase = {};
  std::optional<std::string> cost_center_id = {};
  std::optional<std::int64_t> budget_cents = {};
  std::optional<budget_span> budget_period = {};
  std::optional<std::int64_t> amortization_months = {};
  std::optional<date> authorized_on = {}, funded_on = {}, probable_from = {}, uncertainty_resolved_on = {},
                      ready_on = {}, abandoned_on = {};
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(project, (),
                      (id, org_id, key, name, description, ticket_counter, workflow_id, capitalization_type,
                       development_phase, cost_center_id, budget_cents, budget_period, amortization_months,
                       authorized_on, funded_on, probable_from, uncertainty_resolved_on, ready_on, abandoned_on,
                       created_at, updated_at, version))

// Being in a project or a team: nothing about it changes, so its version stays 1.
struct project_member {
  static constexpr table rows = table::project_member;
  uuid project_id, user_id;
  timestamp added_at;
  std::uint64_t version = 1;
};
BOOST_DESCRIBE_STRUCT(project_member, (), (project_id, user_id, added_at, version))

struct team {
  static constexpr table rows = table::team;
  uuid id, org_id;
  std::string name;
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(team, (), (id, org_id, name, created_at, updated_at, version))

struct team_member {
  static constexpr table rows = table::team_member;
  uuid team_id, user_id;
  timestamp added_at;
  std::uint64_t version = 1;
};
BOOST_DESCRIBE_STRUCT(team_member, (), (team_id, user_id, added_at, version))

struct sprint {
  static constexpr table rows = table::sprint;
  uuid id, project_id;
  std::string name;
  std::optional<std::string> goal = {};
  date start_date, end_date;
  sprint_status status{};
  std::optional<timestamp> started_at = {};
  std::optional<timestamp> completed_at = {};
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(sprint, (),
                      (id, project_id, name, goal, start_date, end_date, status, started_at, completed_at, created_at,
                       updated_at, version))

struct ticket {
  static constexpr table rows = table::ticket;
  uuid id, project_id;
  std::int64_t ticket_number = 0;
  std::string reference, title;
  std::optional<std::string> description = {};
  std::string status;
  alloy::category category{};
  alloy::priority priority{};
  std::optional<uuid> assignee_id = {};
  uuid reporter_id;
  std::optional<uuid> sprint_id = {};
  std::vector<uuid> labels;
  std::optional<points> estimate_points = {};
  std::optional<std::int64_t> estimate_minutes = {};
  std::optional<date> due_date = {};
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(ticket, (),
                      (id, project_id, ticket_number, reference, title, description, status, category, priority,
                       assignee_id, reporter_id, sprint_id, labels, estimate_points, estimate_minutes, due_date,
                       created_at, updated_at, version))

struct comment {
  static constexpr table rows = table::comment;
  uuid id, ticket_id, author_id;
  std::string body;
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(comment, (), (id, ticket_id, author_id, body, created_at, updated_at, version))

struct time_entry {
  static constexpr table rows = table::time_entry;
  uuid id, org_id, project_id, ticket_id, user_id;
  std::optional<uuid> team_id = {};
  alloy::date date;
  std::int64_t minutes = 0;
  alloy::hours hours; // the same
  std::optional<std::string> description = {}, activity = {};
  alloy::capitalization capitalization_type{};
  std::optional<phase> development_phase = {};
  time_status status{};
  std::optional<std::string> adjusts = {};
  std::optional<std::string> reason = {}; // of the rejection, or of the reopening
  std::optional<timestamp> submitted_at = {};
  std::optional<uuid> approved_by = {};
  std::optional<timestamp> approved_at = {};
  bool self_approved = false;
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(time_entry, (),
                      (id, org_id, project_id, ticket_id, user_id, team_id, date, minutes, hours, description, activity,
                       capitalization_type, development_phase, status, adjusts, reason, submitted_at, approved_by,
                       approved_at, self_approved, created_at, updated_at, version))

struct labor_rate {
  static constexpr table rows = table::labor_rate;
  uuid id, org_id, user_id;
  std::int64_t hourly_rate_cents = 0;
  date effective_from;
  std::optional<std::string> note = {};
  uuid set_by;
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(labor_rate, (),
                      (id, org_id, user_id, hourly_rate_cents, effective_from, note, set_by, created_at, updated_at,
                       version))

struct period {
  static constexpr table rows = table::period;
  uuid id, org_id;
  std::string month;
  period_status status{};
  std::optional<std::uint64_t> report_seq = {}, report_position = {};
  std::string digest;
  std::int64_t total_minutes = 0, total_amount_cents = 0, capex_cents = 0, opex_cents = 0;
  events::minutes_left_out excluded;
  uuid closed_by;
  timestamp closed_at;
  std::optional<uuid> reopened_by = {};
  std::optional<timestamp> reopened_at = {};
  std::optional<std::string> reason = {};
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(period, (),
                      (id, org_id, month, status, report_seq, report_position, digest, total_minutes,
                       total_amount_cents, capex_cents, opex_cents, excluded, closed_by, closed_at, reopened_by,
                       reopened_at, reason, created_at, updated_at, version))

struct webhook {
  static constexpr table rows = table::webhook;
  uuid id, org_id;
  std::string url, secret_sealed;
  std::vector<std::string> event_types;
  bool active = true, ordered = false;
  std::optional<std::string> previous_secret_sealed = {};
  std::optional<timestamp> previous_secret_until = {};
  std::optional<std::string> disabled_reason = {};
  std::optional<timestamp> disabled_at = {};
  uuid created_by;
  std::optional<std::uint64_t> from = {};
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(webhook, (),
                      (id, org_id, url, secret_sealed, event_types, active, ordered, previous_secret_sealed,
                       previous_secret_until, disabled_reason, disabled_at, created_by, from, created_at, updated_at,
                       version))

// ------------------------------------------------------------------------------- of the tenant `identity`

struct user {
  static constexpr table rows = table::user;
  uuid id;
  std::string email_sealed, display_name_sealed, password_hash;
  std::optional<timestamp> erased_at = {};
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(user, (),
                      (id, email_sealed, display_name_sealed, password_hash, erased_at, created_at, updated_at,
                       version))

struct session {
  static constexpr table rows = table::session;
  uuid id, user_id;
  std::string refresh_hash;
  bool open = true;
  timestamp expires_at;
  std::optional<timestamp> confirmed_until = {}; // the password was given lately
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(session, (),
                      (id, user_id, refresh_hash, open, expires_at, confirmed_until, created_at, updated_at, version))

struct operator_ {
  static constexpr table rows = table::operator_;
  uuid id; // the user's
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(operator_, (), (id, created_at, updated_at, version))

struct api_key {
  static constexpr table rows = table::api_key;
  uuid id, user_id;
  std::string name, key_prefix, key_hash;
  std::vector<std::string> scopes;
  std::optional<uuid> org_id = {};
  std::vector<uuid> project_ids;
  std::optional<timestamp> expires_at = {};
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(api_key, (),
                      (id, user_id, name, key_prefix, key_hash, scopes, org_id, project_ids, expires_at, created_at,
                       updated_at, version))

// Their reading and writing is compiled once, in entities.cpp: nearly every source of the rules and of the API needs
// it.
#define ALLOY_ENTITIES(each)                                                                                           \
  each(org) each(member) each(invite) each(workflow) each(label) each(project) each(project_member) each(team)         \
      each(team_member) each(sprint) each(ticket) each(comment) each(time_entry) each(labor_rate) each(period)         \
          each(webhook) each(user) each(session) each(api_key) each(operator_)
} // namespace alloy::domain
#define ALLOY_DECLARE(E)                                                                                               \
  extern template void alloy::json::detail::write_object(std::string&, alloy::domain::E const&);                       \
  extern template void alloy::json::detail::read_object(alloy::json::node const&, alloy::domain::E&,                   \
                                                        alloy::json::reading&);
ALLOY_ENTITIES(ALLOY_DECLARE)
#undef ALLOY_DECLARE
namespace alloy::domain {

// ---------------------------------------------------------------------------------------------------- rows

// row := version u32be | json
struct row {
  static std::uint64_t version_of(std::string_view stored) noexcept;
  static std::string_view json_of(std::string_view stored) noexcept { return stored.substr(4); }
  static void begin(std::string& stored, std::uint64_t version);
};

template <class E> key key_of(uuid const& tenant, uuid const& id) {
  return key(tenant, E::rows).add(id);
}

// The entity of a stored row. The last one of each kind is remembered with its bytes, a copy being cheaper than a
// parse: a command and its fold ask for the same project, workflow and member several times, and so does the next
// command.
template <class E> struct decoded {
  std::string stored;
  E value;

  static decoded& last() {
    thread_local decoded one;
    return one;
  }
  static E const& of(std::string_view stored_row) {
    auto& one = last();
    if (one.stored != stored_row) {
      one.stored.clear(); // so that a row that does not parse leaves nothing behind
      one.value = json::stored<E>(row::json_of(stored_row));
      one.stored.assign(stored_row);
    }
    return one.value;
  }
};

template <class E> std::optional<E> find_at(reader const& state, std::string_view where) {
  std::string stored;
  if (!state.get(where, stored)) return std::nullopt;
  return decoded<E>::of(stored);
}
template <class E> std::optional<E> find(reader const& state, uuid const& tenant, uuid const& id) {
  return find_at<E>(state, key_of<E>(tenant, id));
}

template <class E> void put_at(view& state, std::string_view where, E const& e) {
  auto& one = decoded<E>::last();
  one.stored.clear();
  one.value = e;
  row::begin(one.stored, e.version);
  json::write(one.stored, e);
  state.put(where, one.stored);
}
template <class E> void put(view& state, uuid const& tenant, E const& e) {
  put_at(state, key_of<E>(tenant, e.id), e);
}

} // namespace alloy::domain
