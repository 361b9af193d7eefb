#pragma once
// The closed sets of words that events and entities share. Spelled as on the wire; stored: never rename.
#include "core/json.hpp"

namespace alloy {

enum class role : std::uint8_t { Viewer, Reporter, Member, Admin, Owner };
BOOST_DESCRIBE_ENUM(role, Viewer, Reporter, Member, Admin, Owner)

enum class scope : std::uint8_t { read, write, admin };
BOOST_DESCRIBE_ENUM(scope, read, write, admin)

enum class credential : std::uint8_t { session, api_key, system };
BOOST_DESCRIBE_ENUM(credential, session, api_key, system)

enum class category : std::uint8_t { todo, in_progress, done };
BOOST_DESCRIBE_ENUM(category, todo, in_progress, done)

enum class enforcement : std::uint8_t { none, warn, strict };
BOOST_DESCRIBE_ENUM(enforcement, none, warn, strict)

// In the order of urgency, so that sorting by priority is sorting by value.
enum class priority : std::uint8_t { Urgent, High, Medium, Low, None };
BOOST_DESCRIBE_ENUM(priority, Urgent, High, Medium, Low, None)

enum class sprint_status : std::uint8_t { Planned, Active, Completed };
BOOST_DESCRIBE_ENUM(sprint_status, Planned, Active, Completed)

enum class capitalization : std::uint8_t { Capex, Opex };
BOOST_DESCRIBE_ENUM(capitalization, Capex, Opex)

enum class phase : std::uint8_t { Preliminary, AppDevelopment, PostImplementation };
BOOST_DESCRIBE_ENUM(phase, Preliminary, AppDevelopment, PostImplementation)

enum class budget_span : std::uint8_t { Monthly, Quarterly, Annual, Total };
BOOST_DESCRIBE_ENUM(budget_span, Monthly, Quarterly, Annual, Total)

enum class weekday : std::uint8_t { Mon, Tue, Wed, Thu, Fri, Sat, Sun };
BOOST_DESCRIBE_ENUM(weekday, Mon, Tue, Wed, Thu, Fri, Sat, Sun)
using weekdays = std::vector<weekday>; // in the order of the week
inline weekdays const default_working_days{weekday::Mon, weekday::Tue, weekday::Wed, weekday::Thu, weekday::Fri};

enum class time_status : std::uint8_t { Draft, Submitted, Approved, Rejected };
BOOST_DESCRIBE_ENUM(time_status, Draft, Submitted, Approved, Rejected)

enum class period_status : std::uint8_t { Open, Closed, Reopened };
BOOST_DESCRIBE_ENUM(period_status, Open, Closed, Reopened)

enum class invite_status : std::uint8_t { Pending, Accepted, Revoked };
BOOST_DESCRIBE_ENUM(invite_status, Pending, Accepted, Revoked)

enum class entity : std::uint8_t {
  user,
  session,
  api_key,
  org,
  member,
  invite,
  workflow,
  label,
  project,
  sprint,
  ticket,
  comment,
  webhook,
  team,
  time_entry,
  labor_rate,
  period
};
BOOST_DESCRIBE_ENUM(entity, user, session, api_key, org, member, invite, workflow, label, project, sprint, ticket,
                    comment, webhook, team, time_entry, labor_rate, period)

struct workflow_status {
  std::string name;
  alloy::category category{};
  bool cancels = false; // a done status that takes the ticket out of scope instead of completing it
  bool operator==(workflow_status const&) const = default;
};
BOOST_DESCRIBE_STRUCT(workflow_status, (), (name, category, cancels))

struct workflow_transition {
  std::string from, to;
  bool operator==(workflow_transition const&) const = default;
};
BOOST_DESCRIBE_STRUCT(workflow_transition, (), (from, to))

} // namespace alloy
