#pragma once
// Every event there is: the variant decides at compile time that each one can be stored, read and folded.
#include "events/identity.hpp"
#include "events/org.hpp"
#include "events/project.hpp"
#include "events/tag.hpp"
#include "events/team.hpp"
#include "events/ticket.hpp"
#include "events/time.hpp"
#include "events/webhook.hpp"
#include "events/workflow.hpp"

#include <variant>

namespace alloy::events {

using event = std::variant<
    user_registered, user_password_changed, user_erased, session_opened, session_refreshed, session_confirmed,
    session_closed, session_revoked, api_key_created, api_key_deleted, operator_added, operator_removed, org_created,
    org_updated, org_currency_converted, org_deleted, member_added, member_role_changed, member_removed, invite_created,
    invite_revoked, invite_accepted, team_created, team_updated, team_deleted, team_member_added, team_member_removed,
    workflow_created, workflow_updated, workflow_deleted, label_created, label_updated, label_deleted, project_created,
    project_updated, project_deleted, project_member_added, project_member_removed, sprint_created, sprint_updated,
    sprint_started, sprint_completed, sprint_deleted, ticket_created, ticket_updated, ticket_status_changed,
    ticket_assigned, ticket_sprint_changed, ticket_labeled, ticket_unlabeled, ticket_deleted, comment_created,
    comment_updated, comment_deleted, tags_changed, webhook_created, webhook_updated, webhook_secret_rotated,
    webhook_disabled, webhook_deleted, webhook_pinged, webhook_redelivered, webhook_replayed, time_entry_logged,
    time_entry_updated, time_entry_submitted, time_entry_approved, time_entry_rejected, time_entry_reopened,
    time_entry_deleted, labor_rate_set, period_closed, period_reopened>;

inline std::string_view type_of(event const& e) {
  return std::visit([](auto const& one) { return std::remove_cvref_t<decltype(one)>::type; }, e);
}

// The types an org may subscribe to: all but those of the tenant `identity` and the internal ones.
bool is_public_type(std::string_view type) noexcept;
std::vector<std::string_view> public_types();

} // namespace alloy::events
