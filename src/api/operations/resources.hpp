#pragma once
// The rows of the table, one function a resource, each in the file of its name.
#include "api/table/operation.hpp"

namespace alloy::api {

std::vector<operation> server_operations();
std::vector<operation> onboarding_operations();
std::vector<operation> session_operations();
std::vector<operation> api_key_operations();
std::vector<operation> personal_data_operations();
std::vector<operation> org_operations();
std::vector<operation> member_operations();
std::vector<operation> team_operations();
std::vector<operation> workflow_operations();
std::vector<operation> project_operations();
std::vector<operation> sprint_operations();
std::vector<operation> chart_operations();
std::vector<operation> ticket_operations();
std::vector<operation> time_entry_operations();
std::vector<operation> labor_rate_operations();
std::vector<operation> period_operations();
std::vector<operation> tag_operations();
std::vector<operation> webhook_operations();
std::vector<operation> report_operations();
std::vector<operation> feed_operations();
std::vector<operation> consumer_operations();
std::vector<operation> proof_operations();
std::vector<operation> transfer_operations();
std::vector<operation> undo_operations();

} // namespace alloy::api
