#pragma once
// Time that was worked, what an hour costs, and the months that are closed.
#include "events/change.hpp"
#include "events/values.hpp"

namespace alloy::events {

// Project, team, type and phase are those of the work date: whatever becomes of the ticket, they stay.
struct time_entry_logged {
  static constexpr std::string_view type = "time_entry.logged";
  static constexpr int schema = 1;
  uuid user_id, ticket_id, project_id;
  std::optional<uuid> team_id = {};
  alloy::date date;
  std::int64_t minutes = 0;
  std::optional<std::string> description = {}, activity = {};
  alloy::capitalization capitalization_type{};
  std::optional<phase> development_phase = {};
  std::optional<std::string> adjusts = {}; // a closed month that this time was worked in
  json::changed<restored> restores = {};
};
BOOST_DESCRIBE_STRUCT(time_entry_logged, (),
                      (user_id, ticket_id, project_id, team_id, date, minutes, description, activity,
                       capitalization_type, development_phase, adjusts, restores))

struct time_entry_changes {
  nullable<uuid> team_id;
  field<alloy::date> date;
  field<std::int64_t> minutes;
  nullable<std::string> description, activity;
  field<alloy::capitalization> capitalization_type;
  nullable<phase> development_phase;
  nullable<std::string> adjusts;
};
BOOST_DESCRIBE_STRUCT(time_entry_changes, (),
                      (team_id, date, minutes, description, activity, capitalization_type, development_phase, adjusts))
struct time_entry_updated { // and a rejected one is a draft again
  static constexpr std::string_view type = "time_entry.updated";
  static constexpr int schema = 1;
  time_entry_changes changes;
};
BOOST_DESCRIBE_STRUCT(time_entry_updated, (), (changes))

struct time_entry_submitted {
  static constexpr std::string_view type = "time_entry.submitted";
  static constexpr int schema = 1;
};
BOOST_DESCRIBE_STRUCT(time_entry_submitted, (), ())

struct time_entry_approved {
  static constexpr std::string_view type = "time_entry.approved";
  static constexpr int schema = 1;
  bool self_approved = false; // by the only Admin there was
};
BOOST_DESCRIBE_STRUCT(time_entry_approved, (), (self_approved))

struct time_entry_rejected {
  static constexpr std::string_view type = "time_entry.rejected";
  static constexpr int schema = 1;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(time_entry_rejected, (), (reason))

struct time_entry_reopened {
  static constexpr std::string_view type = "time_entry.reopened";
  static constexpr int schema = 1;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(time_entry_reopened, (), (reason))

struct time_entry_deleted {
  static constexpr std::string_view type = "time_entry.deleted";
  static constexpr int schema = 1;
  uuid user_id, ticket_id;
  alloy::date date;
  std::int64_t minutes = 0;
};
BOOST_DESCRIBE_STRUCT(time_entry_deleted, (), (user_id, ticket_id, date, minutes))

struct labor_rate_set { // it replaces one of the same user and date
  static constexpr std::string_view type = "labor_rate.set";
  static constexpr int schema = 1;
  uuid user_id;
  std::int64_t hourly_rate_cents = 0;
  date effective_from;
  std::optional<std::string> note = {};
};
BOOST_DESCRIBE_STRUCT(labor_rate_set, (), (user_id, hourly_rate_cents, effective_from, note))

struct minutes_left_out { // dated in a period, and not among its totals
  std::int64_t draft = 0, submitted = 0, rejected = 0, unpriced = 0;
  bool operator==(minutes_left_out const&) const = default;
};
BOOST_DESCRIBE_STRUCT(minutes_left_out, (), (draft, submitted, rejected, unpriced))

struct period_closed {
  static constexpr std::string_view type = "period.closed";
  static constexpr int schema = 2;
  std::string month; // YYYY-MM
  // The report that was signed: up to which record of the organization (schema 1: up to which position of the log).
  json::changed<std::uint64_t> report_seq = {}, report_position = {};
  std::string digest; // SHA-256 of that report; since schema 2 the position is left out
  std::int64_t total_minutes = 0, total_amount_cents = 0, capex_cents = 0, opex_cents = 0;
  minutes_left_out excluded;
};
BOOST_DESCRIBE_STRUCT(period_closed, (),
                      (month, report_seq, report_position, digest, total_minutes, total_amount_cents, capex_cents,
                       opex_cents, excluded))

struct period_reopened {
  static constexpr std::string_view type = "period.reopened";
  static constexpr int schema = 1;
  std::string month, reason;
};
BOOST_DESCRIBE_STRUCT(period_reopened, (), (month, reason))

} // namespace alloy::events
